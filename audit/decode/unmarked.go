package decode

import (
	"errors"
	"io"
	"strings"
)

// Some compressions have no magic number: brotli, raw deflate, the block of
// snappy, the bytes of lz-string. They are tried only where somebody would
// send such bytes: as a body, as what another encoding of a body was put
// around, or as what digits or escapes were put around. The result must be
// something that a person or this package can read; otherwise there is no
// part, and no random bytes that would count as unread.

// carriers are the steps below which bytes without a mark may be compressed:
// what stands before the colon of their name.
var carriers = map[string]bool{
	"request.body": true, "message.out": true, "tunnel.out": true, "websocket": true, "grpc": true, "chunked": true, "part": true, "data": true,
	"form": true, "query": true, "percent": true, "percent-u": true, "escape": true, "quoted-printable": true, "cookie": true,
	"base64": true, "base32": true, "base32hex": true, "base58": true, "base62": true, "base36": true, "base91": true,
	"ascii85": true, "z85": true, "base85": true, "hex": true, "hex-list": true, "codes": true, "uuencode": true, "yenc": true,
	"gzip": true, "zlib": true, "zstd": true, "lz4": true, "snappy": true, "bzip2": true, "xz": true, "lzma": true, "lzw": true,
	"brotli": true, "deflate": true, "snappy-block": true,
	"protobuf": true, "tars": true, "der": true, "msgpack": true, "cbor": true, "bson": true, "thrift": true, "thrift-compact": true,
	"plist": true, "avro": true, "java": true, "zip": true, "tar": true, "mqtt": true, "frame": true, "message": true, "base45": true,
	"path": true, "fragment": true, "pairs": true, "php": true, "json": true, "packed": true,
}

// minUnmarked is the least length of what is taken for compressed without a
// mark: fewer bytes end where they should by chance.
const minUnmarked = 12

// minBroken is the least length of what is taken for such a stream though it
// breaks off. Chance makes text that repeats itself out of
// up to half as many bytes.
const minBroken = 96

// unmarkedHead is by how many bytes text and other encodings are told apart.
const unmarkedHead = 64

// maybePacked reports whether a layer stands where compressed bytes may stand,
// and does not start like text or with a magic number.
func maybePacked(in layer) bool {
	if len(in.data) < minUnmarked {
		return false
	}
	step, _, _ := strings.Cut(in.step, ":")
	return carriers[step] && !textual(in.data) && !compressed(in.data) && !marked(in.data)
}

// textual reports whether data starts with nothing but text.
func textual(data []byte) bool {
	if c := data[0]; c >= 0x80 && c < 0xc2 {
		return false // most compressed bytes: UTF-8 starts no character so
	}
	return isText(data[:min(len(data), unmarkedHead)])
}

// errRest says that a stream ends before the layer does.
var errRest = errors.New("ends before the bytes do")

// An unmarked is a compression without a mark.
type unmarked struct {
	step string
	// starts is a cheap test of the first bytes, of which there are
	// minUnmarked or more.
	starts func(data []byte) bool
	// read gives up to room bytes. The error is nil if the stream ends with
	// the last byte of data, [errRoom] if it gives more, and
	// [io.ErrUnexpectedEOF] if it goes on.
	read func(data []byte, room int64) ([]byte, error)
}

// gate is that of the table.
func (u unmarked) gate(in layer) bool { return maybePacked(in) && u.starts(in.data) }

// isPlain reports whether most of the first bytes are printable ASCII, of which
// compressed ones have a third: the text of a message and not of a stream.
func isPlain(data []byte) bool {
	head := data[:min(len(data), unmarkedHead)]
	plain := 0
	for _, c := range head {
		if asciiText[c] {
			plain++
		}
	}
	return len(head) >= minBinary && plain > len(head)*3/4
}

// decode gives what was read if that is credible. A stream that breaks off is
// reported if it gave text.
func (u unmarked) decode(in layer, emit func(part) bool) error {
	out, err := u.give(in.data, in.room)
	if !u.credible(in, out, err) {
		return nil
	}
	emit(in.whole(u.step, out))
	return err
}

// maxUnmarkedRatio is how many times as long as the layer what was compressed
// may be before its beginning is judged: random bytes may stand for megabytes.
const maxUnmarkedRatio = 64

// give reads data, but for what gives much and begins like nothing.
func (u unmarked) give(data []byte, room int64) ([]byte, error) {
	some := min(room, int64(len(data))*maxUnmarkedRatio)
	out, err := u.read(data, some)
	if !errors.Is(err, errRoom) || some == room || !isMostlyText(out) && !isWrapped(out) && !compressed(out) && !marked(out) {
		return out, err
	}
	return u.read(data, room)
}

// credible reports whether somebody compressed out to the layer.
func (u unmarked) credible(in layer, out []byte, err error) bool {
	switch {
	case len(out) < minUnmarked || 2*len(out) < len(in.data):
		return false
	case err == nil:
		return legible(out) || inner(out, in.room)
	case errors.Is(err, errRoom), errors.Is(err, io.ErrUnexpectedEOF) && len(in.data) >= minBroken:
		return len(out) > len(in.data) && isMostlyText(out)
	default:
		return false
	}
}

// inner reports whether out was compressed once more before, as by two content
// codings. Deeper ones are not known.
func inner(out []byte, room int64) bool {
	for _, u := range [...]unmarked{deflateStream, brotliStream, snappyBlockStream} {
		if len(out) < minUnmarked || !u.starts(out) {
			continue
		}
		if text, err := u.give(out, room); err == nil && len(text) >= minUnmarked && legible(text) {
			return true
		}
	}
	return false
}

// legible reports whether out is text, or bytes that other decoders read on.
func legible(out []byte) bool {
	return isText(out) || isMostlyText(out) && len(out) >= unmarkedHead ||
		isWrapped(out) || compressed(out) && inflatable(out) || marked(out) || structured(out)
}
