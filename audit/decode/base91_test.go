package decode

import "testing"

// toBase91 packs 13 or 14 bits into two digits.
func toBase91(in []byte) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,./:;<=>?@[]^_`{|}~\""
	var out []byte
	var bits, n uint
	for _, c := range in {
		bits |= uint(c) << n
		if n += 8; n <= 13 {
			continue
		}
		v, size := bits&8191, uint(13)
		if v <= 88 {
			v, size = bits&16383, 14
		}
		bits >>= size
		n -= size
		out = append(out, digits[v%91], digits[v/91])
	}
	if n > 0 {
		out = append(out, digits[bits%91])
		if n > 7 || bits > 90 {
			out = append(out, digits[bits/91])
		}
	}
	return out
}

// FuzzBase91 reads what the encoder wrote.
func FuzzBase91(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := base91.from91(toBase91(data)); string(got) != string(data) {
			t.Errorf("got %q, want %q", got, data)
		}
		data = letters(data)
		roundTrip(t, "base91", layer{data: toBase91(data)}, "base91", data)
	})
}
