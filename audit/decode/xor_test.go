package decode

import (
	"bytes"
	"fmt"
	"testing"
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
