package decode

import (
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func encodeMessagePack(data []byte) []byte {
	out, err := msgpack.Marshal(map[string]any{"n": []any{-1, 1.5, true, nil}, "data": data})
	if err != nil {
		panic(err)
	}
	return out
}

func FuzzMessagePack(f *testing.F) { contained(f, "msgpack") }

// FuzzMessagePackValues holds the reader against a library: a document that
// the latter takes has the same texts and numbers, if it is believed at all.
func FuzzMessagePackValues(f *testing.F) {
	for _, s := range []string{"\x81\xa4name\x93\x01\xd0\x9c\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", "\xdf\x00\x00\x00\x01\xd9\x01k\xcf\xff\xff\xff\xff\xff\xff\xff\xff"} {
		f.Add([]byte(s))
	}
	d := named(f, "msgpack")
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(run(t, d, layer{data: in, room: fuzzRoom})) == 0 {
			return // it is not believed, and the library may want much memory for it
		}
		var doc any
		if msgpack.Unmarshal(in, &doc) == nil {
			agrees(t, d, in, doc)
		}
	})
}
