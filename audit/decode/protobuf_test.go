package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"telltale/audit"
)

// A query of Chromium's form filling, as it stands in the address: a version
// and the signatures of a form, eight and four bytes.
func TestProtobufAutofill(t *testing.T) {
	const query = "ChRDaHJvbWUvMTU2LjAuODA3OC43ORIuCWQ7l7RIMp9dEg8NPR9TPCoIEAEYASAFKAUhypyGN7mJqCYpypyGN7mJqCYyAA"
	raw, err := base64.RawURLEncoding.DecodeString(query)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for v, err := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(raw)}, DefaultLimits) {
		if err != nil {
			t.Fatal(err)
		}
		if v.Opaque {
			t.Errorf("%s is opaque", v.Trail)
		}
		steps = append(steps, v.Trail[1:].String()+"="+string(v.Data.Reveal()))
	}
	if all := strings.Join(steps, "\n"); !strings.Contains(all, "protobuf:1=Chrome/156.0.8078.79") || !strings.Contains(all, "protobuf:2 › protobuf:1=d;\x97\xb4H2\x9f]") {
		t.Errorf("got %q", all)
	}
}

// FuzzProtobuf holds the parts against the message: written again with their
// tags, in order, they are the message.
func FuzzProtobuf(f *testing.F) {
	f.Add([]byte("\x0a\x03abc\x10\x96\x01"))
	f.Add([]byte("\x09abcdefgh\x15ijkl"))
	f.Add([]byte("\n hello"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var again []byte
		last := 0
		err := decodeProtobuf(layer{data: in}, func(p part) bool {
			again = append(again, in[last:p.span.Start]...) // the tag, and the length if there is one
			tag, _ := binary.Uvarint(in[last:])
			if tag&7 == wireVarint {
				again = append(again, in[p.span.Start:p.span.End]...)
			} else {
				again = append(again, p.data...)
			}
			last = p.span.End
			if tag&7 == wireGroup { // the tag that ends it has the same length
				end := last + len(binary.AppendUvarint(nil, tag+1))
				again = binary.AppendUvarint(again, tag+1)
				last = end
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if last != 0 && !bytes.Equal(again, in) {
			t.Errorf("got %x, want %x", again, in)
		}
	})
}
