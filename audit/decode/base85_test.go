package decode

import (
	"bytes"
	"encoding/ascii85"
	"testing"
)

func toASCII85(in []byte) []byte {
	out := make([]byte, ascii85.MaxEncodedLen(len(in)))
	return out[:ascii85.Encode(out, in)]
}

// toZ85 is Ascii85 without its letter for zeros and in other digits.
func toZ85(in []byte) []byte {
	return recode(in, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")
}

func recode(in []byte, digits string) []byte {
	out := bytes.ReplaceAll(toASCII85(in), []byte("z"), []byte("!!!!!")) // the letter for four zeros
	for i, c := range out {
		out[i] = digits[c-'!']
	}
	return out
}

// FuzzBase85 reads what encoding/ascii85 wrote, with the marks and without,
// and in the digits of the other alphabets, unless all digits could be base64.
// ("z" is in no text: it is zeros.)
func FuzzBase85(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			roundTrip(t, "base85", layer{data: []byte("<~" + string(toASCII85(data)) + "~>")}, "ascii85", data)
		}
		data = letters(data)
		for step, in := range map[string][]byte{
			"ascii85": toASCII85(data), "z85": toZ85(data),
			"base85": recode(data, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"),
		} {
			if isDense(in) {
				roundTrip(t, "base85", layer{data: in}, step, data)
			}
		}
	})
}
