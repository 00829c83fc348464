package decode

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
)

func bodyOf(data []byte) audit.Exhibit {
	return audit.Exhibit{ID: "e1", Case: "c", Event: 1, Part: "request.body", Data: audit.NewSecret(data)}
}

// unlock peels exhibits twice, as detection does: the second time with the keys
// that the first time showed.
func unlock(t rapid.TB, base *Keyring, exhibits ...audit.Exhibit) (values []audit.Value, ring *Keyring) {
	t.Helper()
	search := NewKeySearch(base)
	for _, ex := range exhibits {
		for range search.Watch(ex, NewPeeler(Options{Limits: DefaultLimits, Keys: base}).Values(ex)) {
		}
	}
	if ring = search.Keyring(); ring == nil {
		ring = base
	}
	for _, ex := range exhibits {
		for v, err := range NewPeeler(Options{Limits: DefaultLimits, Keys: ring}).Values(ex) {
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			values = append(values, v)
		}
	}
	return values, ring
}

// isOpened reports whether a value comes from behind a key.
func isOpened(v audit.Value) bool {
	return slices.ContainsFunc(v.Trail, func(s string) bool { return audit.Key(s) != "" })
}

// trailOf returns the trail of the first value that is want, "" if none is.
func trailOf(values []audit.Value, want string) string {
	for _, v := range values {
		if string(v.Data.Reveal()) == want {
			return v.Trail.String()
		}
	}
	return ""
}

// A sealing is one way to encrypt: what it makes of a text, and the fields
// that have to stand beside that.
type sealing struct {
	name string
	seal func(block cipher.Block, key, iv, text []byte) (sealed []byte, beside map[string][]byte)
}

func padTo(text []byte) []byte {
	n := 16 - len(text)%16
	return append(slices.Clone(text), slices.Repeat([]byte{byte(n)}, n)...)
}

func cbcWith(block cipher.Block, iv, text []byte) []byte {
	out := padTo(text)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out
}

func ctrWith(block cipher.Block, iv, text []byte) []byte {
	out := make([]byte, len(text))
	cipher.NewCTR(block, iv).XORKeyStream(out, text)
	return out
}

var sealings = []sealing{
	{"cbc,iv=prefix", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		return slices.Concat(iv, cbcWith(b, iv, text)), nil
	}},
	{"cbc,iv=json:/iv", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		return cbcWith(b, iv, text), map[string][]byte{"iv": iv}
	}},
	{"cbc,iv=zero", func(b cipher.Block, _, _, text []byte) ([]byte, map[string][]byte) {
		return cbcWith(b, make([]byte, 16), text), nil
	}},
	{"cbc,iv=key", func(b cipher.Block, key, _, text []byte) ([]byte, map[string][]byte) {
		return cbcWith(b, key[:16], text), nil
	}},
	{"ecb", func(b cipher.Block, _, _, text []byte) ([]byte, map[string][]byte) {
		out := padTo(text)
		for i := 0; i < len(out); i += 16 {
			b.Encrypt(out[i:], out[i:])
		}
		return out, nil
	}},
	{"ctr,iv=prefix", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		return slices.Concat(iv, ctrWith(b, iv, text)), nil
	}},
	{"ctr,iv=json:/nonce", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		return ctrWith(b, slices.Concat(iv[:12], []byte{0, 0, 0, 1}), text), map[string][]byte{"nonce": iv[:12]}
	}},
	{"gcm,iv=prefix", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		gcm, _ := cipher.NewGCM(b)
		return slices.Concat(iv[:12], gcm.Seal(nil, iv[:12], text, nil)), nil
	}},
	{"gcm,iv=json:/nonce", func(b cipher.Block, _, iv, text []byte) ([]byte, map[string][]byte) {
		gcm, _ := cipher.NewGCM(b)
		out := gcm.Seal(nil, iv[:12], text, nil)
		return out[:len(text)], map[string][]byte{"nonce": iv[:12], "tag": out[len(text):]}
	}},
}

// Encrypted beside its key: it is opened, and the step says how. The trail can
// be replayed with the same keys.
func TestSealedBesideKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := mrand.New(mrand.NewPCG(rapid.Uint64().Draw(t, "random"), 1))
		s := rapid.SampledFrom(sealings).Draw(t, "mode")
		size := rapid.SampledFrom([]int{16, 24, 32}).Draw(t, "size")
		spell := rapid.SampledFrom([]func([]byte) string{hex.EncodeToString, base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString}).Draw(t, "spelling")
		text := rapid.SampledFrom([]string{
			fmt.Sprintf("https://%x.test/", noise(r, 8)), fmt.Sprintf("%x@post.example", noise(r, 8)),
			fmt.Sprintf(`{"url":"https://%x.test/","n":1}`, noise(r, 8)), fmt.Sprintf("%x %s", noise(r, 8), strings.Repeat("word ", 200)),
		}).Draw(t, "text")
		key, iv := noise(r, size), noise(r, 16)
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		sealed, beside := s.seal(block, key, iv, []byte(text))
		fields := map[string]string{"payload": spell(sealed), "aes_key": spell(key)}
		for name, data := range beside {
			fields[name] = spell(data)
		}
		doc, _ := json.Marshal(fields)
		values, ring := unlock(t, nil, bodyOf(doc))
		want := fmt.Sprintf("aes-%d-%s", 8*size, strings.Replace(s.name, ",", ":key=json:/aes_key,", 1))
		if s.name == "ecb" {
			want += ":key=json:/aes_key"
		}
		if trail := trailOf(values, text); !strings.HasSuffix(trail, want) {
			t.Fatalf("%s of %q in %s: trail %q, want %s", s.name, text, doc, trail, want)
		}
		fields["aes_key"] = spell(noise(r, size))
		doc2, _ := json.Marshal(fields)
		if wrong, _ := unlock(t, nil, bodyOf(doc2)); slices.ContainsFunc(wrong, isOpened) {
			t.Fatalf("opened with another key: %s", doc2)
		}
		replayed(t, ring, bodyOf(doc), values)
	})
}

// replayed checks that each trail leads to its value.
func replayed(t rapid.TB, ring *Keyring, ex audit.Exhibit, values []audit.Value) {
	t.Helper()
	for _, v := range values {
		f := audit.Finding{ID: "f1", Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: v.Data.Len()}}
		layers, err := Options{Limits: DefaultLimits, Keys: ring}.Explain(ex, f)
		if err != nil {
			t.Fatal(err)
		}
		if !layers[len(layers)-1].Data.Equal(v.Data) {
			t.Fatalf("%v: the replay gives other bytes", v.Trail)
		}
	}
}
