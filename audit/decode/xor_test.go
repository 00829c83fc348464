package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"telltale/audit"
)

// FuzzXOR finds the key of an address, of an e-mail address and of JSON.
func FuzzXOR(f *testing.F) {
	f.Add([]byte("some text"), []byte("\x5a"))
	f.Add([]byte("other text"), []byte("key1"))
	f.Fuzz(func(t *testing.T, data, key []byte) {
		if len(key) == 0 || len(key) > 4 || bytes.Count(key, key[:1]) == len(key) {
			key = []byte{byte(len(data))%255 + 1}
		}
		if len(key) == 4 && bytes.Equal(key[:2], key[2:]) {
			key = key[:2]
		}
		data = append([]byte("https://example.org/"), letters(data)[2:]...)
		if got := xor(xor(data, key), key); !bytes.Equal(got, data) {
			t.Errorf("got %q, want %q", got, data)
		}
		in := layer{step: "base64", data: xor(data, key)}
		roundTrip(t, "xor", in, fmt.Sprintf("xor:%x", key), data)
	})
}

func TestXOR(t *testing.T) {
	for _, s := range []string{"jane.doe@mail.example", `{"user":"jane","n":[1,2,3]}`, "see http://example.org/ for ä"} {
		for key := 1; key < 256; key++ {
			in := layer{step: "hex", data: xor([]byte(s), []byte{byte(key)})}
			roundTrip(t, "xor", in, fmt.Sprintf("xor:%02x", key), []byte(s))
		}
	}
}

// A key of up to eight bytes is found by an address that stands anywhere, a
// longer one if it is on the keyring.
func TestRepeatingXOR(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	text := []byte(`{"event":"page_view","referrer":"https://example.org/honey","title":"A page with some words"}`)
	for size := 2; size <= 32; size++ {
		key := noise(r, size)
		in := layer{step: "base64", data: xor(text, key)}
		if size <= 8 {
			roundTrip(t, "xor", in, fmt.Sprintf("xor:%x", key), text)
			continue
		}
		in.lock = given(t, fmt.Sprintf("hex:%x", key)).lock(audit.Exhibit{ID: "e1"})
		roundTrip(t, "sealed", in, "xor:key=given:1", text)
	}
	for range 2000 {
		if key := draggedKey(noise(r, 200)); key != nil {
			t.Errorf("random bytes have the key %x", key)
		}
	}
}
