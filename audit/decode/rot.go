package decode

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

var (
	schemeEnd = []byte("://")
	rot47HTTP = rotate47([]byte("http")) // the rest of the mark differs with https
)

func isRot(in layer) bool {
	return bytes.Contains(in.data, schemeEnd) || bytes.IndexByte(in.data, '@') >= 0 || bytes.Contains(in.data, rot47HTTP)
}

// decodeRot undoes a rotation of the alphabet, if an address shows by how much
// it was rotated. ROT47 rotates all printable ASCII.
func decodeRot(in layer, emit func(part) bool) error {
	if bytes.Contains(in.data, rot47HTTP) {
		if out := rotate47(in.data); telling(out) {
			emit(in.whole("rot47", out))
			return nil
		}
	}
	n := rotation(in.data)
	if n == 0 {
		return nil
	}
	if out := rotate(in.data, 26-n); telling(out) {
		emit(in.whole("rot"+strconv.Itoa(26-n), out))
	}
	return nil
}

// rotation returns by how much the scheme of an address or the top-level
// domain of an e-mail address is rotated, 0 if there is none that is.
func rotation(data []byte) int {
	for rest := data; ; {
		i := bytes.Index(rest, schemeEnd)
		if i < 0 {
			break
		}
		for _, scheme := range []string{"https", "http"} {
			if i < len(scheme) {
				continue
			}
			if n, ok := rotated(string(rest[i-len(scheme):i]), scheme); ok {
				return n
			}
		}
		rest = rest[i+len(schemeEnd):]
	}
	return mailRotation(data)
}

// mailRotation looks at top-level domains of at least three letters: two are
// like any other two, rotated.
func mailRotation(data []byte) int {
	for rest := data; ; {
		i := bytes.IndexByte(rest, '@')
		if i < 0 {
			return 0
		}
		rest = rest[i+1:]
		top := strings.ToLower(topLevel(rest))
		if len(top) < 3 || slices.Contains(topLevels, top) {
			continue
		}
		for _, want := range topLevels {
			if n, ok := rotated(top, want); ok {
				return n
			}
		}
	}
}

// rotated reports whether word is want rotated, and by how much.
func rotated(word, want string) (n int, ok bool) {
	if len(word) != len(want) {
		return 0, false
	}
	n = (int(word[0]|0x20) - int(want[0]) + 26) % 26
	return n, strings.EqualFold(string(rotate([]byte(want), n)), word)
}

// rotate moves each letter n places on, 0 ≤ n ≤ 26.
func rotate(data []byte, n int) []byte {
	out := slices.Clone(data)
	for i, c := range out {
		switch {
		case 'a' <= c && c <= 'z':
			out[i] = 'a' + (c-'a'+byte(n))%26 //nolint:gosec // n is at most 26
		case 'A' <= c && c <= 'Z':
			out[i] = 'A' + (c-'A'+byte(n))%26 //nolint:gosec // n is at most 26
		}
	}
	return out
}

func rotate47(data []byte) []byte {
	out := slices.Clone(data)
	for i, c := range out {
		if '!' <= c && c <= '~' {
			out[i] = '!' + (c-'!'+47)%94
		}
	}
	return out
}
