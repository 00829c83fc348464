package decode

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"telltale/audit"
)

// maxNesting is how deep objects and arrays may stand in each other. Real
// telemetry has less than 20. maxPointer is the length from which on names in
// a pointer are replaced by their numbers.
const (
	maxNesting = 512
	maxPointer = 1024
)

const jsonSpace = " \t\r\n"

var isJSONSpace = byteSet(jsonSpace)

// jsonRecord stands before each document of a sequence (RFC 7464).
const jsonRecord = 0x1e

var byteOrderMark = []byte("\ufeff")

func isJSON(in layer) bool {
	text := in.data
	if len(text) > 0 && (text[0] == jsonRecord || text[0] == byteOrderMark[0]) {
		text = bytes.TrimPrefix(bytes.TrimPrefix(text, byteOrderMark), []byte{jsonRecord})
	}
	text = bytes.TrimLeft(text, jsonSpace)
	return len(text) >= 2 && (text[0] == '{' || text[0] == '[' || text[0] == '"')
}

// maxKept is how many bytes of parts are kept until it is known that a document
// is JSON, and the only one. Others are read twice.
const maxKept = 1 << 20

// decodeJSON gives the strings without their escapes, and numbers and truth
// values as text, each under its JSON pointer (RFC 6901). Several documents,
// such as JSON Lines, have the step "jsonl" and their number before the
// pointer. A name in which data may stand is given too, as "json-name".
//
// It has a scanner of its own because it must say where each value stands,
// because half a document is worth reading, and because scripts write objects
// with comments, single quotes and bare names.
func decodeJSON(in layer, emit func(part) bool) error {
	var kept []part
	size := 0
	first := &jsonScanner{data: in.data, path: []byte("json:"), join: joiner{step: "json-join"}}
	first.emit = func(p part) bool {
		kept = append(kept, p)
		if size += len(p.step) + len(p.data); size > maxKept {
			first.emit, kept = nil, nil
		}
		return true
	}
	err := first.documents()
	switch {
	case errors.Is(err, errJSONSyntax) && !first.whole():
		return nil
	case errors.Is(err, errJSONEnd) && first.leaves == 0:
		return nil
	case first.emit != nil && first.docs <= 1:
		for _, p := range kept {
			if !emit(p) {
				return nil
			}
		}
		first.join.flush(emit)
		return err
	}
	s := &jsonScanner{data: in.data, path: []byte("json:"), emit: emit, join: joiner{step: "json-join"}}
	if first.docs > 1 {
		s.path = []byte("jsonl:")
	}
	if err := s.documents(); !errors.Is(err, errJSONStop) {
		s.join.flush(emit)
		return err
	}
	return nil
}

var (
	errJSONSyntax = errors.New("what follows the last whole document is no JSON")
	errJSONEnd    = errors.New("ends in the middle of a document")
	errJSONDeep   = errors.New("nested more than " + strconv.Itoa(maxNesting) + " deep")
	errJSONStop   = errors.New("no more wanted")
)

// A jsonScanner reads JSON. It is lenient: what it accepts has the structure
// of JSON, not each detail.
type jsonScanner struct {
	data   []byte
	pos    int
	path   []byte // step of the value at pos
	depth  int
	docs   int             // whole documents so far
	end    int             // of the last one
	leaves int             // values so far
	emit   func(part) bool // nil: nothing is handed out, and path stays
	join   joiner          // of the strings
}

// documents reads to the end of the data.
func (s *jsonScanner) documents() error {
	lines := strings.HasPrefix(string(s.path), "jsonl")
	for prefix := len(s.path); s.next() != 0; s.path = s.path[:prefix] {
		if lines {
			s.descend(strconv.AppendInt(nil, int64(s.docs), 10), s.docs)
		}
		if s.docs > 0 && s.next() != '{' && s.next() != '[' {
			return errJSONSyntax
		}
		if err := s.value(); err != nil {
			return err
		}
		s.docs++
		s.end = s.pos
	}
	return nil
}

// whole reports whether documents ended in a syntax error only after a line
// of its own: text that merely starts with a bracket has none.
func (s *jsonScanner) whole() bool {
	return s.docs > 0 && bytes.HasPrefix(bytes.TrimLeft(s.data[s.end:], " \t\r"), []byte("\n"))
}

// next skips space and comments and returns the next character, 0 at the end.
func (s *jsonScanner) next() byte {
	for ; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if isJSONSpace[c] {
			continue
		}
		n := 0
		if c == '/' || c == jsonRecord || c == byteOrderMark[0] {
			n = s.ignored()
		}
		if n == 0 {
			return c
		}
		s.pos += n - 1
	}
	return 0
}

