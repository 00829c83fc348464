package declared

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"telltale/claims"
)

// The columns of the CSV that the Play Console exports, and the questions that
// matter here.
const (
	questionColumn = "Question ID (machine readable)"
	responseColumn = "Response ID (machine readable)"
	valueColumn    = "Response value"

	asksCollects  = "PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA"
	asksEncrypted = "PSL_DATA_COLLECTION_ENCRYPTED_IN_TRANSIT"
	asksTypes     = "PSL_DATA_TYPES_"
	asksUsage     = "PSL_DATA_USAGE_RESPONSES:"
	asksDeletion  = "PSL_SUPPORT_DATA_DELETION_BY_USER"
	askedDeletion = "PSL_DATA_COLLECTION_USER_REQUEST_DELETE" // in older forms
)

// A form is what a Data safety form declares.
type form struct {
	collects  string // answer to whether anything is collected: true, false or none
	collectAt position
	encrypted bool
	deletion  bool
	types     []string // that were ticked, in the order of the file
	typeAt    position // of the first
	usage     map[string]*usage
	known     bool // a question was one of the form's
}

// A usage is what the form says of one data type.
type usage struct {
	collected, shared, ephemeral, optional bool
	purposes                               []string
}

// readForm reads the CSV and makes claims of it.
func readForm(data []byte, opt Options) (claims.File, error) {
	f := form{usage: make(map[string]*usage)}
	if err := f.read(bytes.TrimPrefix(data, mark)); err != nil {
		return claims.File{}, err
	}
	if f.collects == "false" && len(f.types) > 0 {
		return claims.File{}, f.typeAt.at("correct one of the two", "%s is ticked, and line %d says that nothing is collected", f.types[0], f.collectAt.line)
	}
	return claims.File{Statements: f.statements(opt)}, nil
}

// read reads the rows of the form.
func (f *form) read(data []byte) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil || len(header) < 3 || header[0] != questionColumn || header[1] != responseColumn || header[2] != valueColumn {
		return errNothing
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			return position{line: wrong.Line, column: max(wrong.Column, 1)}.at("export the form again", "no CSV: %v", wrong.Err)
		}
		if err != nil {
			return fmt.Errorf("1:1: %w", err)
		}
		line, column := r.FieldPos(0)
		at := position{line: line, column: column}
		if len(row) < 3 {
			return at.at("export the form again", "a row of %d cells", len(row))
		}
		if err := f.answer(at, row[0], row[1], row[2]); err != nil {
			return err
		}
	}
	if !f.known {
		return errNothing
	}
	return nil
}

// answer takes one row of the form. Questions that say nothing about data are
// passed over.
func (f *form) answer(at position, question, response, value string) error {
	asked, of := ask(question)
	if asked == "" {
		return nil
	}
	f.known = f.known || asked != askedDeletion
	yes := strings.EqualFold(value, "true")
	switch {
	case value == "":
		return nil
	case !yes && !strings.EqualFold(value, "false"):
		return at.at("write true, false or nothing", "the answer to %s is %q", question, value)
	case asked == asksCollects:
		f.collects, f.collectAt = strings.ToLower(value), at
	case !yes:
	case asked == asksEncrypted:
		f.encrypted = true
	case asked == askedDeletion:
		f.deletion = f.deletion || !strings.HasSuffix(response, "_NO")
	case asked == asksTypes:
		f.tick(at, response)
	case asked == asksUsage:
		f.use(of, response)
	}
	return nil
}

// ask names the sort of a question, "" if it says nothing about data, and what
// follows that in its id.
func ask(question string) (asked, of string) {
	for _, q := range []string{asksTypes, asksUsage} {
		if of, ok := strings.CutPrefix(question, q); ok {
			return q, of
		}
	}
	switch question {
	case asksCollects, asksEncrypted:
		return question, ""
	case asksDeletion, askedDeletion:
		return askedDeletion, ""
	default:
		return "", ""
	}
}

// tick takes a data type that is collected or shared.
func (f *form) tick(at position, id string) {
	if len(f.types) == 0 {
		f.typeAt = at
	}
	if !slices.Contains(f.types, id) {
		f.types = append(f.types, id)
	}
}

