package decode

import (
	"bytes"
	"strconv"
	"strings"

	"telltale/audit"
)

// isPHP wants the start of a serialised array, object or string of PHP:
// "a:1:{", "O:3:" or "s:5:", perhaps behind the name of a session's variable
// and a "|".
func isPHP(in layer) bool {
	kinds, start := "aOCsS", phpName(in.data)
	if start > 0 {
		kinds += "idb"
	}
	d := in.data[start:]
	return len(d) > 3 && strings.IndexByte(kinds, d[0]) >= 0 && d[1] == ':' && '0' <= d[2] && d[2] <= '9'
}

// phpName returns the length of a name and the "|" behind it.
func phpName(data []byte) int {
	n := bytes.IndexByte(data[:min(len(data), maxName)], '|')
	if n < 1 || !isFieldName(data[:n]) {
		return 0
	}
	return n + 1
}

// decodePHP gives what PHP's serialize or session_encode wrote, each value
// under its pointer.
func decodePHP(in layer, emit func(part) bool) error {
	return walk(in, "php", emit, func(w *walker) error {
		read := (phpReader{w}).value
		if phpName(w.data) > 0 {
			read = (phpReader{w}).session
		}
		if err := read(); err != nil {
			return err
		}
		w.vouched = true // the lengths were right
		if len(bytes.TrimSpace(w.data[w.pos:])) == 0 {
			w.pos = len(w.data)
		}
		return nil
	})
}

type phpReader struct{ *walker }

// session reads the variables of a session.
func (r phpReader) session() error {
	for n := 0; len(bytes.TrimSpace(r.data[r.pos:])) > 0; n++ {
		name, err := r.until('|')
		if err != nil {
			return err
		}
		if err := r.member(name, n, r.value); err != nil {
			return err
		}
	}
	return nil
}

func (r phpReader) value() error {
	kind, err := r.byte()
	if err != nil {
		return err
	}
	if kind == 'N' {
		return r.expect(";")
	}
	if err := r.expect(":"); err != nil {
		return err
	}
	switch kind {
	case 's':
		p, err := r.quoted()
		if err != nil {
			return err
		}
		if err := r.expect(";"); err != nil {
			return err
		}
		return r.leaf(p.data, p.span)
	case 'S':
		return r.escaped()
	case 'a':
		return r.members()
	case 'O':
		return r.object()
	case 'C':
		return r.custom()
	case 'i', 'd', 'b', 'r', 'R', 'E':
		p, err := r.until(';')
		if err != nil {
			return err
		}
		return r.leaf(p.data, p.span)
	default:
		return errForeign
	}
}

// expect takes text that must be next.
func (r phpReader) expect(text string) error {
	if !bytes.HasPrefix(r.data[r.pos:], []byte(text)) {
		return errForeign
	}
	r.pos += len(text)
	return nil
}

// until reads up to a character, and takes that too.
func (r phpReader) until(c byte) (piece, error) {
	n := bytes.IndexByte(r.data[r.pos:], c)
	if n < 0 {
		return piece{}, errShort
	}
	r.pos += n
	p := r.last(n)
	r.pos++
	return p, nil
}

// count reads a number and the colon behind it.
func (r phpReader) count() (uint64, error) {
	p, err := r.until(':')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(string(p.data[:min(len(p.data), minRun)]), 10, 31)
	if err != nil {
		return 0, errForeign
	}
	return n, nil
}

// quoted reads 3:"abc". The length counts bytes, so that quotes need no escape.
func (r phpReader) quoted() (piece, error) {
	n, err := r.count()
	if err != nil {
		return piece{}, err
	}
	if err := r.expect(`"`); err != nil {
		return piece{}, err
	}
	b, err := r.take(n)
	if err != nil {
		return piece{}, err
	}
	return piece{b, r.since(r.pos - len(b))}, r.expect(`"`)
}

// escaped reads 3:"a\62c"; where the length counts characters after their
// escapes are undone.
func (r phpReader) escaped() error {
	n, err := r.count()
	if err != nil {
		return err
	}
	if err := r.expect(`"`); err != nil {
		return err
	}
	start := r.pos
	var text []byte
	for uint64(len(text)) < n {
		c, err := r.byte()
		if err != nil {
			return err
		}
		if c == '\\' {
			digits, err := r.take(2)
			if err != nil || !isPair(digits) {
				return errForeign
			}
			c = fromHex(digits)[0]
		}
		text = append(text, c)
	}
	span := r.since(start)
	if err := r.expect(`";`); err != nil {
		return err
	}
	return r.leaf(text, span)
}

func (r phpReader) members() error {
	n, err := r.count()
	if err != nil {
		return err
	}
	if err := r.expect("{"); err != nil {
		return err
	}
	err = r.nested(func() error {
		for i := 0; uint64(i) < n; i++ {
			name, err := r.name()
			if err != nil {
				return err
			}
			if err := r.member(name, i, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.expect("}")
}

// name reads the name of a member: a number or a string. Private members of an
// object have their class before it, between zero bytes.
func (r phpReader) name() (piece, error) {
	if err := r.expect("i:"); err == nil {
		return r.until(';')
	}
	if err := r.expect("s:"); err != nil {
		return piece{}, err
	}
	p, err := r.quoted()
	if err != nil {
		return piece{}, err
	}
	if i := bytes.LastIndexByte(p.data, 0); i >= 0 {
		p = p.from(i + 1)
	}
	return p, r.expect(";")
}

// object reads 3:"Foo":1:{…}.
func (r phpReader) object() error {
	if _, err := r.quoted(); err != nil {
		return err
	}
	if err := r.expect(":"); err != nil {
		return err
	}
	return r.members()
}

// custom reads 3:"Foo":4:{abcd}, where the class alone knows what is between
// the brackets.
func (r phpReader) custom() error {
	if _, err := r.quoted(); err != nil {
		return err
	}
	if err := r.expect(":"); err != nil {
		return err
	}
	n, err := r.count()
	if err != nil {
		return err
	}
	if err := r.expect("{"); err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	span := audit.Span{Start: r.pos - len(b), End: r.pos}
	if err := r.expect("}"); err != nil {
		return err
	}
	return r.leaf(b, span)
}
