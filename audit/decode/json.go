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

func isJSON(in layer) bool {
	text := bytes.TrimLeft(in.data, jsonSpace)
	return len(text) >= 2 && (text[0] == '{' || text[0] == '[' || text[0] == '"')
}

// decodeJSON gives the strings without their escapes, and numbers and truth
// values as text, each under its JSON pointer (RFC 6901). Several documents,
// such as JSON Lines, have the step "jsonl" and their number before the
// pointer. A name in which data may stand is given too, as "json-name".
//
// It has a scanner of its own because it must say where each value stands, and
// because half a document is worth reading.
func decodeJSON(in layer, emit func(part) bool) error {
	dry := &jsonScanner{data: in.data, path: []byte("json:")}
	err := dry.documents()
	switch {
	case errors.Is(err, errJSONSyntax) && !dry.whole():
		return nil
	case errors.Is(err, errJSONEnd) && dry.leaves == 0:
		return nil
	}
	s := &jsonScanner{data: in.data, path: []byte("json:"), emit: emit}
	if dry.docs > 1 {
		s.path = []byte("jsonl:")
	}
	if err := s.documents(); !errors.Is(err, errJSONStop) {
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

// next skips space and returns the next character, 0 at the end.
func (s *jsonScanner) next() byte {
	for ; s.pos < len(s.data); s.pos++ {
		if c := s.data[s.pos]; c > ' ' || !isJSONSpace[c] {
			return c
		}
	}
	return 0
}

func (s *jsonScanner) value() error {
	switch s.next() {
	case '{':
		return s.container('}', s.member)
	case '[':
		return s.container(']', s.element)
	case '"':
		str, err := s.quoted()
		if err != nil {
			return err
		}
		return s.leaf(str, unquoteJSON)
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
	if s.next() != '"' {
		return s.unexpected()
	}
	name, err := s.quoted()
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

// quoted reads a string and returns the range between its quotes.
func (s *jsonScanner) quoted() (audit.Span, error) {
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch s.data[i] {
		case '\\':
			i++
		case '"':
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
	if s.emit != nil && !s.emit(part{string(s.path), read(s.data[span.Start:span.End]), span}) {
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
