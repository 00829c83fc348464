package claims

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

const (
	maxSize     = 1 << 20 // bytes of a claims file; those that we know have two thousand
	maxProblems = 10      // lines of an error: after that many, the file is something else
	maxList     = 1000    // entries of a list
	maxPromises = 5000    // of a file, one for each kind, or pair of kinds; comparing files takes the square of it
)

// Read reads a claims file and checks it. The error names everything that is
// wrong, at most ten things, each on a line of its own:
//
//	name:line:column: what is wrong; what to do
func Read(name string, r io.Reader) (File, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return File{}, fmt.Errorf("reading claims file %s: %w", name, err)
	}
	var rd reader
	file := rd.file(rd.document(data))
	if err := rd.err(name); err != nil {
		return File{}, err
	}
	return file, nil
}

// A problem is one thing that is wrong with a claims file.
type problem struct {
	line, column int
	what, do     string
}

// A reader turns nodes into words. It goes on after a problem, so that one
// reading finds them all; a nil node stands for something that was already
// complained about.
type reader struct {
	problems []problem
	promises int
}

func (r *reader) fail(at *token.Position, do, format string, args ...any) {
	p := problem{1, 1, fmt.Sprintf(format, args...), do}
	if at != nil {
		p.line, p.column = max(at.Line, 1), max(at.Column, 1)
	}
	r.problems = append(r.problems, p)
}

func (r *reader) err(name string) error {
	slices.SortStableFunc(r.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var errs []error
	for _, p := range r.problems[:min(len(r.problems), maxProblems)] {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s; %s", name, p.line, p.column, p.what, p.do))
	}
	return errors.Join(errs...)
}

func (r *reader) file(n ast.Node) (f File) {
	m := r.mapping(n, "a claims file", "telltale", "subject", "statements", "schema")
	if version := m.must("telltale"); version != nil {
		if got := r.text(version); got != Version {
			r.fail(position(version), "write "+Version, "telltale is %q", got)
		}
	}
	f.Subject = r.subject(m.must("subject"))
	seen := make(map[string]bool)
	for _, n := range r.list(m.must("statements"), "statements") {
		f.Statements = append(f.Statements, r.statement(n, seen))
	}
	f.Schema = r.schema(m.get("schema"))
	return f
}

func (r *reader) subject(n ast.Node) Subject {
	m := r.mapping(n, "subject", "name", "version", "publisher")
	return Subject{
		Name:      r.text(m.must("name")),
		Version:   r.text(m.get("version")),
		Publisher: r.text(m.get("publisher")),
	}
}

// An id stands in ids of assertions and in file names of reports.
var validID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (r *reader) statement(n ast.Node, seen map[string]bool) (s Statement) {
	m := r.mapping(n, "a statement", "id", "quote", "source", "asserts")
	id := m.must("id")
	s.ID = r.text(id)
	switch {
	case s.ID == "": // already said
	case !validID.MatchString(s.ID):
		r.fail(position(id), "use small letters, digits and hyphens", "bad statement id %q", s.ID)
	case seen[s.ID]:
		r.fail(position(id), "give each statement an id of its own", "a second statement has the id %q", s.ID)
	}
	seen[s.ID] = true
	s.Quote = r.text(m.get("quote"))
	s.Source = r.source(m.get("source"))
	for i, n := range r.list(m.must("asserts"), "assertions") {
		a := r.assertion(n)
		before := r.promises
		if r.promises += weight(a.Rule); before <= maxPromises && r.promises > maxPromises {
			r.fail(position(n), "name coarser kinds, or split the file", "more than %d promises, counted by kinds", maxPromises)
		}
		a.ID = fmt.Sprintf("%s/%d", s.ID, i+1)
		s.Asserts = append(s.Asserts, a)
	}
	return s
}

func (r *reader) source(n ast.Node) (s Source) {
	m := r.mapping(n, "source", "url", "date")
	if at := m.must("url"); at != nil {
		s.URL = r.text(at)
		// The address becomes a link in the report.
		if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			r.fail(position(at), "write an address that begins with https://", "bad source address %q", s.URL)
		}
	}
	if at := m.get("date"); at != nil {
		s.Date = r.text(at)
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
			r.fail(position(at), "write YYYY-MM-DD", "bad date %q", s.Date)
		}
	}
	return s
}

func (r *reader) condition(n ast.Node) Condition {
	m := r.mapping(n, "when", "mode", "consent")
	return Condition{
		Mode:    Mode(r.word(m.get("mode"), "mode", string(Normal), string(Private))),
		Consent: Consent(r.word(m.get("consent"), "consent", string(None), string(Given), string(Withdrawn))),
	}
}
