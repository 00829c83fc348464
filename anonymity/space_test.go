package anonymity

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func TestParseSpace(t *testing.T) {
	for _, c := range []struct {
		text        string
		size        uint64
		first, last string
	}{
		{"digits:+999#%", 160, "+9990" + "0", "+9999f"},
		{"imei:49015420", 1_000_000, "490154200000000", "490154209999996"},
		{"mac:00-1A-2b", 1 << 24, "00:1a:2b:00:00:00", "00:1a:2b:ff:ff:ff"},
		{"ipv4:192.0.2.0/24", 256, "192.0.2.0", "192.0.2.255"},
		{"ipv4:0.0.0.0/0", 1 << 32, "0.0.0.0", "255.255.255.255"},
	} {
		s, err := ParseSpace(c.text)
		if err != nil || s.Size != c.size || s.Name != c.text {
			t.Errorf("%s: %d values, %v, want %d", c.text, s.Size, err, c.size)
			continue
		}
		first, last := string(s.at(0, nil)), string(s.at(s.Size-1, nil))
		if first != c.first || last != c.last {
			t.Errorf("%s: %s to %s, want %s to %s", c.text, first, last, c.first, c.last)
		}
	}
	for _, text := range []string{"", "words:x", "imei:123", "imei:1234567x", "mac:00:1a", "mac:zz:zz:zz", "ipv4:::/64", "ipv4:x", "digits:" + strings.Repeat("#", 30)} {
		if _, err := ParseSpace(text); err == nil {
			t.Errorf("%q is no dictionary", text)
		}
	}
}

// The IMEI that 3GPP and everyone else uses as the example of a check digit.
func TestLuhn(t *testing.T) {
	if got := luhn([]byte("49015420323751")); got != '8' {
		t.Errorf("check digit %c, want 8", got)
	}
}

// Whatever a dictionary is, it gives as many different values as it says.
func FuzzParseSpace(f *testing.F) {
	f.Add("digits:+9##%")
	f.Add("imei:49015420")
	f.Add("mac:00:1a:2b")
	f.Add("ipv4:192.0.2.0/24")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpace(text)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		n := min(s.Size, 2000)
		for i := range n {
			seen[string(s.at(i, nil))] = true
		}
		if uint64(len(seen)) != n {
			t.Errorf("%q: %d different values of %d", text, len(seen), n)
		}
	})
}

// Digests in every spelling are found again, by any number of workers.
func TestReverse(t *testing.T) {
	phone := func(i int) []byte { return fmt.Appendf(nil, "+99900%04d", i) }
	m, s1, s2 := md5.Sum(phone(1)), sha1.Sum(phone(2)), sha256.Sum256(phone(3))
	space, err := ParseSpace("digits:+99900####")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want string
	}{
		{hex.EncodeToString(m[:]), "+999000001"},
		{strings.ToUpper(hex.EncodeToString(s1[:])), "+999000002"},
		{base64.StdEncoding.EncodeToString(s2[:]), "+999000003"},
		{base64.RawURLEncoding.EncodeToString(s2[:]), "+999000003"},
	} {
		sum, kind, ok := digestOf(c.text)
		if !ok {
			t.Errorf("%s is not told as a digest", c.text)
			continue
		}
		for workers := 1; workers <= 3; workers++ {
			r := newReversal(kind)
			r.add(sum, 7)
			found, err := r.try(context.Background(), space, 10_000, workers)
			if err != nil || string(space.at(found[7], nil)) != c.want {
				t.Errorf("%s with %d workers: %v, %v, want %s", c.text, workers, found, err, c.want)
			}
			if found, _ = r.try(context.Background(), space, 1, workers); len(found) != 0 {
				t.Errorf("%s is found beyond the number of guesses", c.text)
			}
		}
	}
	if _, _, ok := digestOf("not a digest"); ok {
		t.Error("words are no digest")
	}
}

func TestDecoded(t *testing.T) {
	for _, c := range []struct{ value, want, encoding string }{
		{base64.StdEncoding.EncodeToString([]byte("4d3f1ee9a0b8c7d6")), "4d3f1ee9a0b8c7d6", "base64"},
		{hex.EncodeToString([]byte("someone@post.example.com")), "someone@post.example.com", "hex"},
		{"hello", "", ""},
	} {
		got, encoding, _ := decoded("x", c.value)
		if got != c.want || encoding != c.encoding {
			t.Errorf("%s: %q in %s, want %q in %s", c.value, got, encoding, c.want, c.encoding)
		}
	}
}
