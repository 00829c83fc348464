package decode

import (
	"encoding/base64"
	"strings"
	"testing"
)

func token(segments ...string) []byte {
	for i, s := range segments {
		segments[i] = base64.RawURLEncoding.EncodeToString([]byte(s))
	}
	return []byte(strings.Join(segments, "."))
}

func encodeJWT(data []byte) []byte {
	return token(`{"alg":"HS256","typ":"JWT"}`, string(data), strings.Repeat("\xf0\x01", 16))
}

func FuzzJWT(f *testing.F) { contained(f, "jwt") }

// An encrypted token has its header; the rest counts as not read.
func TestJWE(t *testing.T) {
	for _, size := range []int{20, 100} {
		in := append([]byte("Bearer "), token(`{"alg":"dir","enc":"A256GCM"}`, "", "123456789012", strings.Repeat("\xf0", size), "1234567890123456")...)
		var parts []part
		err := decodeJWT(layer{data: in}, func(p part) bool {
			parts = append(parts, p)
			return true
		})
		if len(parts) != 2 || string(parts[0].data) != `{"alg":"dir","enc":"A256GCM"}` || len(parts[1].data) != size {
			t.Errorf("got %q", listed(parts))
		}
		if (err != nil) != (size < minOpaque) {
			t.Errorf("%d bytes: error %v", size, err)
		}
	}
}
