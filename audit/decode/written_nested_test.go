package decode_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/decode"
)

// written are the encoders of text and of digits.
func written() (all []encoder) {
	for _, w := range decode.Written {
		all = append(all, encoder{w.Name, true, w.Encode})
	}
	return all
}

// Text that was written in other letters or digits is read again, below what
// marks itself. Nothing marks most of these encodings, so they are believed
// only where an address or a mail address comes out: one of them, innermost.
func TestWrittenNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := sha256.Sum256(fmt.Append(nil, rapid.Uint32().Draw(t, "number")))
		seed := fmt.Sprintf(rapid.SampledFrom([]string{"https://%x.test/path/of/a/page?q=a+b", "%x@post.example"}).Draw(t, "seed"), sum[:8])
		inner := rapid.SampledFrom(written()).Draw(t, "inner")
		data, names := inner.encode([]byte(seed)), []string{inner.name}
		for range rapid.IntRange(0, 4).Draw(t, "depth") {
			e := rapid.SampledFrom(encoders).Draw(t, "encoder")
			if e.name != "protobuf" && (!e.text || isText(data)) { // a field's bytes need not be text: base64 of a message is believed less
				data, names = e.encode(data), append(names, e.name)
			}
		}
		for v := range decode.Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(data)}, decode.DefaultLimits) {
			if bytes.Contains(v.Data.Reveal(), []byte(seed)) {
				return
			}
		}
		t.Fatalf("%q is in no layer of %v: %.200q", seed, names, data)
	})
}
