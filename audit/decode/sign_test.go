package decode

import (
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"telltale/audit"
)

// FuzzSigns holds each sign against the decoder that it stands for: what the
// decoder reads has the sign.
func FuzzSigns(f *testing.F) {
	for _, in := range samples(f) {
		f.Add("base64", in)
		f.Add("tunnel.out", in)
		f.Add("header:Cookie", in)
	}
	f.Fuzz(func(t *testing.T, step string, data []byte) {
		if len(data) == 0 {
			return
		}
		fitting := slices.Collect(firstSights.fitting(data).all())
		if !slices.IsSorted(fitting) {
			t.Errorf("rows %v are out of order", fitting)
		}
		for i, d := range decoders {
			in := layer{step: step, data: data, room: 1 << 16}
			if slices.Contains(fitting, i) || !d.gate(in) {
				continue
			}
			err := d.decode(in, func(out part) bool {
				t.Errorf("%s reads %q as %q, and its sign is not there: %+v", d.name, data, out.data, d.sign)
				return false
			})
			if err != nil {
				t.Errorf("%s: %q: %v, and its sign is not there: %+v", d.name, data, err, d.sign)
			}
		}
	})
}

// A bit of a word stands for each class of bytes.
func TestClasses(t *testing.T) {
	if n := len(firstSights.byClass); n > 64 {
		t.Errorf("%d classes of bytes, and a word has 64 bits", n)
	}
	if n := len(decoders); n > 128 {
		t.Errorf("%d decoders, and a decoderSet has 128 bits", n)
	}
}

// samples are the layers of all cases in testdata.
func samples(f *testing.F) (layers [][]byte) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		in := ar.Files[0].Data
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(in))); err == nil {
			in = raw
		}
		for v := range Values(audit.Exhibit{Part: "request.body", Data: audit.NewSecret(in)}, DefaultLimits) {
			layers = append(layers, v.Data.Reveal())
		}
	}
	return layers
}
