package decode

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func encodeCBOR(data []byte) []byte {
	out, err := cbor.Marshal(map[string]any{"n": []any{-1, 1.5, true, nil}, "data": data})
	if err != nil {
		panic(err)
	}
	return out
}

func FuzzCBOR(f *testing.F) { contained(f, "cbor") }

// FuzzCBORValues holds the reader against a library: a document that the
// latter takes has the same texts and numbers, if it is believed at all.
func FuzzCBORValues(f *testing.F) {
	for _, s := range []string{
		"\xa1\x64name\x83\x01\x38\x63\xf9\x3e\x00", "\xbf\x61a\x9f\x01\xff\xff", "\xa1\x61k\x7f\x62ab\x61c\xff", "\xd9\xd9\xf7\xa1\x61k\xc1\x1a\x60\x00\x00\x00",
	} {
		f.Add([]byte(s))
	}
	d := named(f, "cbor")
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc any
		if cbor.Unmarshal(in, &doc) != nil {
			return
		}
		agrees(t, d, in, doc)
	})
}

// agrees wants each leaf of a document among the parts, if there are any.
func agrees(t *testing.T, d decoder, in []byte, doc any) {
	t.Helper()
	found := make(map[string]bool)
	for _, p := range run(t, d, layer{data: in, room: fuzzRoom}) {
		found[string(p.data)] = true
	}
	for _, want := range leaves(doc) {
		if len(found) > 0 && !found[want] {
			t.Errorf("%x: no %q", in, want)
		}
	}
}

// leaves returns the texts, bytes, integers and truth values of a document.
func leaves(doc any) (found []string) {
	switch v := reflect.ValueOf(doc); v.Kind() {
	case reflect.String:
		if v.Len() > 0 {
			found = append(found, v.String())
		}
	case reflect.Bool:
		found = append(found, strconv.FormatBool(v.Bool()))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		found = append(found, strconv.FormatInt(v.Int(), 10))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		found = append(found, strconv.FormatUint(v.Uint(), 10))
	case reflect.Slice:
		if b, ok := doc.([]byte); ok {
			return []string{string(b)}
		}
		for i := range v.Len() {
			found = append(found, leaves(v.Index(i).Interface())...)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); { // a key that is no number is not found again
			found = append(found, leaves(entries.Value().Interface())...)
		}
	}
	return found
}
