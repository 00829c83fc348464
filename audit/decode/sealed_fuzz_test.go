package decode

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"telltale/audit"
)

// FuzzSealed encrypts a text in every way and opens it with the key; without
// the key, it stays as it is.
func FuzzSealed(f *testing.F) {
	f.Add([]byte("some words"), []byte("0123456789abcdef"), []byte("fedcba9876543210"))
	f.Fuzz(func(t *testing.T, words, key, iv []byte) {
		key = append(bytes.Clone(key), make([]byte, 16)...)[:16]
		sum := sha256.Sum256(append(iv, key...)) // that no IV is like the key, which reads as well
		iv = sum[:16]
		text := append([]byte(`{"url":"https://example.org/`), letters(words)...)
		text = append(text, `"}`...)
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sealings {
			sealed, beside := s.seal(block, key, iv, text)
			keys := []string{"hex:" + hex.EncodeToString(key)}
			for name, data := range beside {
				keys = append(keys, fmt.Sprintf("%s=hex:%x", name, data))
			}
			in := layer{data: sealed, lock: given(t, keys...).lock(audit.Exhibit{ID: "e1"})}
			out, ok, err := open(in)
			if err != nil || isSealed(in) && (!ok || !bytes.Equal(out.data, text)) {
				t.Errorf("%s: %v, %s gives %q, want %q", s.name, err, out.step, out.data, text)
			}
			run(t, named(t, "sealed"), in)
		}
	})
}

// FuzzSealedAnything tries keys on anything. What comes out of a cipher whose
// result is no longer than its input is no longer either, and the step names
// the key by its place.
func FuzzSealedAnything(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef"))
	f.Add([]byte("Salted__0123456789abcdef01234567"), []byte("secret"))
	f.Fuzz(func(t *testing.T, data, key []byte) {
		if len(key) == 0 || len(key) > maxKey {
			return
		}
		in := layer{data: data, lock: given(t, fmt.Sprintf("hex:%x", key), fmt.Sprintf("iv=hex:%x", key)).lock(audit.Exhibit{ID: "e1"})}
		for _, name := range []string{"sealed", "sealed-digits"} {
			for _, p := range run(t, named(t, name), in) {
				if len(p.data) > len(data) || name == "sealed" && audit.Key(p.step) != "given:1" && audit.Key(p.step) == "" {
					t.Errorf("%s gives %q", p.step, p.data)
				}
			}
		}
	})
}

// FuzzParseKey reads keys in three spellings, and anything as a key: it is
// refused without being shown, or it is a key.
func FuzzParseKey(f *testing.F) {
	f.Add("aes=hex:00112233", []byte("0123456789abcdef"))
	f.Add("@file", []byte("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		read := func(string) ([]byte, error) { return data, nil }
		if k, err := ParseKey(text, 1, read); err == nil && len(k.materials)+len(k.private) == 0 {
			t.Errorf("%q: no key and no error", text)
		} else if _, value, _ := strings.Cut(text, ":"); err != nil && len(value) > 12 && strings.Contains(err.Error(), value) {
			t.Errorf("%q: the error shows the key: %v", text, err)
		}
		if len(data) == 0 || len(data) > maxKey {
			return
		}
		for _, form := range []string{"hex:" + hex.EncodeToString(data), "n=text:" + string(data)} {
			k, err := ParseKey(form, 1, func(string) ([]byte, error) { return nil, errors.New("no file") })
			if err != nil || !bytes.Equal(k.materials[0].data, data) {
				t.Errorf("%q: %v, %v", form, k, err)
			}
		}
	})
}

// FuzzAnswer finds a key that a script assigns, whatever stands around it.
func FuzzAnswer(f *testing.F) {
	f.Add("var a = \"b\"; use('x',{", ",kid:7})", []byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, before, after string, key []byte) {
		before, after = string(letters([]byte(before))), string(letters([]byte(after)))
		want := hex.EncodeToString(append(bytes.Clone(key), make([]byte, 16)...)[:16])
		search := NewKeySearch(nil)
		text := before + ` {aes_key: '` + want + `'} ` + after
		search.Answer(audit.Exhibit{Data: audit.NewSecret([]byte(text))})
		ring := search.Keyring()
		if ring == nil {
			t.Fatalf("%q: no key", text)
		}
		for _, m := range ring.all {
			if m.role&asKey != 0 && hex.EncodeToString(m.data) == want && m.label == "answer:aes_key" {
				return
			}
		}
		t.Errorf("%q: other keys", text)
	})
}
