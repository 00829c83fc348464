package decode

import "strconv"

// A pointer is the step of a value in a container: the format, a colon, and
// the names on the way to the value as RFC 6901 writes them.
type pointer []byte

// then returns p with the name of the nth item below it. It may share p's
// array: who goes on with p cuts it to its length again.
func (p pointer) then(name []byte, n int) pointer {
	long := len(p) > maxPointer
	p = append(p, '/')
	switch {
	case long:
		return append(append(p, '#'), strconv.Itoa(n)...)
	case len(name) <= maxName && isWord(name): // as nearly all are
		return append(p, name...)
	}
	text := fieldName(name, n)
	for i := range len(text) {
		switch text[i] {
		case '~':
			p = append(p, "~0"...)
		case '/':
			p = append(p, "~1"...)
		default:
			p = append(p, text[i])
		}
	}
	return p
}
