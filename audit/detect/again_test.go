package detect_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/decode"
	"telltale/audit/detect"
)

// sealed encrypts a text with AES in CBC mode, the IV before it, as base64.
func sealed(key []byte, r *rand.Rand, text string) string {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	pad := 16 - len(text)%16
	data := append([]byte(text), slices.Repeat([]byte{byte(pad)}, pad)...)
	iv := random(r, 16)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return base64.StdEncoding.EncodeToString(slices.Concat(iv, data))
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// What is encrypted with a key that another request shows is read at the
// second look, also where the key is sent later; what no key opens stays
// opaque. The number of workers makes no difference.
func TestSecondLook(t *testing.T) {
	const page = "https://k7f3q9w2.example/m4x8abcd"
	r := rand.New(rand.NewPCG(2, 1))
	place := audit.Place{Arm: "normal", Run: 1, Session: 1}
	key, other := random(r, 16), random(r, 16)
	exhibits := []audit.Exhibit{body(1, place, "sink.example", `{"plain":"words"}`)}
	for i := range 40 {
		k := key
		if i%8 == 7 {
			k = other
		}
		exhibits = append(exhibits, body(i+2, place, "sink.example", fmt.Sprintf(`{"n":%d,"d":%q}`, i, sealed(k, r, `{"url":"`+page+`","title":"some words"}`))))
	}
	exhibits = append(exhibits, body(42, place, "sink.example", `{"session_key":"`+hex.EncodeToString(key)+`"}`))
	look := func(workers int) detect.Result {
		ring := decode.NewKeyring()
		search := decode.NewKeySearch(ring)
		x := detect.Experiment{Arms: arms, Runs: 3, Seeds: []audit.Seed{{Name: "page", Value: page, Kind: "behaviour/navigation/url"}}}
		x.Again = func() (detect.Peeler, func(audit.Exhibit) bool) {
			peel := decode.NewPeeler(decode.Options{Limits: decode.DefaultLimits, Keys: search.Keyring()}).Values
			return peel, func(ex audit.Exhibit) bool { return search.MayOpen(ex.ID) && decode.Opens(peel(ex)) }
		}
		result, err := detect.Detect(caught(exhibits), x, func(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
			return search.Watch(ex, decode.NewPeeler(decode.Options{Limits: decode.DefaultLimits, Keys: ring}).Values(ex))
		}, workers)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	one := look(1)
	if len(one.Findings) != 35 || len(one.Opaque) != 5 || len(one.Problems) != 0 {
		t.Fatalf("%d findings, opaque %v, problems %v; want 35 and 5", len(one.Findings), one.Opaque, one.Problems)
	}
	if got, want := one.Findings[0].Trail.String(), "request.body › json:/d › base64 › aes-128-cbc:key=e42/json:/session_key,iv=prefix › json:/url"; got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	if s := one.Sealed[0]; s.Size != 96 || s.Entropy < 5 || s.Data.Len() != 0 {
		t.Errorf("sealed: %+v", s)
	}
	for _, workers := range []int{2, 7} {
		if diff := cmp.Diff(lines(one.Findings), lines(look(workers).Findings)); diff != "" {
			t.Errorf("%d workers: -one +many\n%s", workers, diff)
		}
	}
}