// ignored returns the length of a comment, of a mark before a document, or 0.
func (s *jsonScanner) ignored() int {
	rest := s.data[s.pos:]
	end := -1
	switch {
	case rest[0] == jsonRecord && s.depth == 0:
		return 1
	case s.pos == 0 && bytes.HasPrefix(rest, byteOrderMark):
		return len(byteOrderMark)
	case bytes.HasPrefix(rest, []byte("//")):
		end = bytes.IndexByte(rest, '\n')
	case bytes.HasPrefix(rest, []byte("/*")):
		end = bytes.Index(rest, []byte("*/")) + 1
	}
	return max(end+1, 0)
}

func (s *jsonScanner) value() error {
	switch s.next() {
	case '{':
		return s.container('}', s.member)
	case '[':
		return s.container(']', s.element)
	case '"':
		str, err := s.quoted('"')
		if err != nil {
			return err
		}
		return s.leaf(str, unquoteJSON)
	case '\'':
		str, err := s.quoted('\'')
		if err != nil {
			return err
		}
		return s.leaf(str, unescapeText)
	default:
		return s.literal()
	}
}

// container reads what stands between brackets; read reads the nth item.
func (s *jsonScanner) container(closing byte, read func(n int) error) error {
	if s.depth++; s.depth > maxNesting {
		return errJSONDeep
	}
	s.pos++
	path := len(s.path)
	for n := 0; s.next() != closing; n++ {
		if err := read(n); err != nil {
			return err
		}
		s.path = s.path[:path]
		switch s.next() {
		case ',':
			s.pos++
		case closing:
		default:
			return s.unexpected()
		}
	}
	s.pos++
	s.depth--
	return nil
}

func (s *jsonScanner) element(n int) error {
	if s.emit != nil {
		s.descend(strconv.AppendInt(nil, int64(n), 10), n)
	}
	return s.value()
}

func (s *jsonScanner) member(n int) error {
	name, err := s.name()
	if err != nil {
		return err
	}
	if s.next() != ':' {
		return s.unexpected()
	}
	s.pos++
	if s.emit == nil {
		return s.value()
	}
	text := unquoteJSON(s.data[name.Start:name.End])
	s.descend(text, n)
	if !plainName(text) {
		step := "json-name:" + strings.TrimPrefix(string(s.path), "json:")
		if !s.emit(part{step, text, name}) {
			return errJSONStop
		}
	}
	return s.value()
}

// plainName reports whether a name is one that a programmer would give.
func plainName(name []byte) bool {
	return len(name) < minRun/2 || len(name) < 2*minRun && isWord(name)
}

var wordBytes = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_$.")

// isWord reports whether all of name is what names are usually made of.
func isWord(name []byte) bool {
	for _, c := range name {
		if !wordBytes[c] {
			return false
		}
	}
	return true
}

// descend adds one name to the pointer.
func (s *jsonScanner) descend(name []byte, n int) {
	s.path = pointer(s.path).then(name, n)
}

// name reads the name of a member, which scripts write without quotes too.
func (s *jsonScanner) name() (audit.Span, error) {
	if c := s.next(); c == '"' || c == '\'' {
		return s.quoted(c)
	}
	start := s.pos
	for s.pos < len(s.data) && (isAlnum(s.data[s.pos]) || s.data[s.pos] == '_' || s.data[s.pos] == '$') {
		s.pos++
	}
	if s.pos == start {
		return audit.Span{}, s.unexpected()
	}
	return audit.Span{Start: start, End: s.pos}, nil
}

// quoted reads a string up to the same quote and returns the range between them.
func (s *jsonScanner) quoted(quote byte) (audit.Span, error) {
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch s.data[i] {
		case '\\':
			i++
		case quote:
			s.pos = i + 1
			return audit.Span{Start: start, End: i}, nil
		}
	}
	s.pos = len(s.data)
	return audit.Span{}, errJSONEnd
}

// literal reads a number, true, false or null. Null says nothing.
func (s *jsonScanner) literal() error {
	start := s.pos
	for s.pos < len(s.data) && jsonLiteral[s.data[s.pos]] {
		s.pos++
	}
	span := audit.Span{Start: start, End: s.pos}
	switch text := string(s.data[start:s.pos]); {
	case text == "null":
		return nil
	case text == "true", text == "false", text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9'):
		return s.leaf(span, verbatim)
	default:
		return s.unexpected()
	}
}

func verbatim(b []byte) []byte { return b }

var jsonLiteral = byteSet("0123456789+-.Eabcdefghijklmnopqrstuvwxyz")

func (s *jsonScanner) leaf(span audit.Span, read func([]byte) []byte) error {
	s.leaves++
	if s.emit == nil {
		return nil
	}
	p := piece{read(s.data[span.Start:span.End]), span}
	if !s.emit(part{string(s.path), p.data, p.span}) || s.emit != nil && !s.join.add(p, s.emit) {
		return errJSONStop
	}
	return nil
}

// unexpected returns the error for the character at pos.
func (s *jsonScanner) unexpected() error {
	if s.pos == len(s.data) {
		return errJSONEnd
	}
	return errJSONSyntax
}
