package decode

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

const avroTestSchema = `{"type":"record","name":"Event","fields":[
	{"name":"n","type":"long"},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"data","type":["null","bytes"]},
	{"name":"next","type":["null","Event"]},
	{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["page","search"]}}]}`

func avroText(b []byte) []byte { return append(binary.AppendVarint(nil, int64(len(b))), b...) }

// avroFileOf writes a header and one block of one record.
func avroFileOf(schema, codec string, record []byte) []byte {
	out := []byte("Obj\x01")
	out = binary.AppendVarint(out, 2)
	for _, s := range []string{"avro.schema", schema, "avro.codec", codec} {
		out = append(out, avroText([]byte(s))...)
	}
	out = append(out, 0)
	out = append(out, "0123456789abcdef"...)
	if codec == "deflate" {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.DefaultCompression)
		_, _ = w.Write(record)
		_ = w.Close()
		record = b.Bytes()
	}
	switch codec {
	case "snappy":
		record = append(snappy.Encode(nil, record), 0, 0, 0, 0)
	case "zstandard":
		w, _ := zstd.NewWriter(nil)
		record = w.EncodeAll(record, nil)
	}
	out = binary.AppendVarint(out, 1)
	out = append(out, avroText(record)...)
	return append(out, "0123456789abcdef"...)
}

func encodeAvro(codec string) func([]byte) []byte {
	return func(data []byte) []byte {
		record := binary.AppendVarint(nil, -7)
		record = append(record, 2, 2, 'k', 4, 'v', 'w', 0) // one tag
		record = append(record, 2)                         // bytes, not null
		record = append(record, avroText(data)...)
		record = append(record, 0, 2) // no next one; a search
		return avroFileOf(avroTestSchema, codec, record)
	}
}

func FuzzAvro(f *testing.F) { contained(f, "avro") }

func TestAvro(t *testing.T) {
	for _, codec := range []string{"null", "deflate", "snappy", "zstandard"} {
		parts := run(t, named(t, "avro"), layer{data: encodeAvro(codec)([]byte("x")), room: fuzzRoom})
		for step, want := range map[string]string{
			"avro:/header/avro.codec": codec, "avro:/0/n": "-7", "avro:/0/tags/k": "vw", "avro:/0/kind": "search",
		} {
			if !holds(parts, step, []byte(want)) {
				t.Errorf("%s: no %q in %q", step, want, listed(parts))
			}
		}
	}
}

// A schema that doubles forty times over nothing is given up.
func TestAvroBomb(t *testing.T) {
	schema := `"null"`
	for range 40 {
		schema = `{"type":"record","name":"R","fields":[{"name":"a","type":` + schema + `}]}`
	}
	var b strings.Builder
	b.WriteString(`["null"`)
	for i := range 40 {
		name, next := string(rune('A'+i)), `"null"`
		if i > 0 {
			next = `"` + string(rune('A'+i-1)) + `"`
		}
		b.WriteString(`,{"type":"record","name":"` + strings.ReplaceAll(name, `\`, "_") + `","fields":[{"name":"a","type":` +
			strings.ReplaceAll(next, `\`, "_") + `},{"name":"b","type":` + strings.ReplaceAll(next, `\`, "_") + `}]}`)
	}
	b.WriteString("]")
	for _, s := range []string{schema, b.String()} {
		err := decodeAvro(layer{data: avroFileOf(s, "null", binary.AppendVarint(nil, 40)), room: fuzzRoom}, func(part) bool { return true })
		if s != schema && err == nil {
			t.Error("no error")
		}
	}
}
