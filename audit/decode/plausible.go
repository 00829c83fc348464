package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math"
)

// enough is the evidence, in bits, from which on bytes count as decrypted: a
// wrong key gives as much once in 2^40 times.
const enough = 40

// plaintext returns what a decryption gave without its padding, and the
// evidence that somebody wrote it, none if that is not enough. padded says that
// the cipher has blocks, which are filled up. The input may share its bytes
// with the result.
func plaintext(out []byte, padded bool) (body []byte, bits float64) {
	body = out
	if padded {
		body, bits = unpad(out)
	}
	told := evidence(body)
	if told <= 0 || bits+told < enough {
		return nil, 0
	}
	return body, bits + told
}

// unpad takes off the padding of PKCS #7 (RFC 5652, 6.3), or zeros, and says
// how many bits of evidence it is.
func unpad(out []byte) (body []byte, bits float64) {
	if n := padding(out); n > 0 {
		return out[:len(out)-n], float64(8 * n)
	}
	body = bytes.TrimRight(out, "\x00")
	if len(out)-len(body) > blockSize {
		return out, 0
	}
	return body, float64(8 * (len(out) - len(body)))
}

// padding returns the length of the padding of PKCS #7 at the end, 0 if there
// is none.
func padding(out []byte) int {
	if len(out) == 0 {
		return 0
	}
	last := out[len(out)-1]
	n := int(last)
	if n == 0 || n > min(blockSize, len(out)) || bytes.Count(out[len(out)-n:], []byte{last}) != n {
		return 0
	}
	return n
}

// evidence says how unlikely it is, in bits, that random bytes look like this.
func evidence(body []byte) float64 {
	if bits := textBits(body); bits > 0 {
		return bits
	}
	if bits := magicBits(body); bits > 0 {
		return bits
	}
	if isWideText(body) {
		return float64(2 * len(body)) // every second byte or more is zero or nearly
	}
	return max(0, containerBits(body, 3)-float64(len(structures)))
}

// textClasses are the sets of characters that text may keep to, the smallest
// first.
var textClasses = []struct {
	set  [256]bool
	size float64
}{
	{byteSet("0123456789"), 10},
	{byteSet("0123456789abcdefABCDEF"), 22},
	{byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@/+=%&?"), 73},
}

// textBits is the evidence of text, none if it has a fault.
func textBits(text []byte) float64 {
	if !isText(text) {
		return 0
	}
	bits := wordBits(text)
	for _, c := range textClasses {
		if within(text, &c.set) {
			bits = max(bits, float64(len(text))*math.Log2(256/c.size))
		}
	}
	if telling(text) {
		bits += 16
	}
	if isBracketed(text) {
		bits += 8
	}
	return bits
}

// common are the characters that most of any text and of JSON consists of.
var common = byteSet("abcdefghijklmnopqrstuvwxyz0123456789 \":,{}/._-=&%")

// What a byte of text says, in bits: nine of ten characters are common ones;
// the others of ASCII are rarer in text than in random bytes; and of the bytes
// beyond ASCII, hardly any sequence is UTF-8.
var (
	commonBits = math.Log2(0.9 * 256 / 50)
	rareBits   = math.Log2(0.1 * 256 / 48)
	wideBits   = 1.4
)

// wordBits is the evidence of text by its characters.
func wordBits(text []byte) (bits float64) {
	for _, c := range text {
		switch {
		case common[c]:
			bits += commonBits
		case c < 0x80:
			bits += rareBits
		default:
			bits += wideBits
		}
	}
	return bits
}

func within(text []byte, set *[256]bool) bool {
	for _, c := range text {
		if !set[c] {
			return false
		}
	}
	return true
}

// magics are beginnings that hold up by themselves.
var magics = []string{
	"\x28\xb5\x2f\xfd",         // zstd
	"\x04\x22\x4d\x18",         // LZ4 frame
	"PK\x03\x04",               // ZIP
	"\xfd7zXZ\x00",             // xz
	"BZh91AY&SY",               // bzip2
	"\x89PNG\r\n",              // PNG
	"bplist00",                 // binary plist
	"Obj\x01",                  // Avro
	"-----BEGIN ", "SQLite fo", // PEM, SQLite
}

// magicBits is the evidence of compression and of files. What gzip and zlib
// begin with is short: there it is their checksums that count.
func magicBits(body []byte) float64 {
	in := layer{data: body}
	var r io.Reader
	var err error
	switch {
	case isGzip(in):
		r, err = gzip.NewReader(bytes.NewReader(body))
	case isZlib(in):
		r, err = zlib.NewReader(bytes.NewReader(body))
	default:
		for _, m := range magics {
			if bytes.HasPrefix(body, []byte(m)) {
				return float64(8 * len(m))
			}
		}
		return 0
	}
	if err != nil {
		return 0
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, maxProof))
	if err != nil || n == 0 {
		return 0
	}
	return enough
}

// maxProof is how much of a compressed layer is unpacked to see that it is one.
const maxProof = 1 << 20

// structures are the containers that have no magic number.
var structures = []decoder{
	{gate: isProtobuf, decode: decodeProtobuf},
	{gate: isBSON, decode: decodeBSON},
	{gate: isMessagePack, decode: decodeMessagePack},
	{gate: isCBOR, decode: decodeCBOR},
	{gate: isThrift, decode: decodeThrift},
	{gate: isThriftCompact, decode: decodeThriftCompact},
	{gate: isGRPC, decode: decodeGRPC},
}

// containerBits is the evidence of a container: that of the text in it.
func containerBits(data []byte, depth int) float64 {
	best := 0.0
	for _, d := range structures {
		if !d.gate(layer{data: data}) {
			continue
		}
		bits := 0.0
		_ = d.decode(layer{data: data, room: maxProof}, func(p part) bool {
			switch {
			case p.span.Len() < 4 || len(p.data) > p.span.Len(): // numbers, and what was written out
			case isText(p.data):
				bits += textBits(p.data)
			case depth > 1:
				bits += containerBits(p.data, depth-1)
			}
			return true
		})
		best = max(best, bits)
	}
	return best
}
