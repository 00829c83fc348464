package decode

import (
	"bytes"
	"strings"
)

// maxGroup is how many digits may stand together in a group; a line of a mail
// has up to 76.
const maxGroup = 128

// isGrouped wants letters and digits in groups of the same length, with the
// same separator between all of them.
func isGrouped(in layer) bool {
	size, sep := firstGroup(in.data)
	return size > 0 && len(in.data) >= minBase32 && ungrouped(in.data, size, sep) != nil
}

// firstGroup returns the length of the first group and the separator behind
// it, 0 if there is none.
func firstGroup(data []byte) (size int, sep string) {
	for size < min(len(data), maxGroup) && alnum[data[size]] != noDigit {
		size++
	}
	if size < 2 || size == len(data) {
		return 0, ""
	}
	if bytes.HasPrefix(data[size:], []byte("\r\n")) {
		return size, "\r\n"
	}
	if strings.IndexByte("- \n_:.,/", data[size]) < 0 {
		return 0, ""
	}
	return size, string(data[size : size+1])
}

// ungrouped returns the digits without separators, nothing if a group has another
// length. The last one may be shorter, and padding may follow it.
func ungrouped(data []byte, size int, sep string) []byte {
	data = bytes.TrimRight(data, "=\r\n ")
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		n := min(size, len(data))
		for _, c := range data[:n] {
			if alnum[c] == noDigit {
				return nil
			}
		}
		out, data = append(out, data[:n]...), data[n:]
		if len(data) > 0 && !bytes.HasPrefix(data, []byte(sep)) {
			return nil
		}
		data = data[min(len(data), len(sep)):]
	}
	return out
}

// decodeGrouped joins groups that are hexadecimal or base32 digits of text, as
// people write keys and as programs break lines. What is under "joined" is
// decoded by the decoders of these.
func decodeGrouped(in layer, emit func(part) bool) error {
	size, sep := firstGroup(in.data)
	out := ungrouped(in.data, size, sep)
	head := out[:min(len(out), headSize)]
	readable := isDigitsOf(head, unhex) && plain(fromHex(head))
	for _, r := range base32s {
		readable = readable || r.reads(out)
	}
	if readable {
		emit(in.whole("joined", out))
	}
	return nil
}