// use takes what is said of one data type: TYPE:QUESTION.
func (f *form) use(question, response string) {
	id, question, _ := strings.Cut(question, ":")
	u := f.usage[id]
	if u == nil {
		u = new(usage)
		f.usage[id] = u
	}
	switch question {
	case "PSL_DATA_USAGE_COLLECTION_AND_SHARING":
		u.collected = u.collected || response == "PSL_DATA_USAGE_ONLY_COLLECTED"
		u.shared = u.shared || response == "PSL_DATA_USAGE_ONLY_SHARED"
	case "PSL_DATA_USAGE_EPHEMERAL":
		u.ephemeral = true
	case "DATA_USAGE_USER_CONTROL":
		u.optional = response == "PSL_DATA_USAGE_USER_CONTROL_OPTIONAL"
	case "DATA_USAGE_COLLECTION_PURPOSE", "DATA_USAGE_SHARING_PURPOSE":
		purpose := strings.ToLower(clean(strings.ReplaceAll(strings.TrimPrefix(response, "PSL_"), "_", " ")))
		if !slices.Contains(u.purposes, purpose) {
			u.purposes = append(u.purposes, purpose)
		}
	}
}

// those returns the declared types that the form says something of.
func (f *form) those(is func(u *usage) bool) (ids []string) {
	for _, id := range f.types {
		if u := f.usage[id]; u != nil && is(u) {
			ids = append(ids, id)
		}
	}
	return ids
}

// statements makes claims of the form.
func (f *form) statements(opt Options) []claims.Statement {
	list := []claims.Statement{notCollected("play", f.collectedQuote(), f.types)}
	if f.encrypted {
		list = append(list, claims.Statement{
			ID: "encrypted", Quote: "(in substance) All of the user data that is collected is encrypted in transit.",
			Asserts: []claims.Assertion{{Rule: claims.Confidential{Transit: true}}},
		})
	}
	if ids := f.those(func(u *usage) bool { return u.collected && !u.shared }); len(ids) > 0 {
		list = append(list, f.notShared(ids, opt))
	}
	if ids := f.those(func(u *usage) bool { return u.optional }); len(ids) > 0 {
		s := claims.Statement{ID: "optional", Quote: "(in substance) Users can choose whether this is collected: " + named("play", ids) + "."}
		if kinds := kindsOf("play", ids); len(kinds) > 0 {
			s.Asserts = append(s.Asserts, claims.Assertion{When: claims.Condition{Consent: claims.Withdrawn}, Rule: claims.Never{Kinds: kinds}})
		}
		list = append(list, withRest(s, "play", ids))
	}
	if ids := f.those(func(u *usage) bool { return u.ephemeral }); len(ids) > 0 {
		list = append(list, untestable("ephemeral", "(in substance) This is processed in memory alone: "+named("play", ids)+".", "what a server keeps does not show in traffic"))
	}
	if f.deletion {
		list = append(list, untestable("deletion", "(in substance) Users can ask for their data to be deleted.", "what a server deletes does not show in traffic"))
	}
	return append(list, f.purposes()...)
}

func (f *form) collectedQuote() string {
	if len(f.types) == 0 {
		return "(in substance) None of the user data types of the form is collected or shared."
	}
	return "(in substance) No other user data is collected or shared than: " + named("play", f.types) + "."
}

// notShared is about the types that go to no third party. A form does not call
// it sharing if somebody processes the data for the vendor, so only who they all
// are makes that a claim.
func (f *form) notShared(ids []string, opt Options) claims.Statement {
	s := claims.Statement{ID: "not-shared", Quote: "(in substance) This is collected and not shared with third parties: " + named("play", ids) + "."}
	kinds := kindsOf("play", ids)
	switch {
	case len(opt.Recipients) == 0:
		s.Asserts = []claims.Assertion{{Rule: claims.Untestable{Why: "the form does not say who the vendor and his service providers are; name them with --recipient"}}}
		return s
	case len(kinds) > 0:
		s.Asserts = []claims.Assertion{{Rule: claims.OnlyTo{Organisations: opt.Recipients, Kinds: kinds}}}
	}
	return withRest(s, "play", ids)
}

// withRest adds to a statement what of its types no kind stands for.
func withRest(s claims.Statement, store string, ids []string) claims.Statement {
	if rest := unnamed(store, ids); len(rest) > 0 {
		s.Asserts = append(s.Asserts, claims.Assertion{Rule: claims.Untestable{Why: "this program has no kind for " + named(store, rest)}})
	}
	return s
}

// purposes lists what data is said to be used for: one statement for all types.
func (f *form) purposes() []claims.Statement {
	var parts []string
	for _, id := range f.types {
		if u := f.usage[id]; u != nil && len(u.purposes) > 0 {
			parts = append(parts, named("play", []string{id})+" for "+strings.Join(u.purposes, ", "))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []claims.Statement{untestable("purposes", "(in substance) Data is used so: "+strings.Join(parts, "; ")+".", "what data is used for is decided where it arrives")}
}
