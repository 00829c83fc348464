package decode

import (
	"bytes"

	"telltale/audit"
)

// minPairs is the least length of a list of hexadecimal bytes. The address of
// a network card has six.
const minPairs = 8

var hexSeparators = byteSet(":- .,")

// isHexList looks for a separator with two digits on each side and the same
// separator after them, or for the prefix of C.
func isHexList(in layer) bool {
	for i := 2; i+3 < len(in.data); i++ {
		if !hexSeparators[in.data[i]] || !isPair(in.data[i-2:]) {
			continue
		}
		sep := separator(in.data[i:])
		rest := in.data[i+len(sep):]
		if isPair(rest) && bytes.HasPrefix(rest[2:], []byte(sep)) {
			return true
		}
	}
	return bytes.Contains(in.data, []byte("0x"))
}

// isPair reports whether s starts with two hexadecimal digits.
func isPair(s []byte) bool { return len(s) > 1 && unhex[s[0]] != noDigit && unhex[s[1]] != noDigit }

// decodeHexList reads bytes of two hexadecimal digits with the same separator
// between all of them, such as "68:74:74:70" or "0x68, 0x74".
func decodeHexList(in layer, emit func(part) bool) error {
	for i := 0; i < len(in.data); {
		if !isPair(in.data[i:]) && in.data[i] != '0' || i > 0 && isAlnum(in.data[i-1]) {
			i++
			continue
		}
		out, size := hexList(in.data[i:])
		if believable(out, in.data[i:i+size]) && !emit(part{"hex-list", out, audit.Span{Start: i, End: i + size}}) {
			break
		}
		i += max(size, 1)
	}
	return nil
}

// believable reports whether a list is one of bytes. Many numbers have two
// digits too, but these do not stand between colons.
func believable(out, text []byte) bool {
	switch {
	case len(out) < minPairs:
		return false
	case bytes.ContainsAny(text, "abcdefABCDEFx"):
		return true
	default:
		return isText(out) && (text[2] == ':' || worded(out))
	}
}

// hexList reads the list at the start of s.
func hexList(s []byte) (out []byte, size int) {
	var prefix, sep string
	if bytes.HasPrefix(s, []byte("0x")) {
		prefix = "0x"
	}
	for at := 0; ; {
		if !bytes.HasPrefix(s[at:], []byte(prefix)) || !isPair(s[at+len(prefix):]) {
			return out, size
		}
		at += len(prefix)
		next := at + 2
		if next < len(s) && isAlnum(s[next]) && prefix == "" {
			return out, size // a longer word
		}
		out, size = append(out, unhex[s[at]]<<4|unhex[s[at+1]]), next
		if sep == "" {
			sep = separator(s[next:])
		}
		if sep == "" && prefix == "" || !bytes.HasPrefix(s[next:], []byte(sep)) {
			return out, size
		}
		at = next + len(sep)
	}
}

// separator returns the separator at the start of s and the space after it.
func separator(s []byte) string {
	if len(s) < 2 || !hexSeparators[s[0]] {
		return ""
	}
	if s[1] == ' ' {
		return string(s[:2])
	}
	return string(s[:1])
}
