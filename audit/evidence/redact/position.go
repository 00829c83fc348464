package redact

import "strings"

// A position is where in a JSON text a reader is, as far as the keys go.
// A text that is no JSON gives positions that no rule knows.
type position struct {
	open []container
	key  string // the last that was read
	sure bool   // a colon stands behind it
	lost bool   // it went deeper than any case does
	line int    // newlines between strings so far
}

// A container is an object or a list that is open.
type container struct {
	list bool
	key  string // that leads to it
	name string // what its member "name" says, in lower case
	want bool   // of an object: the next string is a key
}

// maxDepth bounds what is kept; no line of a case is as deep.
const maxDepth = 64

// between follows what stands between two strings.
func (p *position) between(b []byte) {
	for _, c := range b {
		switch c {
		case '\n':
			p.line++
		case '{', '[':
			p.enter(c == '[')
		case '}', ']':
			if len(p.open) > 0 {
				p.open = p.open[:len(p.open)-1]
			}
			p.sure = false
		case ',':
			if top := p.top(); top != nil && !top.list {
				top.want = true
			}
			p.sure = false
		case ':':
			if top := p.top(); top != nil {
				top.want = false
			}
			p.sure = true
		}
	}
}

func (p *position) enter(list bool) {
	key := ""
	if p.sure {
		key = p.key
	}
	p.sure = false
	if p.lost = p.lost || len(p.open) == maxDepth; !p.lost {
		p.open = append(p.open, container{list: list, key: key, want: !list})
	}
}

func (p *position) top() *container {
	if len(p.open) == 0 {
		return nil
	}
	return &p.open[len(p.open)-1]
}

// atKey reports whether the next string is a key.
func (p *position) atKey() bool {
	top := p.top()
	return top != nil && !top.list && top.want && !p.lost
}

// place returns the keys that lead to the value that comes next, joined by
// points.
func (p *position) place() string {
	if p.lost {
		return "?"
	}
	var keys []string
	for _, c := range p.open {
		if c.key != "" {
			keys = append(keys, c.key)
		}
	}
	if p.sure {
		keys = append(keys, p.key)
	}
	return strings.Join(keys, ".")
}

// value takes a string that was a value.
func (p *position) value(text string) {
	if top := p.top(); top != nil && p.sure && p.key == "name" {
		top.name = text
	}
	p.sure = false
}

// name is what the member "name" of the object that is open says, if it came
// before.
func (p *position) name() string {
	if top := p.top(); top != nil {
		return top.name
	}
	return ""
}
