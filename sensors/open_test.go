package sensors_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/sensors"
)

var keys = sync.OnceValue(func() (k struct {
	rsa   *rsa.PrivateKey
	ecdh  *ecdh.PrivateKey
	ecdsa *ecdsa.PrivateKey
},
) {
	var errs [3]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.ecdh, errs[1] = ecdh.P256().GenerateKey(rand.Reader)
	k.ecdsa, errs[2] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err := errors.Join(errs[:]...); err != nil {
		panic(err)
	}
	return k
})

const (
	staticKey = "0123456789abcdef"
	sample    = `{"type":"track","event":"E","distinct_id":"u1","time":1588291200000,"properties":{}}`
)

// Payloads that were made by another implementation of AES and gzip.
func TestOpenVectors(t *testing.T) {
	for _, tt := range []struct {
		name, container, payload string
	}{
		{"JavaScript plugin", `{"key_id":7,"key_hash":"hh","nc":1,"payload":"%"}`, "AAECAwQFBgcICQoLDA0OD0cu27i9Ut7TxsljywB8c5sxv7k3bSLZ3Wrd1is08gyTOfpoO6MY8RVlKQFcts1NUdWrqoIRH3ZeLoq75MGuciGmVGecsgM5rkShMWGxvxixOIsMst6+jspeXZ1RSmqtVQ=="},
		{"native, events", `[{"ekey":"","pkv":7,"payloads":["%"],"flush_time":1}]`, nativePayload},
		{"native, transport", `[{"ekey":"","pkv":7,"payloads":"%","flush_time":1}]`, nativePayload},
	} {
		containers, err := sensors.ParseContainers(strings.Replace(tt.container, "%", tt.payload, 1), sensors.DefaultLimits)
		if err != nil || len(containers) != 1 {
			t.Fatalf("%s: got %v, %v", tt.name, containers, err)
		}
		known := sensors.Keys{Static: []sensors.StaticKey{{Version: 7, Key: []byte(staticKey)}}}
		got, err := sensors.Open(containers[0], known, sensors.DefaultLimits)
		if diff := cmp.Diff([]string{sample}, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, diff)
		}
	}
}

const nativePayload = "AAECAwQFBgcICQoLDA0OD5kFu4SAcC4HKab4HCRiWtH5jsDcK6a5bT7AW6RbclHQoFAQnc4dwGnql/C/ev5NNhM4Vp81d/4PKsZTERqXZoBx6Wsv/SoWfsUuBunLokXszQG61mXRW26o/S/Bk1iQYg=="

// A recipient and the keys that open what was sealed for it.
type lock struct {
	name string
	to   sensors.Recipient
	keys sensors.Keys
}

func locks() []lock {
	k := keys()
	private := func(version int64, key any) sensors.Keys {
		return sensors.Keys{Private: []sensors.PrivateKey{{Version: version, Key: key}}}
	}
	return []lock{
		{"RSA", sensors.Recipient{Version: 3, Public: &k.rsa.PublicKey}, private(3, k.rsa)},
		{"RSA, any version", sensors.Recipient{Version: 3, Public: &k.rsa.PublicKey}, private(0, k.rsa)},
		{"ECIES, P-256", sensors.Recipient{Version: 4, Public: k.ecdh.PublicKey()}, private(4, k.ecdh)},
		{"ECIES, P-384", sensors.Recipient{Version: 5, Public: &k.ecdsa.PublicKey}, private(5, k.ecdsa)},
	}
}

