package detect_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/detect"
)

// A digest is met if its salt or key stands beside it, or was published. The
// digests are those of Python's hashlib and hmac.
func TestSalted(t *testing.T) {
	const (
		sha256Salt = "155438a000cfef55b3a0813f61c69d4139f6999479ffcd1b0329870999c9b8b1" // s4lt-9xk7f3…
		md5Colon   = "ff8dc7ef2c4b3e2f29300208048d1cdb"                                 // k7f3…:s4lt-9x
		hmacSHA1   = "88ab3ecb79e4fda9fc7573c91da73d314175c23b"                         // under s4lt-9x-keys
		published  = "2a1ff88669f0c2ecda8953adaf88184512521299537d5a7b1d0aa2ec44c2a157" // k7f3…QX4QkKEU
	)
	for in, want := range map[string]string{
		`{"salt":"s4lt-9x","id":"` + sha256Salt + `"}`:        "e1 mail sha256(salt+value) certain: with the salt at json:/salt",
		`{"id":"` + sha256Salt + `"}`:                         "",
		"h=" + md5Colon + "&x=1&n=s4lt-9x":                    "e1 mail md5(value:salt) certain: with the salt at form:n",
		`{"key":"czRsdC05eC1rZXlz","sig":"` + hmacSHA1 + `"}`: "e1 mail hmac-sha1(value) certain: with the salt at json:/key › base64",
		`{"id":"` + published + `"}`:                          "e1 mail sha256(value+salt) certain: with a salt from the list of hashes of Leaky Forms, USENIX Security 2022",
		`{"salt":"s4lt-9x","id":"` + sha256Salt[:62] + `b2"}`: "",
	} {
		if got := strings.Join(forms(t, []audit.Seed{mail}, body(1, here, "sink.example", in)), ", "); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// Whatever the salt, the separator and the digest, it is met.
func TestSaltedProperty(t *testing.T) {
	digests := map[string]func() hash.Hash{
		"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}).Draw(t, "digest")
		sep := rapid.SampledFrom([]string{"+", ":", "|", "_", "key"}).Draw(t, "separator")
		salt := rapid.StringMatching(`[a-z0-9]{1,40}`).Draw(t, "salt")
		h, form := digests[name](), name+"(salt"+sep+"value)"
		if sep == "key" {
			h, form = hmac.New(digests[name], []byte(salt)), "hmac-"+name+"(value)"
			_, _ = h.Write([]byte(mail.Value))
		} else {
			_, _ = h.Write([]byte(salt + strings.Trim(sep, "+") + mail.Value))
		}
		in := fmt.Sprintf(`{"v":"1.0","s":%q,"id":"%s"}`, salt, hex.EncodeToString(h.Sum(nil)))
		r := detected(t, []audit.Seed{mail}, body(1, here, "sink.example", in))
		if len(r.Findings) != 1 || r.Findings[0].Form != form {
			t.Fatalf("%s: got %v, want %s", in, lines(r.Findings), form)
		}
	})
}

// Many seeds, many digests and many salts cost no more than the bound: the
// search ends, and what comes first in it is still met.
func TestSaltedBound(t *testing.T) {
	seeds := []audit.Seed{mail}
	for i := range 2000 {
		seeds = append(seeds, audit.Seed{Name: fmt.Sprint("s", i), Kind: "contact/email", Value: fmt.Sprintf("k%08dw@post.example", i*7919)})
	}
	var in strings.Builder
	in.WriteString(`{"salt":"s4lt-9x","h":"155438a000cfef55b3a0813f61c69d4139f6999479ffcd1b0329870999c9b8b1"`)
	for i := range 300 {
		sum := sha512.Sum512([]byte{byte(i), byte(i >> 8)})
		fmt.Fprintf(&in, `,"n%d":"%x","k%d":"%x"`, i, sum, i, sum[:20])
	}
	in.WriteByte('}')
	r := found(t, seeds, body(1, here, "sink.example", in.String()))
	if len(r.Findings) != 1 || r.Findings[0].Seed != "mail" {
		t.Errorf("got %v", lines(r.Findings))
	}
	if n := detect.MaxSums; n > 1<<20 {
		t.Errorf("an exhibit may cost %d digests", n)
	}
}
