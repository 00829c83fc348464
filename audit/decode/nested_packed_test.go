package decode_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/decode"
)

// packed are the encoders of compression that has a mark.
func packed() (list []encoder) {
	for _, c := range decode.Packed {
		list = append(list, encoder{c.Step, c.Text, c.Encode})
	}
	return list
}

// unmarked are the encoders of compression that has none.
func unmarked() (list []encoder) {
	for _, c := range decode.Unmarked {
		list = append(list, encoder{c.Step, c.Text, c.Encode})
	}
	return list
}

// carried are the encoders below which bytes without a mark are looked at.
func carried() []encoder {
	return slices.DeleteFunc(slices.Concat(encoders, packed()), func(e encoder) bool { return e.text || e.name == "protobuf" })
}

// Compression without a mark is found below what carries bytes, once and twice
// around text and whatever stands in it, with any nesting around.
func TestUnmarkedNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := sha256.Sum256(fmt.Append(nil, rapid.Uint32().Draw(t, "number")))
		seed := fmt.Sprintf("https://%x.test/path/of/a/page?q=a+b", sum[:8])
		data := fmt.Appendf(nil, `{"event":"page_view","time":1588291200000,"distinct_id":"4f2a9c1e77b0d3a5","url":%q,"os":"Android"}`, seed)
		var names []string
		wrap := func(label string, list []encoder) {
			e := rapid.SampledFrom(list).Draw(t, label)
			if !e.text || isText(data) {
				data, names = e.encode(data), append(names, e.name)
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "inside") {
			wrap("inner", everyEncoder)
		}
		for range rapid.IntRange(1, 2).Draw(t, "times") {
			wrap("unmarked", unmarked())
		}
		if rapid.Bool().Draw(t, "carried") {
			wrap("carrier", carried())
			for range rapid.IntRange(0, 3).Draw(t, "around") {
				wrap("outer", everyEncoder)
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
