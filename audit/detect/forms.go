package detect

import (
	"crypto/md5"  //nolint:gosec // what others send is looked for, nothing is protected with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"strings"
)

// The forms of a seed that stands there readable.
const (
	Plain  = "plain"
	Folded = "folded" // in other capitals
)

// A form is an irreversible image of a seed, as raw bytes: hex and base64 of it
// are peeled before.
type form struct {
	name  string
	image func(seed string) []byte
}

// forms are the images that are looked for. To look for another, add a row.
var forms = []form{
	{"md5", func(s string) []byte { h := md5.Sum([]byte(s)); return h[:] }},   //nolint:gosec // see above
	{"sha1", func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] }}, //nolint:gosec // see above
	{"sha256", func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }},
	{"md5(lowercase)", func(s string) []byte { h := md5.Sum([]byte(strings.ToLower(s))); return h[:] }},   //nolint:gosec // see above
	{"sha1(lowercase)", func(s string) []byte { h := sha1.Sum([]byte(strings.ToLower(s))); return h[:] }}, //nolint:gosec // see above
	{"sha256(lowercase)", func(s string) []byte { h := sha256.Sum256([]byte(strings.ToLower(s))); return h[:] }},
}
