package har

import "io"

// Unspaced is JSON with one space where there are more between its tokens.
// Package json looks for the next token from the start of a run of spaces with
// each piece that comes, which for a long run takes time in the square of its
// length.
func Unspaced(r io.Reader) io.Reader { return &unspaced{from: r} }

type unspaced struct {
	from    io.Reader
	inside  bool // a string
	escaped bool // the next character of it
	spaced  bool // the last character was a space
}

// Read implements [io.Reader].
func (u *unspaced) Read(p []byte) (int, error) {
	for {
		n, err := u.from.Read(p)
		kept := u.keep(p[:n])
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

// keep moves what is no space to the front.
func (u *unspaced) keep(p []byte) int {
	kept := 0
	for _, c := range p {
		space := !u.inside && (c == ' ' || c == '\n' || c == '\r' || c == '\t')
		if space && u.spaced {
			continue
		}
		u.spaced = space
		switch {
		case u.escaped:
			u.escaped = false
		case u.inside && c == '\\':
			u.escaped = true
		case c == '"':
			u.inside = !u.inside
		}
		p[kept] = c
		kept++
	}
	return kept
}
