package decode

import (
	"strings"
	"testing"

	"golang.org/x/net/idna"
)

// FuzzIDNA reads the label that the library wrote, in an address.
func FuzzIDNA(f *testing.F) {
	f.Add("bücher")
	f.Add("例え")
	f.Fuzz(func(t *testing.T, label string) {
		ascii, err := idna.Punycode.ToASCII(label)
		if err != nil || !strings.HasPrefix(ascii, "xn--") || strings.ContainsAny(label, ".") || strings.Contains(ascii, ".") {
			return
		}
		for i := range len(ascii) {
			if !hostBytes[ascii[i]] || len(ascii) > 63 {
				return
			}
		}
		if back, err := idna.Punycode.ToUnicode(ascii); err != nil || back != label {
			return
		}
		in := "https://www." + ascii + ".example/a?b=c"
		roundTrip(t, "idna", layer{data: []byte(in)}, "idna", []byte("https://www."+label+".example/a?b=c"))
	})
}
