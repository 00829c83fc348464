package sensors

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrJSON is wrapped by errors about text that is no JSON.
var ErrJSON = errors.New("no JSON")

// Parse reads one JSON text (RFC 8259). It is strict, but for two things that
// SDKs send: half a surrogate pair, where a string was cut, becomes U+FFFD,
// and a name may come twice in an object (see [Record.Check]). Names keep their
// case. Of lim it uses Depth, String, Members and Values. Errors wrap [ErrJSON] or
// [ErrLimit] and say at which byte.
//
// The standard library's reader is not used: it has no limits, loses 63-bit
// numbers or makes each an allocation, and takes "Type" for "type".
func Parse(text string, lim Limits) (Value, error) {
	v, _, err := parse(text, lim)
	return v, err
}

// parse also returns how many values the text has.
func parse(text string, lim Limits) (v Value, values int, err error) {
	if !utf8.ValidString(text) {
		return Value{}, 0, fmt.Errorf("%w: the text is not UTF-8", ErrJSON)
	}
	p := parser{text: text, lim: lim}
	v, err = p.whole()
	return v, p.values, err
}

type parser struct {
	text   string
	pos    int
	depth  int
	lim    Limits
	values int      // so far
	open   []Member // of the containers that have not ended, outermost first
}

// whole reads a value that is the whole text.
func (p *parser) whole() (Value, error) {
	v, err := p.value()
	if p.next(); err == nil && p.pos < len(p.text) {
		err = p.wrong("the end")
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// wrong says what should stand at pos. What stands there is named by its class.
func (p *parser) wrong(want string) error {
	found := "the end of the text"
	if p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			found = "a quote"
		case c < ' ':
			found = "a control character"
		case '0' <= c && c <= '9':
			found = "a digit"
		case strings.IndexByte("{}[]:,", c) >= 0:
			found = strconv.QuoteRune(rune(c))
		default:
			found = "another character"
		}
	}
	return fmt.Errorf("%w: %s where %s should be, at byte %d", ErrJSON, found, want, p.pos)
}

// next skips space and returns the next character, 0 at the end.
func (p *parser) next() byte {
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (p *parser) value() (Value, error) {
	switch c := p.next(); {
	case c == '{':
		return p.container(Object, '}')
	case c == '[':
		return p.container(List, ']')
	case c == '"':
		s, err := p.quoted()
		return Value{kind: String, text: s}, err
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	default:
		return p.literal()
	}
}

var literals = []struct {
	text string
	kind Kind
}{{"true", Bool}, {"false", Bool}, {"null", Null}}

func (p *parser) literal() (Value, error) {
	for _, l := range literals {
		if strings.HasPrefix(p.text[p.pos:], l.text) {
			p.pos += len(l.text)
			return Value{kind: l.kind, text: l.text}, nil
		}
	}
	return Value{}, p.wrong("a value")
}

func (p *parser) container(kind Kind, closing byte) (Value, error) {
	if p.depth++; p.depth > p.lim.Depth {
		return Value{}, overLimit("JSON nesting", p.lim.Depth)
	}
	p.pos++
	start := len(p.open)
	for more := p.next() != closing; more; {
		m, err := p.member(kind)
		if err != nil {
			return Value{}, err
		}
		if len(p.open)-start == p.lim.Members {
			return Value{}, overLimit("members of "+kind.String(), p.lim.Members)
		}
		if p.values++; p.values > p.lim.Values {
			return Value{}, overLimit("JSON values", p.lim.Values)
		}
		p.open = append(p.open, m)
		switch p.next() {
		case ',':
			p.pos++
		case closing:
			more = false
		default:
			return Value{}, p.wrong("a comma or the end of " + kind.String())
		}
	}
	p.pos++
	p.depth--
	v := Value{kind: kind}
	if len(p.open) > start {
		v.items = slices.Clone(p.open[start:]) // as large as it must be, and no larger
	}
	clear(p.open[start:])
	p.open = p.open[:start]
	return v, nil
}

// member reads an item of a list, or name and value of an object.
func (p *parser) member(kind Kind) (m Member, err error) {
	if kind == Object {
		if p.next() != '"' {
			return m, p.wrong("a name")
		}
		if m.Name, err = p.quoted(); err != nil {
			return m, err
		}
		if p.next() != ':' {
			return m, p.wrong("a colon")
		}
		p.pos++
	}
	m.Value, err = p.value()
	return m, err
}

// number reads a number and keeps its text.
func (p *parser) number() (Value, error) {
	start := p.pos
	if p.at('-') {
		p.pos++
	}
	if p.at('0') {
		p.pos++
	} else if p.digits() == 0 {
		return Value{}, p.wrong("a digit")
	}
	if p.at('.') {
		p.pos++
		if p.digits() == 0 {
			return Value{}, p.wrong("a digit")
		}
	}
	if p.at('e') || p.at('E') {
		p.pos++
		if p.at('+') || p.at('-') {
			p.pos++
		}
		if p.digits() == 0 {
			return Value{}, p.wrong("a digit")
		}
	}
	if p.pos-start > p.lim.String {
		return Value{}, overLimit("length of a number", p.lim.String)
	}
	return Value{kind: Number, text: p.text[start:p.pos]}, nil
}

func (p *parser) at(c byte) bool { return p.pos < len(p.text) && p.text[p.pos] == c }

// digits skips digits and returns how many there were.
func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// quoted reads a string. Most have no escape and share the text's memory.
func (p *parser) quoted() (string, error) {
	p.pos++
	start := p.pos
	escaped := false
	for ; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			raw := p.text[start:p.pos]
			p.pos++
			if len(raw) > p.lim.String {
				return "", overLimit("bytes of a string", p.lim.String)
			}
			if !escaped {
				return raw, nil
			}
			return p.unescape(raw, start)
		case c == '\\':
			escaped = true
			p.pos++
		case c < ' ':
			return "", p.wrong("text")
		}
	}
	p.pos = min(p.pos, len(p.text))
	return "", p.wrong("a quote")
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape takes the escapes out of raw, which starts at the given byte.
func (p *parser) unescape(raw string, start int) (string, error) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		if c, ok := escapes[raw[i+1]]; ok {
			out = append(out, c)
			i += 2
			continue
		}
		r, n := unescapeRune(raw[i:])
		if n == 0 {
			p.pos = start + i
			return "", p.wrong("an escape")
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out), nil
}

// unescapeRune reads \uXXXX, or two of them that make a pair, and returns how
// long that is: 0 if it is neither.
func unescapeRune(s string) (r rune, n int) {
	first, ok := unescapeUnit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(first) {
		if second, ok := unescapeUnit(s[6:]); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 12
			}
		}
		return utf8.RuneError, 6
	}
	return first, 6
}

func unescapeUnit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
