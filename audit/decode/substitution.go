package decode

import (
	"bytes"
	"strings"
)

// A substitution writes each letter or digit as another one, always the same.
type substitution struct {
	step  string
	plain [256]byte // what each character stands for
	http  []byte    // how "http" is written
}

// substitutions are Atbash, and the alphabet of a vendor that Senol et al. met
// ("Leaky Forms", USENIX Security 2022); the table is that of their
// LeakDetector, which calls it custom_map_1.
var substitutions = []substitution{
	newSubstitution("atbash", "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA",
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
	newSubstitution("custom-map-1", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		"kibp8A4EWRMKHa7gvyz1dOPt6UI5xYD3nqhVwZBXfCcFeJmrLN20lS9QGsjTuo"),
}

func newSubstitution(step, written, plain string) substitution {
	s := substitution{step: step, http: []byte("http")}
	for i := range s.plain {
		s.plain[i] = byte(i)
	}
	for i := range len(written) {
		s.plain[written[i]] = plain[i]
	}
	for i, c := range s.http {
		s.http[i] = written[strings.IndexByte(plain, c)]
	}
	return s
}

// undoSubstitution undoes a substitution that an address shows.
func undoSubstitution(in layer, emit func(part) bool) {
	for i := range substitutions {
		s := &substitutions[i]
		if !s.shows(in.data) {
			continue
		}
		if out := s.undo(in.data); telling(out) && !emit(in.whole(s.step, out)) {
			break
		}
	}
}

// shows reports whether data has the scheme of an address or the top-level
// domain of an e-mail address as the substitution writes them.
func (s *substitution) shows(data []byte) bool {
	for rest := data; ; {
		i := bytes.Index(rest, schemeEnd)
		if i < 0 {
			break
		}
		if head := rest[:i]; bytes.HasSuffix(head, s.http) || i > 4 && bytes.HasSuffix(head[:i-1], s.http) {
			return true
		}
		rest = rest[i+len(schemeEnd):]
	}
	for rest := data; ; {
		i := bytes.IndexByte(rest, '@')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		if host := hostAt(rest); !isKnownHost(host) && isKnownHost(string(s.undo([]byte(host)))) {
			return true
		}
	}
}

func (s *substitution) undo(data []byte) []byte {
	out := make([]byte, len(data))
	for i, c := range data {
		out[i] = s.plain[c]
	}
	return out
}
