package claims

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document returns the one document in data, nil if there is a problem.
func (r *reader) document(data []byte) ast.Node {
	if len(data) > maxSize {
		r.fail(nil, "take out what is no claim", "a claims file of more than %d bytes", maxSize)
		return nil
	}
	if i := invalidUTF8(data); i >= 0 {
		at := &token.Position{Line: 1 + bytes.Count(data[:i], []byte("\n"))}
		at.Column = 1 + utf8.RuneCount(data[bytes.LastIndexByte(data[:i], '\n')+1:i])
		r.fail(at, "save the file as UTF-8", "byte %#x is not UTF-8", data[i])
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if !r.plain(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		r.fail(nil, "begin with telltale: "+Version, "an empty claims file")
		return nil
	case 1:
		return docs[0]
	}
	r.fail(position(docs[1]), "use one file for each", "a second YAML document")
	return nil
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func (r *reader) syntax(err error) {
	const do = "correct the YAML"
	var at *token.Position
	text := err.Error()
	if e, ok := errors.AsType[yaml.Error](err); ok {
		text = e.GetMessage()
		if t := e.GetToken(); t != nil {
			at = t.Position
		}
	}
	line, _, _ := strings.Cut(text, "\n")
	r.fail(at, do, "%s", printable(line))
}

// plain refuses the YAML that a claims file does not need: what repeats, names
// or types nodes. It also bounds the nesting, before the parser, whose cost
// grows with the square of the depth.
func (r *reader) plain(tokens token.Tokens) bool {
	const maxDepth = 16
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			r.fail(t.Position, "write it out", "an anchor, alias or merge key")
			return false
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			r.fail(t.Position, "take it out", "a tag, directive or complex key")
			return false
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		}
		if depth+dashes > maxDepth {
			r.fail(t.Position, "see the description of the format", "more than %d levels", maxDepth)
			return false
		}
	}
	return true
}

// position returns where a node begins.
func position(n ast.Node) *token.Position {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken()
	}
	if t == nil {
		return nil
	}
	return t.Position
}

// A mapping is a YAML mapping whose keys are all allowed. The zero mapping has
// been complained about, and asks for nothing.
type mapping struct {
	r      *reader
	what   string
	at     *token.Position
	values map[string]ast.Node
	keys   map[string]*token.Position
	odd    bool // had an unknown key, which may be meant for one that is missing
}

func (r *reader) mapping(n ast.Node, what string, allowed ...string) mapping {
	if n == nil {
		return mapping{}
	}
	node, ok := n.(*ast.MappingNode)
	if !ok {
		r.fail(position(n), "write a mapping with "+strings.Join(allowed, ", "), "%s is no mapping", what)
		return mapping{}
	}
	m := mapping{
		r: r, what: what, at: position(n),
		values: make(map[string]ast.Node), keys: make(map[string]*token.Position),
	}
	for _, v := range node.Values {
		key := v.Key.GetToken().Value
		if !slices.Contains(allowed, key) {
			r.fail(v.Key.GetToken().Position, suggest(key, allowed, "the keys are "+strings.Join(allowed, ", ")), "unknown key %q in %s", key, what)
			m.odd = true
			continue
		}
		m.values[key] = v.Value
		m.keys[key] = v.Key.GetToken().Position
	}
	return m
}

func (m mapping) has(key string) bool { return m.values[key] != nil }

// get returns the value of a key, nil if there is none.
func (m mapping) get(key string) ast.Node { return m.values[key] }

// must is get for a key that has to be there.
func (m mapping) must(key string) ast.Node {
	if m.values != nil && !m.odd && !m.has(key) {
		m.r.fail(m.at, "add it", "%s has no key %q", m.what, key)
	}
	return m.get(key)
}

// list returns the entries of a list, which has to have some.
func (r *reader) list(n ast.Node, what string) []ast.Node {
	if n == nil {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(position(n), "write a list, such as [a, b]", "%s are no list", what)
		return nil
	}
	switch {
	case len(seq.Values) == 0:
		r.fail(position(n), "add one, or take the key out", "an empty list of %s", what)
	case len(seq.Values) > maxList:
		r.fail(position(n), "split it", "a list of more than %d %s", maxList, what)
		return nil
	}
	return seq.Values
}

// text returns a scalar as it was written: a version 3.40 is not 3.4.
func (r *reader) text(n ast.Node) string {
	var text string
	switch n := n.(type) {
	case nil:
		return ""
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.StringNode:
		text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = n.GetToken().Value
	case *ast.NullNode:
	default:
		r.fail(position(n), "write a text", "a %s where a text belongs", strings.ToLower(n.Type().String()))
		return ""
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		r.fail(position(n), "write a text, or take the key out", "an empty value")
	case printable(text) != text:
		r.fail(position(n), "take it out", "a control character in a text")
		return ""
	}
	return text
}

// word reads a text that is one of a few words; without a node it is empty.
func (r *reader) word(n ast.Node, what string, words ...string) string {
	text := r.text(n)
	if text != "" && !slices.Contains(words, text) {
		r.fail(position(n), "write "+list(words, "or"), "unknown %s %q", what, text)
	}
	return text
}

// printable replaces what would disturb a terminal or a line of a report.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && !unicode.IsPrint(c) && !unicode.IsSpace(c) || c == '\r' {
			return '?'
		}
		return c
	}, s)
}
