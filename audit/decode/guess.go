package decode

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"
)

// A guess is the reading of a layer that carries no sign of the encoding.
// Any word is a number in base 58, and any text is some other text reversed.
// So the result must be what somebody would have written; otherwise there is
// no part, and no random bytes that would count as unread.

// minGuess is the least length of what digits may give: 16 random bytes are
// all printable once in some ten million times.
const minGuess = 16

// plain reports whether bytes that were read from digits are text without a
// fault, be it in another form, or compressed, or hold something of that kind.
func plain(out []byte) bool {
	return len(out) >= minGuess && (isText(out) || isWrapped(out) || compressed(out) && inflatable(out) || worthy(out))
}

// promising reports whether bytes may be the start of what is plain. It tells
// most that are not by the first few.
func promising(head []byte) bool {
	return isText(head) || compressed(head) || hasWideMark(head)
}

// isWrapped reports whether data is text in another form, which is binary but
// not random: UTF-16 or yEnc.
func isWrapped(data []byte) bool { return isWideText(data) || bytes.HasPrefix(data, yencBegin) }

// inflatable reports whether zlib or compress go on after their headers, which
// have but two or three bytes. The other headers are long enough to be believed.
func inflatable(out []byte) bool {
	in := layer{data: out, room: maxProof}
	if isLZW(in) {
		read := false
		err := decodeLZW(in, func(p part) bool {
			read = isMostlyText(p.data) || compressed(p.data) || marked(p.data) || runBits(p.data) >= heldBits
			return true
		})
		return err == nil && read
	}
	if !isZlib(in) {
		return true
	}
	r, err := zlib.NewReader(bytes.NewReader(out))
	if err != nil {
		return false
	}
	var head [64]byte
	n, err := io.ReadFull(r, head[:])
	if err == nil {
		return len(out) >= minOpaque || isText(head[:])
	}
	_, err = r.Read(head[n:]) // says it again, if it is an error
	return errors.Is(err, io.EOF) && n > 0 || n >= minRun/2 && isText(head[:n])
}

// telling reports whether text has the marks of an address on the web, of an
// e-mail address or of JSON. That tells a substitution undone from its
// opposite: both are printable.
func telling(text []byte) bool {
	return bytes.Contains(text, []byte("http://")) || bytes.Contains(text, []byte("https://")) ||
		isBracketed(text) || hasMail(text)
}

// isBracketed reports whether text starts and ends like JSON with names or
// strings.
func isBracketed(text []byte) bool {
	text = bytes.Trim(text, jsonSpace)
	if len(text) < minRun/2 {
		return false
	}
	switch end := text[len(text)-1]; string(text[:2]) {
	case `{"`, "{\n", "{ ":
		return end == '}'
	case `["`, "[{", "[\n":
		return end == ']'
	}
	return false
}

// topLevels are the domains that reversed or rotated addresses are known by.
// Reserved ones are for tests (RFC 2606).
var topLevels = []string{
	"com", "org", "net", "edu", "gov", "info", "app", "dev", "cloud", "test", "example", "invalid", "localhost",
	"cn", "de", "uk", "ru", "fr", "jp", "in", "io", "co", "eu",
}

// hasMail reports whether an e-mail address is in text.
func hasMail(text []byte) bool {
	for rest := text; ; {
		i := bytes.IndexByte(rest, '@')
		if i < 0 {
			return false
		}
		named := i > 0 && hostBytes[rest[i-1]]
		rest = rest[i+1:]
		if named && slices.Contains(topLevels, strings.ToLower(topLevel(rest))) {
			return true
		}
	}
}

var hostBytes = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")

// topLevel returns the last label of the host at the start of text, nothing if
// it has one label only.
func topLevel(text []byte) string {
	host := hostAt(text)
	i := strings.LastIndexByte(host, '.')
	if i < 1 {
		return ""
	}
	return host[i+1:]
}

// hostAt returns the host at the start of text.
func hostAt(text []byte) string {
	n := 0
	for n < min(len(text), 253) && hostBytes[text[n]] {
		n++
	}
	return strings.TrimRight(string(text[:n]), ".-")
}

// secondLevels are labels that stand before a domain of two letters, either
// because it keeps them for everybody, or because a provider of mail is called
// so.
var secondLevels = []string{
	"co", "com", "org", "net", "edu", "gov", "ac", "example", "mail", "gmail", "googlemail", "yahoo", "hotmail", "outlook", "live",
	"yandex", "gmx", "web", "posteo", "proton", "protonmail",
}

// isKnownHost reports whether a host ends in a domain of three letters or more
// that is known, or in one of two behind a label that is known. Two letters
// alone may be any other two that were replaced.
func isKnownHost(host string) bool {
	labels := strings.Split(strings.ToLower(host), ".")
	n := len(labels)
	if n < 2 {
		return false
	}
	top := labels[n-1]
	return slices.Contains(topLevels, top) && (len(top) > 2 || slices.Contains(secondLevels, labels[n-2]))
}
