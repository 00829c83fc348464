package decode

import (
	"encoding/asn1"
	"testing"
)

func encodeDER(data []byte) []byte {
	out, err := asn1.Marshal(struct {
		ID   asn1.ObjectIdentifier
		Data []byte
		List []int
	}{asn1.ObjectIdentifier{1, 2, 840, 113549}, data, []int{-1, 65537}})
	if err != nil {
		panic(err)
	}
	return out
}

func FuzzDER(f *testing.F) { contained(f, "der") }

func TestDER(t *testing.T) {
	parts := run(t, named(t, "der"), layer{data: encodeDER([]byte("x")), room: fuzzRoom})
	if !holds(parts, "der:/0", []byte("1.2.840.113549")) || !holds(parts, "der:/2/0", []byte("-1")) || !holds(parts, "der:/2/1", []byte("65537")) {
		t.Errorf("got %q", listed(parts))
	}
}
