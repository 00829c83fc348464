package decode

import (
	"encoding/json"
	"strings"
	"testing"
)

// toCharacters writes a JSON array of the characters of text.
func toCharacters(in []byte) []byte {
	out, err := json.Marshal(strings.Split(string(in), ""))
	if err != nil {
		panic(err)
	}
	return out
}

// FuzzCharacters reads what encoding/json wrote, in one line and in many.
func FuzzCharacters(f *testing.F) {
	f.Add([]byte("ä你😀\\\"<"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = letters(data)
		roundTrip(t, "characters", layer{data: toCharacters(data)}, "characters", data)
		in, err := json.MarshalIndent(strings.Split(string(data), ""), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, "characters", layer{data: in}, "characters", data)
	})
}
