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
	return len(in.data) >= minRun/2 && (bytes.Contains(in.data, schemeEnd) || bytes.IndexByte(in.data, '@') >= 0 || isRot47(in.data))
}

// isRot47 wants the scheme of an address, or a mail address, whose at sign and
// dot are an "o" and a "]" with the letters of a top-level domain behind it.
func isRot47(data []byte) bool {
	if bytes.Contains(data, rot47HTTP) {
		return true
	}
	for rest := data; ; {
		i := bytes.IndexByte(rest, ']')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		n := 0
		for n < min(len(rest), 10) && '2' <= rest[n] && rest[n] <= 'K' { // a to z
			n++
		}
		if n > 2 && slices.Contains(topLevels, string(rotate47(rest[:n]))) {
			return true
		}
	}
}

// decodeRot undoes a rotation of the alphabet, if an address shows by how much
// it was rotated, or another substitution that an address shows. ROT47 rotates
// all printable ASCII, ROT18 is ROT13 that rotates digits too.
func decodeRot(in layer, emit func(part) bool) error {
	if isRot47(in.data) {
		if out := rotate47(in.data); telling(out) {
			emit(in.whole("rot47", out))
			return nil
		}
	}
	n := rotation(in.data)
	switch {
	case n == 0 && telling(in.data):
		return nil
	case n == 0:
		undoSubstitution(in, emit)
		return nil
	}
	out := rotate(in.data, 26-n)
	if !telling(out) || !emit(in.whole("rot"+strconv.Itoa(26-n), out)) {
		return nil
	}
	if n == 13 && bytes.ContainsAny(out, "0123456789") {
		emit(in.whole("rot18", rotateDigits(out)))
	}
	return nil
}

// rotateDigits moves each digit five places on.
func rotateDigits(data []byte) []byte {
	out := slices.Clone(data)
	for i, c := range out {
		if '0' <= c && c <= '9' {
			out[i] = '0' + (c-'0'+5)%10
		}
	}
	return out
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

// mailRotation looks at the hosts of e-mail addresses.
func mailRotation(data []byte) int {
	for rest := data; ; {
		i := bytes.IndexByte(rest, '@')
		if i < 0 {
			return 0
		}
		rest = rest[i+1:]
		host := hostAt(rest)
		if isKnownHost(host) {
			continue
		}
		for n := 1; n < 26; n++ {
			if isKnownHost(string(rotate([]byte(host), n))) {
				return 26 - n
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
