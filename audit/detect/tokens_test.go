package detect

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
)

// A short digest is met in every kind of digits, alone and among other text,
// where decoding makes no layer of them.
func TestTokens(t *testing.T) {
	const value = "k7f3q9w2m4x8@post.example"
	s := mustSeeds(t, value)
	sum, short := md5Sum([]byte(value)), number(siphashZero)([]byte(value))
	dashes := hex.EncodeToString(sum)
	for in, want := range map[string]string{
		base64.StdEncoding.EncodeToString(sum):                              "base64 md5 {0 22}",
		"id=" + base64.RawURLEncoding.EncodeToString(sum) + ";v=":           "base64 md5 {3 25}",
		"md5-" + base64.RawURLEncoding.EncodeToString(sum):                  "base64 md5 {4 26}",
		base64.StdEncoding.EncodeToString(short):                            "base64 siphash-2-4 {0 11}",
		base64.RawURLEncoding.EncodeToString(sha256Sum([]byte(value))[:12]): "base64 sha256[:12] {0 16}",
		base32.StdEncoding.EncodeToString(sum):                              "base32 md5 {0 26}",
		dashed(dashes):                                                      "dashed md5 {0 36}",
		new(big.Int).SetBytes(sum).String():                                 fmt.Sprintf("decimal md5 {0 %d}", len(new(big.Int).SetBytes(sum).String())),
		base64.StdEncoding.EncodeToString(sum[:7]):                          "",
	} {
		var got []string
		for _, m := range s.Find(audit.Value{Data: audit.NewSecret([]byte(in)), Leaf: true}) {
			got = append(got, fmt.Sprint(m.Form, " ", m.Span))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %v, want %s", in, got, want)
		}
	}
}

// FuzzTokens: whatever the bytes, a token lies within them and has at least
// the bytes that are looked up.
func FuzzTokens(f *testing.F) {
	f.Add([]byte("id=kAFQmDzST7DWlj99KOF_cg==;n=-17255303176696643459986044716933756727"))
	f.Add([]byte("-17255303176696643459986044716933756727"))
	f.Add([]byte("01b10c7f-7b1d-9eea-ebee-9364434eecfe/ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokens(audit.Value{Data: audit.NewSecret(data), Leaf: true}, func(got token) {
			if got.span.Start < 0 || got.span.Len() < leastToken || got.span.End > len(data) || len(got.sum) < gram {
				t.Errorf("got %+v of %d bytes", got, len(data))
			}
			digits := data[got.span.Start:got.span.End]
			if got.form != "base64" {
				return
			}
			back := base64.RawStdEncoding.EncodeToString(got.sum)
			plain := strings.NewReplacer("-", "+", "_", "/").Replace(string(digits))
			if n := len(back) - 1; back[:n] != plain[:n] { // the last digit has bits that fill no byte
				t.Errorf("%q is read as %q", digits, back)
			}
		})
	})
}

// An address of the same mailbox is met whatever its dots and its tag, and no
// other address is.
func TestMailbox(t *testing.T) {
	s := mustSeeds(t, "k7f3q9w2m4x8@post.example", "twin.a1b2c3d4+x@post.example", "twina1b2c3d4+y@post.example")
	rapid.Check(t, func(t *rapid.T) {
		user := "k7f3q9w2m4x8"
		if i := rapid.IntRange(1, len(user)-1).Draw(t, "dot"); rapid.Bool().Draw(t, "dotted") {
			user = user[:i] + "." + user[i:]
		}
		user += rapid.StringMatching(`(\+[a-z]{1,8})?`).Draw(t, "tag")
		want := user + "@post.example"
		data := "to <" + want + ">"
		found := s.mail([]byte(data))
		if len(found) != 1 || found[0].Seed != 0 || data[found[0].Span.Start:found[0].Span.End] != want {
			t.Fatalf("%s: got %v", data, found)
		}
	})
	for _, in := range []string{"@post.example", "xk7f3q9w2m4x8@post.example", "k7f3q9w2m4x8@post.example.org", "twina1b2c3d4+z@post.example", "@@@@"} {
		if found := s.mail([]byte(in)); len(found) > 0 {
			t.Errorf("%s: got %v", in, found)
		}
	}
}

// Parts of natural seeds are met where they stand by themselves; what is common
// to many addresses is not met.
func TestNaturalParts(t *testing.T) {
	s := mustSeeds(t, "https://www.clinic.example/appointments/oncology?patient=8812", "maria.lindqvist@mail.example", "postmaster@mail.example")
	for in, want := range map[string]string{
		"www.clinic.example/appointments/oncology":          "url:no-query {0 40}",
		"xwww.clinic.example/appointments/oncologys":        "",
		"https://www.clinic.example":                        "",
		"https://www.clinic.example/appointments/on":        "plain[:42] {0 42}",
		"to maria.lindqvist, please":                        "email:user {3 18}",
		"maria.lindqvists":                                  "",
		"postmaster":                                        "",
		string(sha256Sum([]byte("www.clinic.example"))):     "",
		string(sha256Sum([]byte("maria.lindqvist"))):        "sha256(email:user) {0 32}",
		string(sha256Sum([]byte("/appointments/oncology"))): "sha256(url:path-only) {0 32}",
	} {
		if got := matched(s, []byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
