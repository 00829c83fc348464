package detect

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // what others send is looked for, nothing is protected with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/jzelinskie/whirlpool"
	"github.com/twmb/murmur3"
	"github.com/zeebo/xxh3"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/md4"       //nolint:gosec,staticcheck // old and broken, and still sent
	"golang.org/x/crypto/ripemd160" //nolint:gosec,staticcheck // as above
	legacy "golang.org/x/crypto/sha3"
	"lukechampine.com/blake3"
)

// A digest is an irreversible image of a seed, as raw bytes: digits of
// it are read before. It has at least 64 bits; shorter ones
// stand in any traffic by chance, so that CRC-32, Adler-32, the 32 bits of FNV,
// murmur3 and xxHash, and Java's hashCode are not in the table. What is looked
// for is its first eight bytes, so that a digest that was cut short is met too.
type digest struct {
	name string
	sum  func(data []byte) []byte // nil if the data has no such image
}

// of names the digest of a seed in a spelling: in the innermost brackets.
func (d *digest) of(spelling string) string {
	if spelling == "" {
		return d.name
	}
	outer := strings.TrimRight(d.name, ")")
	return outer + "(" + spelling + ")" + d.name[len(outer):]
}

// digests are those that are looked for. To look for another, add a row.
// Whatever spelling is hashed, the first usual ones of them are looked for;
// the others only of the seed as it is, in one case of letters, and of an
// e-mail address in its normal form.
var digests = slices.Concat(usualDigests, rareDigests, nested())

var usualDigests = []digest{
	{"md5", md5Sum},
	{"sha1", sha1Sum},
	{"sha256", sha256Sum},
	{"sha512", sha512Sum},
	{"sha224", func(b []byte) []byte { h := sha256.Sum224(b); return h[:] }},
	{"sha384", func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }},
	{"murmur3-128", murmur128},
	{"xxh64", number(xxhash.Sum64)},
}

var rareDigests = []digest{
	{"md2", md2Sum},
	{"md4", with(md4.New)},
	{"sha512/224", func(b []byte) []byte { h := sha512.Sum512_224(b); return h[:] }},
	{"sha512/256", func(b []byte) []byte { h := sha512.Sum512_256(b); return h[:] }},
	{"sha3-224", func(b []byte) []byte { h := sha3.Sum224(b); return h[:] }},
	{"sha3-256", sha3Sum256},
	{"sha3-384", func(b []byte) []byte { h := sha3.Sum384(b); return h[:] }},
	{"sha3-512", func(b []byte) []byte { h := sha3.Sum512(b); return h[:] }},
	{"keccak-256", with(legacy.NewLegacyKeccak256)}, // SHA-3 before it was a standard
	{"ripemd160", with(ripemd160.New)},
	{"whirlpool", with(whirlpool.New)},
	{"sm3", sm3Sum},
	{"blake2b-128", blake2bOf(16)},
	{"blake2b-160", blake2bOf(20)},
	{"blake2b-224", blake2bOf(28)},
	{"blake2b-256", func(b []byte) []byte { h := blake2b.Sum256(b); return h[:] }},
	{"blake2b-384", func(b []byte) []byte { h := blake2b.Sum384(b); return h[:] }},
	{"blake2b-512", func(b []byte) []byte { h := blake2b.Sum512(b); return h[:] }},
	{"blake2s-256", func(b []byte) []byte { h := blake2s.Sum256(b); return h[:] }},
	{"blake3", func(b []byte) []byte { h := blake3.Sum256(b); return h[:] }},
	{"murmur3-128-x86", func(b []byte) []byte { return murmur128x86(0, b) }},
	{"md5:middle", func(b []byte) []byte { return md5Sum(b)[4:12] }}, // "MD5 of 16 digits"
	// Programs that take these as numbers write them in either order of bytes.
	{"murmur3-128:reversed", turned(murmur128)},
	{"xxh64:reversed", reversed(number(xxhash.Sum64))},
	{"xxh3", number(xxh3.Hash)},
	{"xxh3:reversed", reversed(number(xxh3.Hash))},
	{"xxh3-128", xxh128},
	{"xxh3-128:reversed", reversed(xxh128)},
	{"siphash-2-4", number(siphashZero)},
	{"siphash-2-4:reversed", reversed(number(siphashZero))},
	{"fnv64", with(func() hash.Hash { return fnv.New64() })},
	{"fnv64:reversed", reversed(with(func() hash.Hash { return fnv.New64() }))},
	{"fnv64a", with(func() hash.Hash { return fnv.New64a() })},
	{"fnv64a:reversed", reversed(with(func() hash.Hash { return fnv.New64a() }))},
	{"fnv128", with(fnv.New128)},
	{"fnv128a", with(fnv.New128a)},
	// No digests, but bytes all the same: those that hexadecimal digits stand for.
	{"bytes", digitBytes},
	{"bytes:guid", guidBytes},
}

