// Package declared turns what vendors declare in app stores into claims: the
// Data safety form of Google Play, as the CSV that the Play Console exports, and
// Apple's privacy manifest, PrivacyInfo.xcprivacy, as an XML or a binary
// property list.
//
// A store's data types are not ours; types.txt says which kinds each means.
// What a form does not name is what it promises: that nothing of it is
// collected. A promise that traffic cannot test becomes an assertion that says
// so, and is not left out.
package declared

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"telltale/claims"
	"telltale/personal"
)

// Options are what a declaration does not say about itself.
type Options struct {
	Subject claims.Subject
	Source  claims.Source // where the declaration was published
	// Recipients are the organisations that get what is declared as not shared:
	// the vendor, and whoever processes for him.
	Recipients []string
}

// maxSize bounds a declaration in bytes; those that we know have 100 thousand.
const maxSize = 1 << 20

// Read reads a declaration of either store. It tells by the bytes which it is.
// An error names the file, the place in it, what was found and what to do.
func Read(name string, data []byte, opt Options) (claims.File, error) {
	var file claims.File
	var err error
	switch {
	case len(data) > maxSize:
		return file, fmt.Errorf("%s: a declaration of more than %d bytes; is it the right file?", name, maxSize)
	case bytes.HasPrefix(data, []byte("bplist0")):
		file, err = readManifest(data, readBinary)
	case bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(data, mark)), []byte("<")):
		file, err = readManifest(data, readXML)
	default:
		file, err = readForm(data, opt)
	}
	if err != nil {
		return claims.File{}, fmt.Errorf("%s:%w", name, err)
	}
	file = number(file, opt)
	return file, whole(name, file)
}

// whole makes sure that what was made can be read as a claims file: the options
// are somebody's words too.
func whole(name string, file claims.File) error {
	var b bytes.Buffer
	if err := file.Write(&b); err != nil {
		return err
	}
	if _, err := claims.Read("the claims", &b); err != nil {
		return fmt.Errorf("%s: makes no claims file: %w", name, err)
	}
	return nil
}

// mark is the byte order mark of UTF-8, which spreadsheets write.
var mark = []byte("\xef\xbb\xbf")

// number fills what all statements have, and the ids of assertions.
func number(file claims.File, opt Options) claims.File {
	file.Subject = opt.Subject
	for i := range file.Statements {
		s := &file.Statements[i]
		s.Source = opt.Source
		for j := range s.Asserts {
			s.Asserts[j].ID = fmt.Sprintf("%s/%d", s.ID, j+1)
		}
	}
	return file
}

// A position in a file: in a text the line and column, in bytes the offset.
type position struct{ line, column, offset int }

// at makes an error of what is wrong at a place.
func (p position) at(do, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if p.line > 0 {
		return fmt.Errorf("%d:%d: %s; %s", p.line, p.column, what, do)
	}
	return fmt.Errorf(" byte %d: %s; %s", p.offset, what, do)
}

// A dataType is a store's name for some data.
type dataType struct {
	store, id string
	kinds     []personal.Kind // none: this program knows no kind of it
	words     string
}

//go:embed types.txt
var typesText string

var dataTypes = sync.OnceValue(func() []dataType {
	var list []dataType
	for line := range strings.Lines(typesText) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 4 {
			continue
		}
		t := dataType{store: f[0], id: f[1], words: f[3]}
		if f[2] != "-" {
			for k := range strings.SplitSeq(f[2], ",") {
				t.kinds = append(t.kinds, personal.Kind(k))
			}
		}
		list = append(list, t)
	}
	return list
})

// typeOf returns a data type of a store.
func typeOf(store, id string) (dataType, bool) {
	for _, t := range dataTypes() {
		if t.store == store && t.id == id {
			return t, true
		}
	}
	return dataType{}, false
}

// undeclared returns the kinds that no declared type covers, and some other
// type of the store does.
func undeclared(store string, declared []string) []personal.Kind {
	var covered, kinds []personal.Kind
	for _, id := range declared {
		t, _ := typeOf(store, id)
		covered = append(covered, t.kinds...)
	}
	for _, t := range dataTypes() {
		for _, k := range t.kinds {
			if t.store == store && !slices.Contains(covered, k) && !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	slices.Sort(kinds)
	return folded(kinds)
}

// folded leaves out the kinds that lie below others of the list.
func folded(kinds []personal.Kind) []personal.Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k personal.Kind) bool {
		return slices.ContainsFunc(kinds, func(other personal.Kind) bool { return other != k && k.Under(other) })
	})
}

// named joins the words of data types.
func named(store string, ids []string) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = clean(id)
		if t, ok := typeOf(store, id); ok {
			words[i] = t.words
		}
	}
	return strings.Join(words, ", ")
}

// clean makes a text of a declaration fit for a claims file: one line,
// printable.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) || r == unicode.ReplacementChar }), " ")
}

// unnamed returns the declared types that this program has no kind of.
func unnamed(store string, ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		t, ok := typeOf(store, id)
		return ok && len(t.kinds) > 0
	})
}

// notCollected is the statement that a form makes by what it does not name.
func notCollected(store, quote string, types []string) claims.Statement {
	s := claims.Statement{ID: "not-collected", Quote: quote}
	if never := undeclared(store, types); len(never) > 0 {
		s.Asserts = append(s.Asserts, claims.Assertion{Rule: claims.Never{Kinds: never}})
	}
	if rest := missing(store, types); rest != "" {
		s.Asserts = append(s.Asserts, claims.Assertion{Rule: claims.Untestable{Why: "this program has no kind for " + rest}})
	}
	if len(s.Asserts) == 0 {
		s.Asserts = append(s.Asserts, claims.Assertion{Rule: claims.Untestable{Why: "every type is declared"}})
	}
	return s
}

// missing names the types that are not declared and that this program has no
// kind of.
func missing(store string, declared []string) string {
	var ids []string
	for _, t := range dataTypes() {
		if t.store == store && len(t.kinds) == 0 && !slices.Contains(declared, t.id) {
			ids = append(ids, t.id)
		}
	}
	return named(store, ids)
}

// kindsOf returns the kinds of data types, each once.
func kindsOf(store string, ids []string) (kinds []personal.Kind) {
	for _, id := range ids {
		t, _ := typeOf(store, id)
		for _, k := range t.kinds {
			if !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	slices.Sort(kinds)
	return folded(kinds)
}

// untestable makes a statement of one promise that traffic cannot test.
func untestable(id, quote, why string) claims.Statement {
	return claims.Statement{ID: id, Quote: quote, Asserts: []claims.Assertion{{Rule: claims.Untestable{Why: why}}}}
}

var errNothing = errors.New("1:1: neither a Data safety form (CSV) nor a privacy manifest (property list); name the file that the Play Console exports, or PrivacyInfo.xcprivacy")
