package decode

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// isXML wants a tag, a declaration or a comment at the start.
func isXML(in layer) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(in.data, []byte("\ufeff")), jsonSpace)
	return len(text) > 3 && text[0] == '<' && (xmlNames[text[1]] || text[1] == '?' || text[1] == '!')
}

var xmlNames = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:")

var (
	errXMLEntity = errors.New("entities that the document declares are not expanded")
	errXMLEnd    = errors.New("ends in the middle of a tag")
)

// decodeXML gives the text in each element under the names of the elements
// around it, attributes with an "@", comments as "#comment", and what stands
// between "<!" or "<?" and the end of that as "#directive". In a property list
// (its root is "plist") a value has the name that its key says.
//
// It has a scanner of its own because it must say where each value stands, and
// because what programs send as XML or HTML is often not well formed. No entity
// is expanded but those that stand for one character.
func decodeXML(in layer, emit func(part) bool) error {
	dry := xmlScanner{walker: &walker{data: in.data}}
	switch err := dry.document(); {
	case errors.Is(err, errNested):
		return err
	case dry.elements == 0:
		return nil // one "<" makes no document
	}
	return walkOnce(in, "xml", emit, func(w *walker) error {
		s := xmlScanner{walker: w}
		if !utf8.Valid(w.data) {
			s.charset = charsetInMarkup(w.data)
		}
		if err := s.document(); err != nil {
			return err
		}
		if s.entities {
			return errXMLEntity
		}
		return nil
	})
}

type xmlScanner struct {
	*walker
	open     []xmlElement
	elements int // that were ended
	entities bool
	charset  string // that the document says, if it is not UTF-8
}

// maxMarkupHead is where a document of HTML must have said its charset.
const maxMarkupHead = 1024

// charsetInMarkup returns the charset that an XML declaration or a "meta" of
// HTML says.
func charsetInMarkup(data []byte) string {
	head := strings.ToLower(string(data[:min(len(data), maxMarkupHead)]))
	for _, mark := range []string{"encoding=", "charset="} {
		_, after, ok := strings.Cut(head, mark)
		if !ok {
			continue
		}
		after = strings.TrimLeft(after, `"'`)
		if end := strings.IndexAny(after, `"' />?;`); end > 0 {
			return after[:end]
		}
	}
	return ""
}

// plainText undoes entities and the charset.
func (s *xmlScanner) plainText(text []byte) []byte { return transcode(s.charset, unescapeXML(text)) }

// An xmlElement is one that is not ended yet.
type xmlElement struct {
	name string
	path int    // length of the pointer outside of it
	key  string // in a property list, the name of the next value
}