// nested are digests of digests: of the raw bytes, of their hexadecimal digits
// in lower and in upper case, and of their base64.
func nested() []digest {
	inner := append(usualDigests[:4:4], digest{"sha3-256", sha3Sum256})
	var rows []digest
	for _, outer := range usualDigests[:4] {
		for _, in := range inner {
			rows = append(rows,
				digest{outer.name + "(hex(" + in.name + "))", twice(outer.sum, lowerHex, in.sum)},
				digest{outer.name + "(HEX(" + in.name + "))", twice(outer.sum, upperHex, in.sum)},
				digest{outer.name + "(base64(" + in.name + "))", twice(outer.sum, base64Digits, in.sum)},
				digest{outer.name + "(" + in.name + ")", twice(outer.sum, bytes.Clone, in.sum)},
			)
		}
	}
	return rows
}

func md5Sum(b []byte) []byte     { h := md5.Sum(b); return h[:] }  //nolint:gosec // see the imports
func sha1Sum(b []byte) []byte    { h := sha1.Sum(b); return h[:] } //nolint:gosec // see the imports
func sha256Sum(b []byte) []byte  { h := sha256.Sum256(b); return h[:] }
func sha3Sum256(b []byte) []byte { h := sha3.Sum256(b); return h[:] }
func sha512Sum(b []byte) []byte  { h := sha512.Sum512(b); return h[:] }

// with makes a sum of a hash that has to be made first.
func with(make func() hash.Hash) func([]byte) []byte {
	return func(b []byte) []byte {
		h := make()
		_, _ = h.Write(b)
		return h.Sum(nil)
	}
}

func lowerHex(b []byte) []byte     { return hex.AppendEncode(nil, b) }
func upperHex(b []byte) []byte     { return bytes.ToUpper(lowerHex(b)) }
func base64Digits(b []byte) []byte { return base64.StdEncoding.AppendEncode(nil, b) }

// blake2bOf makes BLAKE2b of so many bytes (RFC 7693); up to 64 there is no
// error.
func blake2bOf(size int) func([]byte) []byte {
	return with(func() hash.Hash {
		h, _ := blake2b.New(size, nil)
		return h
	})
}

// twice hashes a sum as it is written.
func twice(outer, write, inner func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte { return outer(write(inner(b))) }
}

// number writes a sum of 64 bits, the highest byte first.
func number(sum func([]byte) uint64) func([]byte) []byte {
	return func(b []byte) []byte { return binary.BigEndian.AppendUint64(nil, sum(b)) }
}

// reversed writes a sum with its last byte first.
func reversed(sum func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		out := sum(b)
		slices.Reverse(out)
		return out
	}
}

// turned writes each of the two 64-bit words of a sum with its last byte first.
func turned(sum func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		out := sum(b)
		slices.Reverse(out[:8])
		slices.Reverse(out[8:])
		return out
	}
}

// murmur128 is the variant for 64-bit machines, with the seed 0.
func murmur128(b []byte) []byte {
	h1, h2 := murmur3.Sum128(b)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, h1), h2)
}

func xxh128(b []byte) []byte { h := xxh3.Hash128(b).Bytes(); return h[:] }

func siphashZero(b []byte) uint64 { return siphash(0, 0, b) }

// digitBytes are the bytes that a UUID or another number in hexadecimal digits
// stands for.
func digitBytes(b []byte) []byte {
	digits := bytes.ReplaceAll(bytes.Trim(b, "{}"), []byte("-"), nil)
	out, err := hex.AppendDecode(nil, digits)
	if err != nil || len(out) < gram {
		return nil
	}
	return out
}

// guidBytes are those of a UUID in the order of Windows, whose first three
// fields have their last byte first.
func guidBytes(b []byte) []byte {
	out := digitBytes(b)
	if len(out) != 16 {
		return nil
	}
	slices.Reverse(out[:4])
	slices.Reverse(out[4:6])
	slices.Reverse(out[6:8])
	return out
}
