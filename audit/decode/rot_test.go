package decode

import (
	"strconv"
	"testing"
)

// FuzzRot undoes each rotation of an address and of an e-mail address.
func FuzzRot(f *testing.F) {
	f.Add([]byte("Some Text?"), uint(13))
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		shift := int(n%25) + 1
		step := "rot" + strconv.Itoa(26-shift)
		text := append([]byte("https://example.org/?"), letters(data)...)
		roundTrip(t, "rot", layer{data: rotate(text, shift)}, step, text)
		text = []byte("jane.doe@mail.example")
		roundTrip(t, "rot", layer{data: rotate(text, shift)}, step, text)
	})
}

func TestRot47(t *testing.T) {
	text := []byte("https://example.org/a?b=c")
	roundTrip(t, "rot", layer{data: rotate47(text)}, "rot47", text)
	for _, s := range []string{"https://example.org/", "a@b.biz", "me@home.xyz", "ftp://a.example", "app://x", "@angular/core"} {
		if got := run(t, named(t, "rot"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}
