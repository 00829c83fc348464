package decode

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
)

// syncMark ends a stream that the sender flushed and did not close.
var syncMark = []byte("\x00\x00\xff\xff")

// maybeCompressed reports whether a layer may be compressed in a way that has
// no magic number: some of its first bytes are no text, it has no other magic
// number, and it is no id in a record.
func maybeCompressed(in layer) bool {
	if len(in.data) < minRun/2 || printableShare(in.data[:min(len(in.data), 64)]) == 1 || compressed(in.data) {
		return false
	}
	format, _, field := strings.Cut(in.step, ":")
	return !field || len(in.data) >= minOpaque || format == "form" || format == "query" || format == "part"
}

// credible reports whether out can be what somebody compressed to all of the
// layer. Fewer than minOpaque bytes end where they should by chance, and must
// give something that is known.
func credible(in layer, out []byte) bool {
	if len(out) < minRun/2 || 2*len(out) < len(in.data) {
		return false
	}
	return len(in.data) >= minOpaque || printableShare(out) >= mostlyText || compressed(out) || isMessage(out)
}

// isDeflate reports whether the first bits can be those of a block (RFC 1951).
func isDeflate(in layer) bool {
	if !maybeCompressed(in) {
		return false
	}
	head := in.data
	switch head[0] >> 1 & 3 {
	case 0: // stored: a length, and the same with all bits turned
		return head[1] == ^head[3] && head[2] == ^head[4]
	case 1:
		return true
	case 2: // there are 286 lengths and 30 distances
		return head[0]>>3 < 30 && head[1]&31 < 30
	default:
		return false
	}
}

// decodeDeflate reads a stream without a header. Random bytes may start one;
// it counts if it ends with the last byte.
func decodeDeflate(in layer, emit func(part) bool) error {
	src := bytes.NewReader(in.data)
	out, err := inflate(flate.NewReader(src), in.room)
	switch {
	case errors.Is(err, errRoom):
		if len(out) < len(in.data) {
			return nil
		}
	case errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasSuffix(in.data, syncMark):
		err = nil
	case err != nil || src.Len() > 0:
		return nil //nolint:nilerr // it is no deflate
	}
	if credible(in, out) {
		emit(in.whole("deflate", out))
		return err
	}
	return nil
}