// What is sealed opens with its key, and with no other.
func TestSealOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(locks()).Draw(t, "lock")
		variant := rapid.SampledFrom([]sensors.Variant{sensors.Native, sensors.General, sensors.Static}).Draw(t, "variant")
		n := rapid.IntRange(1, 3).Draw(t, "texts")
		if variant == sensors.Static {
			l.to.Static, l.keys, n = []byte(staticKey), sensors.Keys{Static: []sensors.StaticKey{{Key: []byte(staticKey)}}}, 1
		}
		var texts []string
		for range n {
			texts = append(texts, string(sensors.Text(rapid.String().Draw(t, "text")).Append([]byte(`{"a":`)))+"}")
		}
		c, err := sensors.Seal(variant, texts, l.to, 1588291200000, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sensors.Open(c, l.keys, sensors.DefaultLimits)
		if err != nil || !slices.Equal(got, texts) {
			t.Fatalf("%s: got %q, %v, want %q", l.name, got, err, texts)
		}
		if strings.Contains(c.String(), c.Payloads[0]) {
			t.Error("the container's description holds its payload")
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	k := keys()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sensors.Seal(sensors.Native, []string{sample}, locks()[0].to, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	bomb, err := sensors.Seal(sensors.Native, []string{"{" + strings.Repeat(" ", 9<<20) + "}"}, locks()[0].to, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cut := c
	cut.Payloads = []string{c.Payloads[0][:len(c.Payloads[0])-24]}
	ec, err := sensors.Seal(sensors.Native, []string{sample}, locks()[2].to, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		c    sensors.Container
		keys sensors.Keys
		want error
	}{
		{"no key", c, sensors.Keys{}, sensors.ErrNoKey},
		{"key of another version", c, sensors.Keys{Private: []sensors.PrivateKey{{Version: 9, Key: k.rsa}}}, sensors.ErrNoKey},
		{"key of another kind", c, sensors.Keys{Private: []sensors.PrivateKey{{Key: k.ecdh}}}, sensors.ErrNoKey},
		{"static key of a wrong length", c, sensors.Keys{Static: []sensors.StaticKey{{Key: []byte("short")}}}, sensors.ErrNoKey},
		{"wrong key", c, sensors.Keys{Private: []sensors.PrivateKey{{Key: other}}}, sensors.ErrSealed},
		{"wrong static key", c, sensors.Keys{Static: []sensors.StaticKey{{Key: []byte(staticKey)}}}, sensors.ErrSealed},
		{"cut payload", cut, locks()[0].keys, sensors.ErrSealed},
		{"bomb", bomb, locks()[0].keys, sensors.ErrLimit},
		{"changed mac", func() sensors.Container {
			raw, _ := base64.StdEncoding.DecodeString(ec.EKey)
			raw[len(raw)-1] ^= 1
			ec.EKey = base64.StdEncoding.EncodeToString(raw)
			return ec
		}(), locks()[2].keys, sensors.ErrSealed},
	} {
		if got, err := sensors.Open(tt.c, tt.keys, sensors.DefaultLimits); !errors.Is(err, tt.want) || got != nil {
			t.Errorf("%s: got %d texts, %v, want %v", tt.name, len(got), err, tt.want)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	good := locks()[0].to
	for _, tt := range []struct {
		name    string
		variant sensors.Variant
		texts   []string
		to      sensors.Recipient
		random  io.Reader
		want    string
	}{
		{"nothing", sensors.Native, nil, good, rand.Reader, "sealing 0 texts in a container (native): a static one holds one, the others one or more"},
		{"two in a static one", sensors.Static, []string{"{}", "{}"}, good, rand.Reader, "sealing 2 texts in a container (static key): a static one holds one, the others one or more"},
		{"a key of a wrong kind", sensors.General, []string{"{}"}, sensors.Recipient{Public: "key"}, rand.Reader, "wrapping a key for a public key of type string: use RSA or a NIST curve"},
		{"a static key of a wrong length", sensors.Static, []string{"{}"}, sensors.Recipient{Static: []byte("short")}, rand.Reader, "a symmetric key of 5 bytes: it must have 16"},
		{"no randomness", sensors.Native, []string{"{}"}, good, strings.NewReader(""), "making a key: EOF"},
		{"no vector", sensors.Static, []string{"{}"}, sensors.Recipient{Static: []byte(staticKey)}, strings.NewReader("abc"), "making an initialisation vector: unexpected EOF"},
	} {
		if _, err := sensors.Seal(tt.variant, tt.texts, tt.to, 1, tt.random); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestParseContainers(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", sample, `[{"ekey":"a"}]`, `[{"ekey":"a","payloads":[1]}]`, `{"ekey":1,"payloads":["a"]}`, strings.Repeat("[", 1e6)} {
		if got, err := sensors.ParseContainers(text, sensors.DefaultLimits); !errors.Is(err, sensors.ErrNoContainer) {
			t.Errorf("%.40s: got %v, %v", text, got, err)
		}
	}
	got, err := sensors.ParseContainers(`{"pkv":2,"ekey":"aa","payloads":["cGF5","bG9hZA=="]}`, sensors.DefaultLimits)
	want := []sensors.Container{{Variant: sensors.General, KeyVersion: 2, EKey: "aa", Payloads: []string{"cGF5", "bG9hZA=="}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, want := got[0].String(), "encrypted (general), key 2, 2 payloads, 12 bytes in base64, key wrapped for a key of an unknown kind"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzOpen opens what was sealed, and nothing else.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(sample), []byte("0000000000000000"))
	known := sensors.Keys{Static: []sensors.StaticKey{{Key: []byte(staticKey)}}}
	f.Fuzz(func(t *testing.T, text, iv []byte) {
		if len(iv) >= 16 && bytes.HasPrefix(text, []byte("{")) && len(text) < 1<<16 {
			c, err := sensors.Seal(sensors.Static, []string{string(text)}, sensors.Recipient{Static: []byte(staticKey)}, 0, bytes.NewReader(iv))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := sensors.Open(c, known, sensors.DefaultLimits); err != nil || got[0] != string(text) {
				t.Errorf("got %q, %v, want %q", got, err, text)
			}
		}
		for _, variant := range []sensors.Variant{sensors.Native, sensors.Static} {
			c := sensors.Container{Variant: variant, EKey: string(iv), Payloads: []string{string(text), base64.StdEncoding.EncodeToString(text)}}
			if got, err := sensors.Open(c, known, sensors.DefaultLimits); (err == nil) != (len(got) == 2) {
				t.Errorf("got %d texts, %v", len(got), err)
			}
		}
	})
}
