package detect

import (
	"crypto/md5"  //nolint:gosec // what others send is looked for, nothing is protected with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"hash/fnv"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/md4"       //nolint:gosec,staticcheck // old and broken, and still sent
	"golang.org/x/crypto/ripemd160" //nolint:gosec,staticcheck // as above
)

// A digest is an irreversible image of a seed, as raw bytes: hexadecimal and
// base64 digits of it are peeled before. It has at least 64 bits; shorter ones
// stand in any traffic by chance. What is looked for is its first eight bytes,
// so that a digest that was cut short is met too.
type digest struct {
	name string
	sum  func(data []byte) []byte
}

// of names the digest of a seed in a spelling.
func (d *digest) of(spelling string) string {
	switch {
	case spelling == "":
		return d.name
	case strings.HasSuffix(d.name, "))"): // the inner one
		return strings.TrimSuffix(d.name, "))") + "(" + spelling + ")))"
	default:
		return d.name + "(" + spelling + ")"
	}
}

// digests are those that are looked for. To look for another, add a row.
var digests = []digest{
	{"md5", md5Sum},
	{"sha1", sha1Sum},
	{"sha256", sha256Sum},
	{"sha224", func(b []byte) []byte { h := sha256.Sum224(b); return h[:] }},
	{"sha384", func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }},
	{"sha512", func(b []byte) []byte { h := sha512.Sum512(b); return h[:] }},
	{"sha512/256", func(b []byte) []byte { h := sha512.Sum512_256(b); return h[:] }},
	{"sha3-224", func(b []byte) []byte { h := sha3.Sum224(b); return h[:] }},
	{"sha3-256", func(b []byte) []byte { h := sha3.Sum256(b); return h[:] }},
	{"sha3-384", func(b []byte) []byte { h := sha3.Sum384(b); return h[:] }},
	{"sha3-512", func(b []byte) []byte { h := sha3.Sum512(b); return h[:] }},
	{"md4", with(md4.New)},
	{"ripemd160", with(ripemd160.New)},
	{"blake2b-256", func(b []byte) []byte { h := blake2b.Sum256(b); return h[:] }},
	{"blake2b-384", func(b []byte) []byte { h := blake2b.Sum384(b); return h[:] }},
	{"blake2b-512", func(b []byte) []byte { h := blake2b.Sum512(b); return h[:] }},
	{"blake2s-256", func(b []byte) []byte { h := blake2s.Sum256(b); return h[:] }},
	{"fnv64", with(func() hash.Hash { return fnv.New64() })},
	{"fnv64a", with(func() hash.Hash { return fnv.New64a() })},
	{"fnv128", with(fnv.New128)},
	{"fnv128a", with(fnv.New128a)},
	{"md5(hex(md5))", twice(md5Sum, md5Sum)},
	{"md5(hex(sha1))", twice(md5Sum, sha1Sum)},
	{"md5(hex(sha256))", twice(md5Sum, sha256Sum)},
	{"sha1(hex(md5))", twice(sha1Sum, md5Sum)},
	{"sha1(hex(sha1))", twice(sha1Sum, sha1Sum)},
	{"sha1(hex(sha256))", twice(sha1Sum, sha256Sum)},
	{"sha256(hex(md5))", twice(sha256Sum, md5Sum)},
	{"sha256(hex(sha1))", twice(sha256Sum, sha1Sum)},
	{"sha256(hex(sha256))", twice(sha256Sum, sha256Sum)},
}

func md5Sum(b []byte) []byte    { h := md5.Sum(b); return h[:] }  //nolint:gosec // see the imports
func sha1Sum(b []byte) []byte   { h := sha1.Sum(b); return h[:] } //nolint:gosec // see the imports
func sha256Sum(b []byte) []byte { h := sha256.Sum256(b); return h[:] }

// with makes a sum of a hash that has to be made first.
func with(make func() hash.Hash) func([]byte) []byte {
	return func(b []byte) []byte {
		h := make()
		_, _ = h.Write(b)
		return h.Sum(nil)
	}
}

// twice hashes the hexadecimal digits of a sum.
func twice(outer, inner func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte { return outer(hex.AppendEncode(nil, inner(b))) }
}
