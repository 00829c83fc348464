package decode

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"telltale/audit"
)

// isProperties reports whether all lines are comments or have a name before
// "=" or ":", and at least two have one.
func isProperties(in layer) bool {
	if bytes.IndexByte(in.data, '\n') < 1 || !propertyStarts[in.data[0]] {
		return false
	}
	named, continued := 0, false
	for line := range split(in.data, '\n') {
		p := line.trimmed()
		if !continued && len(p.data) > 0 && p.data[0] != '#' && p.data[0] != '!' {
			if !isPropertyName(p.data) {
				return false
			}
			named++
		}
		continued = endsInBackslash(p.data)
	}
	return named >= 2
}

var propertyStarts = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_#! \t\r\n")

// isPropertyName reports whether a line starts with a name and a separator. The
// address of a page does not.
func isPropertyName(line []byte) bool {
	n := 0
	for n < len(line) && (headerNames[line[n]] || line[n] == '.') {
		n++
	}
	rest := bytes.TrimLeft(line[n:], " \t")
	return 0 < n && n <= maxName && len(rest) > 0 && (rest[0] == '=' || rest[0] == ':' && !bytes.HasPrefix(rest, []byte("://")))
}

// endsInBackslash reports whether the next line belongs to this one.
func endsInBackslash(line []byte) bool {
	n := len(line) - len(bytes.TrimRight(line, `\`))
	return n%2 == 1
}

// decodeProperties reads "name=value" and "name: value", one a line, with the
// escapes of Java. Comments are values without a name.
func decodeProperties(in layer, emit func(part) bool) error {
	n := 0
	for start := 0; start < len(in.data); {
		line, next := propertyLine(in.data, start)
		start = next
		if len(line.data) == 0 {
			continue
		}
		n++
		if !emit(property(line, n)) {
			return nil
		}
	}
	return nil
}

// propertyLine returns the line from start on, with those that it goes on in,
// and where the next one starts.
func propertyLine(data []byte, start int) (line piece, next int) {
	for next = start; next < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[next:], '\n'); i >= 0 {
			end = next + i
		}
		p := piece{data[start:end], audit.Span{Start: start, End: end}}.trimmed()
		next = min(end+1, len(data))
		comment := len(p.data) > 0 && (p.data[0] == '#' || p.data[0] == '!')
		if line = p; comment || !endsInBackslash(p.data) {
			break
		}
	}
	return line, next
}

// property reads the nth line.
func property(line piece, n int) part {
	if c := line.data[0]; c == '#' || c == '!' {
		text := line.from(1).trimmed()
		return part{"properties-comment:" + strconv.Itoa(n), text.data, text.span}
	}
	i := bytes.IndexAny(line.data, "=:")
	if i < 0 {
		i = len(line.data) - 1
	}
	value := line.from(i + 1).trimmed()
	name := bytes.TrimRight(line.data[:i], " \t")
	return part{"properties:" + fieldName(name, n), unescapeProperty(value.data), value.span}
}

// unescapeProperty undoes the escapes of a value, and joins its lines.
func unescapeProperty(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		if r, size := unicodeEscape(text[i:]); size > 0 {
			out = utf8.AppendRune(out, r)
			i += size - 1
			continue
		}
		i++
		switch c := text[i]; c {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case '\r', '\n':
			rest := bytes.TrimLeft(text[i:], jsonSpace)
			i = len(text) - len(rest) - 1
		default:
			out = append(out, c)
		}
	}
	return out
}
