package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"telltale/audit"
)

const planted = "k7f3q9w2m4x8.8f3a91c2@post.example"

// FuzzCribs finds the key of whatever a text stands in: the oracle is the text
// itself, which stands there under the key and does not without it.
func FuzzCribs(f *testing.F) {
	f.Add([]byte("\x0a\x10"), []byte("\x12\x04rest"), []byte("\x5a"))
	f.Add([]byte(`{"mail":"`), []byte(`"}`), []byte("a long key of 16"))
	f.Add([]byte(""), []byte(""), []byte("\x01\x02\x01\x02"))
	cribs := NewCribs("https://www.example.org/other", planted)
	f.Fuzz(func(t *testing.T, before, after, key []byte) {
		plain := slices.Concat(before[:min(len(before), 500)], []byte(planted), after[:min(len(after), 500)])
		key = key[:min(len(key), maxCribKey)]
		if len(bytes.Trim(key, "\x00")) == 0 {
			key = []byte{0x80}
		}
		data := xor(plain, key)
		found := cribs.key(data)
		if found == nil {
			t.Fatalf("no key for %q under %x", plain, key)
		}
		if len(found) > len(key) || !bytes.Contains(xor(data, found), []byte(planted)) {
			t.Errorf("%q under %x: got the key %x", plain, key, found)
		}
	})
}

// Every length of a key, every form of the layer, among many other texts; and a
// trail is replayed without the cribs.
func TestXORWithCribs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{planted, "https://www.k7q2news.example/politics/a-story-9f3c71e2b4.html"}
	for n := range 2000 {
		texts = append(texts, fmt.Sprintf("https://www.news%d.example/politics/a-story-%x.html", n%7, r.Uint64()))
	}
	options := Options{Limits: DefaultLimits, Cribs: NewCribs(texts...)}
	for size := 1; size <= maxCribKey; size++ {
		for _, text := range texts[:2] {
			plain := []byte("\x0a\x05\xffabcd\x12" + text + "\x1a\x02\x00\x01")
			key := noise(r, size)
			ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(xor(plain, key))}
			i := -1
			for v, err := range NewPeeler(options).Values(ex) {
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(v.Data.Reveal(), []byte(text)) {
					i = bytes.Index(v.Data.Reveal(), []byte(text))
					f := audit.Finding{Trail: v.Trail, Spans: v.Spans, Span: audit.Span{Start: i, End: i + len(text)}}
					if _, err := Explain(ex, f); err != nil {
						t.Error(err)
					}
					break
				}
			}
			if i < 0 {
				t.Errorf("%q under %x is not found", text, key)
			}
		}
	}
}

// Random bytes, runs of a byte and what holds a text in clear have no key.
func TestNoKeyByCribs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	texts := []string{planted, "https://www.example.org/00000000000000000000"}
	for range 5000 {
		texts = append(texts, fmt.Sprintf("anna.fischer.%010x@mail%d.test", r.Uint64()>>24, r.IntN(99)))
	}
	cribs := NewCribs(texts...)
	for range 200 {
		if key := cribs.key(noise(r, 2000)); key != nil {
			t.Errorf("random bytes have the key %x", key)
		}
	}
	for _, data := range [][]byte{make([]byte, 5000), bytes.Repeat([]byte{0xff}, 300), []byte("\x01" + planted + "\x02"), nil, []byte("short")} {
		if key := cribs.key(data); key != nil {
			t.Errorf("%.40q has the key %x", data, key)
		}
	}
	if key := (*Cribs)(nil).key([]byte(planted)); key != nil {
		t.Errorf("nothing has the key %x", key)
	}
}

func BenchmarkCribs(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{10, 10_000} {
		var texts []string
		for range n {
			texts = append(texts, fmt.Sprintf("anna.fischer.%010x@mail%d.test", r.Uint64()>>24, r.IntN(99)))
		}
		cribs, data := NewCribs(texts...), noise(r, maxCribData)
		cribs.key(data)
		b.Run(fmt.Sprintf("texts=%d", n), func(b *testing.B) {
			b.SetBytes(maxCribData)
			for b.Loop() {
				cribs.key(data)
			}
		})
		b.Run(fmt.Sprintf("index/texts=%d", n), func(b *testing.B) {
			for b.Loop() {
				newCribIndex(cribs.texts)
			}
		})
	}
}
