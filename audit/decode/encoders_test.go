package decode_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/decode"
)

// An encoder is the other side of a decoder.
type encoder struct {
	name   string
	text   bool // takes text only
	encode func([]byte) []byte
}

var encoders = []encoder{
	{"percent", false, percent},
	{"form", false, func(in []byte) []byte { return []byte("a=1&data=" + url.QueryEscape(string(in)) + "&z=2") }},
	{"url", false, func(in []byte) []byte { return []byte("https://example.org/p?q=" + url.QueryEscape(string(in))) }},
	{"json", true, func(in []byte) []byte { return quoteJSON(in, `{"n":[1,{"k":%s}]}`) }},
	{"jsonl", true, func(in []byte) []byte { return quoteJSON(in, "{\"k\":%s}\n{}") }},
	{"base64", false, base64With(base64.StdEncoding)},
	{"base64raw", false, base64With(base64.RawStdEncoding)},
	{"base64url", false, base64With(base64.URLEncoding)},
	{"base64rawurl", false, base64With(base64.RawURLEncoding)},
	{"hex", false, func(in []byte) []byte { return []byte(hex.EncodeToString(in)) }},
	{"HEX", false, func(in []byte) []byte { return []byte(strings.ToUpper(hex.EncodeToString(in))) }},
	{"protobuf", false, message},
	{"gzip", false, gzipped},
	{"zlib", false, zlibbed},
}

func percent(in []byte) []byte {
	var b bytes.Buffer
	for _, c := range in {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.Bytes()
}

// message is a protocol buffer with a number before the bytes.
func message(in []byte) []byte {
	out := binary.AppendUvarint([]byte("\x08\x96\x01\x12"), uint64(len(in)))
	return append(out, in...)
}

func quoteJSON(in []byte, format string) []byte {
	quoted, err := json.Marshal(string(in))
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, format, quoted)
}

func base64With(enc *base64.Encoding) func([]byte) []byte {
	return func(in []byte) []byte { return []byte(enc.EncodeToString(in)) }
}

func gzipped(in []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(in)
	_ = w.Close()
	return b.Bytes()
}

func zlibbed(in []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(in)
	_ = w.Close()
	return b.Bytes()
}

func isText(b []byte) bool {
	return bytes.Equal(bytes.ToValidUTF8(b, nil), b) && bytes.IndexByte(b, 0) < 0
}

// nested draws a seed and wraps it in up to eight encodings. Seeds are random,
// which what rapid draws is not: hence the digest.
func nested(t *rapid.T) (seed string, ex audit.Exhibit, names []string) {
	sum := sha256.Sum256(fmt.Append(nil, rapid.Uint32().Draw(t, "number")))
	format := rapid.SampledFrom([]string{"%x", "https://%x.test/?q=a+b&p=ä你", "%x@post.example", "Ein Wort %x"}).Draw(t, "seed")
	seed = fmt.Sprintf(format, sum[:8])
	data := []byte(seed)
	for range rapid.IntRange(0, 8).Draw(t, "depth") {
		e := rapid.SampledFrom(everyEncoder).Draw(t, "encoder")
		if e.text && !isText(data) || len(data) > 1<<18 {
			continue
		}
		data, names = e.encode(data), append(names, e.name)
	}
	return seed, audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(data)}, names
}

// Whatever the nesting, some layer holds the seed.
func TestNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, ex, names := nested(t)
		for v := range decode.Values(ex, decode.DefaultLimits) {
			if bytes.Contains(v.Data.Reveal(), []byte(seed)) {
				return
			}
		}
		t.Fatalf("%q is in no layer of %v: %.200q", seed, names, ex.Data.Reveal())
	})
}

// Replaying the trail of a value gives its bytes again.
func TestExplainReplays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, ex, _ := nested(t)
		for v, err := range decode.Values(ex, decode.DefaultLimits) {
			if err != nil {
				continue // chance makes a header now and then
			}
			f := audit.Finding{ID: "f1", Trail: v.Trail, Spans: v.Spans, Span: audit.Span{Start: 0, End: v.Data.Len()}}
			layers, err := decode.Explain(ex, f)
			if err != nil {
				t.Fatal(err)
			}
			if last := layers[len(layers)-1]; !last.Data.Equal(v.Data) || last.Span != f.Span {
				t.Fatalf("%v: got %.100q want %.100q", v.Trail, last.Data.Reveal(), v.Data.Reveal())
			}
			if len(layers) != len(v.Trail) {
				t.Fatalf("%d layers for %v", len(layers), v.Trail)
			}
		}
	})
}

// A trail that the bytes do not have is refused.
func TestExplainRefuses(t *testing.T) {
	ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret([]byte("a=b&data=aHR0cHM6Ly9leGFtcGxlLm9yZy8"))}
	good := audit.Finding{
		ID: "f1", Trail: audit.Trail{"request.body", "form:data", "base64"},
		Spans: []audit.Span{{Start: 9, End: 36}, {Start: 0, End: 27}}, Span: audit.Span{Start: 8, End: 19},
	}
	if _, err := decode.Explain(ex, good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*audit.Finding){
		"other part":    func(f *audit.Finding) { f.Trail = audit.Trail{"request.url", "form:data", "base64"} },
		"no trail":      func(f *audit.Finding) { f.Trail = nil },
		"missing range": func(f *audit.Finding) { f.Spans = f.Spans[:1] },
		"other step":    func(f *audit.Finding) { f.Trail = audit.Trail{"request.body", "form:data", "hex"} },
		"other range":   func(f *audit.Finding) { f.Spans = []audit.Span{{Start: 9, End: 36}, {Start: 1, End: 27}} },
		"match outside": func(f *audit.Finding) { f.Span = audit.Span{Start: 8, End: 99} },
		"match reversed": func(f *audit.Finding) {
			f.Span = audit.Span{Start: 8, End: 2}
		},
	} {
		f := good
		change(&f)
		if _, err := decode.Explain(ex, f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
