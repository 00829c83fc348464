package decode

import (
	"bytes"
	"errors"
	"strconv"

	"telltale/audit"
)

// isChunked wants the size of a chunk in the first line (RFC 9112, section 7.1).
func isChunked(in layer) bool {
	if len(in.data) == 0 || unhex[in.data[0]] == noDigit {
		return false
	}
	size, start := chunkSize(in.data)
	return size > 0 && size <= len(in.data)-start
}

// chunkSize reads the line before a chunk: its size, and where it starts. It
// starts at 0 if there is no such line.
func chunkSize(data []byte) (size, start int) {
	line, _, ok := bytes.Cut(data[:min(len(data), maxName)], []byte("\r\n"))
	if !ok {
		return 0, 0
	}
	digits, _, _ := bytes.Cut(line, []byte(";"))
	n, err := strconv.ParseUint(string(bytes.TrimRight(digits, " ")), 16, 31)
	if err != nil {
		return 0, 0
	}
	return int(n), len(line) + 2
}

var errNoChunk = errors.New("ends without the empty chunk that is the last")

// decodeChunked joins the chunks of a body, and gives the fields of the trailer
// behind them. Each chunk must end where its size says.
// Where the body breaks off, two whole chunks are needed to believe it.
func decodeChunked(in layer, emit func(part) bool) error {
	out := make([]byte, 0, len(in.data))
	chunks := 0
	rest := in.data
	for {
		size, start := chunkSize(rest)
		if start == 0 || size > len(rest)-start {
			break
		}
		if size == 0 {
			if emit(in.whole("chunked", out)) {
				trailer := rest[start:]
				decodeFields(piece{trailer, audit.Span{Start: len(in.data) - len(trailer), End: len(in.data)}}, emit)
			}
			return nil
		}
		chunk, after := rest[start:start+size], rest[start+size:]
		if !bytes.HasPrefix(after, []byte("\r\n")) {
			break
		}
		out = append(out, chunk...)
		rest = after[2:]
		chunks++
	}
	if chunks < 2 {
		return nil
	}
	_, start := chunkSize(rest)
	emit(in.whole("chunked", append(out, rest[start:]...)))
	return errNoChunk
}
