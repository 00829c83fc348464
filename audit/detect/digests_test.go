package detect

import (
	"encoding/hex"
	"strings"
	"testing"

	"telltale/audit"
)

// The digests that are written here give what OpenSSL and Python give, for
// inputs of no block, one, and several.
func TestDigests(t *testing.T) {
	long := strings.Repeat("a", 200)
	for _, tt := range []struct{ name, in, want string }{
		{"md4", "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
		{"md4", "abc", "a448017aaf21d8525fc10ae87aa6729d"},
		{"md4", long, "e4720c787792df1ec36423b1f3fb0ee6"},
		{"ripemd160", "", "9c1185a5c5e9fc54612808977ee8f548b2258d31"},
		{"ripemd160", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
		{"ripemd160", long, "2a5b424394c0fce2665d4e0b077e998d2d62160a"},
		{"blake2b-256", "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
		{"blake2b-512", "", "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"},
		{"blake2b-512", long, "932355851d75f09c18646a9da87c25e055bc57f113121ad1ec63d45e7a1d62ab9133f8b7d1d7de9e0afa784eb6a8a11d78683013d0a672611f17668d9577d209"},
		{"md5(hex(md5))", "abc", "ec0405c5aef93e771cd80e0db180b88b"},
	} {
		for _, d := range digests {
			if d.name != tt.name {
				continue
			}
			if got := hex.EncodeToString(d.sum([]byte(tt.in))); got != tt.want {
				t.Errorf("%s of %q: got %s, want %s", tt.name, tt.in, got, tt.want)
			}
		}
	}
}

// Digests have distinct names and at least the bits that are looked for, and a
// seed costs no more than 300 images.
func TestDigestTable(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range digests {
		if names[d.name] || len(d.sum([]byte("0123456789abcdef0123456789abcdef"))) < gram {
			t.Errorf("%s: twice, or too short", d.name)
		}
		names[d.name] = true
	}
	for _, s := range spellings {
		if s.name != "" {
			d := digest{name: "md5(hex(sha1))"}
			if got, want := d.of(s.name), "md5(hex(sha1("+s.name+")))"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	seeds, err := NewSeeds([]audit.Seed{{Name: "page", Value: "https://Www.K7f3q9w2.example/m4x8/abcd?q=zyxw"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := seeds.images.len(); n > 300 {
		t.Errorf("a seed costs %d images", n)
	}
}