func (s *xmlScanner) document() error {
	for s.pos < len(s.data) {
		if err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// next reads a piece of text, a tag, or what is in "<…>" else.
func (s *xmlScanner) next() error {
	rest := s.data[s.pos:]
	switch {
	case rest[0] != '<' || len(rest) < 2 || !xmlNames[rest[1]] && bytes.IndexByte([]byte("/!?"), rest[1]) < 0:
		return s.text()
	case bytes.HasPrefix(rest, []byte("<!--")):
		return s.block("<!--", "-->", "#comment")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		p, err := s.between("<![CDATA[", "]]>")
		if err != nil {
			return err
		}
		return s.leaf(transcode(s.charset, p.data), p.span)
	case rest[1] == '!':
		s.entities = s.entities || bytes.Contains(rest[:min(len(rest), headSize)], []byte("<!ENTITY"))
		closing := ">"
		if i := bytes.IndexAny(rest, "[>"); i >= 0 && rest[i] == '[' {
			closing = "]>"
		}
		return s.block("<!", closing, "#directive")
	case rest[1] == '?':
		return s.block("<?", "?>", "#directive")
	case rest[1] == '/':
		return s.end()
	}
	return s.start()
}

// between reads what stands between two markers, the first one being next.
func (s *xmlScanner) between(opening, closing string) (piece, error) {
	s.pos += len(opening)
	n := bytes.Index(s.data[s.pos:], []byte(closing))
	if n < 0 {
		return piece{}, errXMLEnd
	}
	s.pos += n
	p := s.last(n)
	s.pos += len(closing)
	return p, nil
}

func (s *xmlScanner) block(opening, closing, name string) error {
	p, err := s.between(opening, closing)
	if err != nil || strings.HasPrefix(string(p.data[:min(len(p.data), 4)]), "xml ") {
		return err
	}
	return s.below([]byte(name), 0, func() error { return s.leaf(p.data, p.span) })
}

// text reads up to the next "<". Space alone says nothing.
func (s *xmlScanner) text() error {
	n := bytes.IndexByte(s.data[s.pos+1:], '<') + 1
	if n == 0 {
		n = len(s.data) - s.pos
	}
	s.pos += n
	text := s.last(n)
	trimmed := text.trimmed()
	if len(trimmed.data) == 0 {
		return nil
	}
	s.noteKey(trimmed.data)
	return s.leaf(s.plainText(trimmed.data), trimmed.span)
}

// trimmed returns p without the space around it.
func (p piece) trimmed() piece {
	left := bytes.TrimLeft(p.data, jsonSpace)
	p = p.from(len(p.data) - len(left))
	p.data = bytes.TrimRight(left, jsonSpace)
	p.span.End = p.span.Start + len(p.data)
	return p
}

// noteKey remembers the content of a "key" of a property list for the value
// that follows it.
func (s *xmlScanner) noteKey(text []byte) {
	if n := len(s.open); n > 1 && s.open[0].name == "plist" && s.open[n-1].name == "key" {
		s.open[n-2].key = string(unescapeXML(text))
	}
}

// name reads the name of an element or attribute.
func (s *xmlScanner) name() []byte {
	start := s.pos
	for s.pos < len(s.data) && xmlNames[s.data[s.pos]] {
		s.pos++
	}
	return s.data[start:s.pos]
}

// space passes over space, and what has no place in a tag.
func (s *xmlScanner) space() {
	for s.pos < len(s.data) && s.data[s.pos] != '>' && !xmlNames[s.data[s.pos]] {
		s.pos++
	}
}

// start reads a start tag with its attributes.
func (s *xmlScanner) start() error {
	s.pos++
	name := string(s.name())
	if len(s.open) == maxNesting {
		return errNested
	}
	s.open = append(s.open, xmlElement{name: name, path: len(s.path)})
	if s.emit != nil {
		s.path = s.path.then([]byte(s.label(name)), s.elements)
	}
	for s.space(); s.pos < len(s.data) && s.data[s.pos] != '>'; s.space() {
		if err := s.attribute(); err != nil {
			return err
		}
	}
	if s.pos == len(s.data) {
		return errXMLEnd
	}
	s.pos++
	if s.data[s.pos-2] != '/' {
		return nil
	}
	if n := len(s.open); s.open[0].name == "plist" && (name == "true" || name == "false") && n > 1 {
		if err := s.say(name, s.pos-len(name)-len("</>")); err != nil {
			return err
		}
	}
	s.leave(len(s.open) - 1)
	return nil
}

// label returns the name of an element in the pointer: in a property list the
// key before it, else its own.
func (s *xmlScanner) label(name string) string {
	if len(s.open) < 2 || name == "key" {
		return name
	}
	parent := &s.open[len(s.open)-2]
	if parent.key != "" {
		name, parent.key = parent.key, ""
	}
	return name
}

func (s *xmlScanner) attribute() error {
	name := append([]byte("@"), s.name()...)
	if !bytes.HasPrefix(s.data[s.pos:], []byte("=")) {
		return nil // one without a value, as HTML has them
	}
	s.pos++
	p, err := s.attributeValue()
	if err != nil {
		return err
	}
	return s.below(name, 0, func() error { return s.leaf(s.plainText(p.data), p.span) })
}

func (s *xmlScanner) attributeValue() (piece, error) {
	for _, quote := range []string{`"`, "'"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(quote)) {
			return s.between(quote, quote)
		}
	}
	n := bytes.IndexAny(s.data[s.pos:], " \t\r\n>")
	if n < 0 {
		return piece{}, errXMLEnd
	}
	s.pos += n
	return s.last(n), nil
}

// end reads an end tag. It ends the elements that were opened within its own
// too; without its own it ends nothing.
func (s *xmlScanner) end() error {
	p, err := s.between("</", ">")
	if err != nil {
		return err
	}
	name := string(p.trimmed().data)
	for i, open := range slices.Backward(s.open) {
		if open.name == name {
			s.leave(i)
			break
		}
	}
	return nil
}

// leave ends the ith open element and all in it.
func (s *xmlScanner) leave(i int) {
	s.path = s.path[:s.open[i].path]
	s.open = s.open[:i]
	s.elements++
}
