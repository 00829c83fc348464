package decode_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/decode"
)

// joined returns the layers of a body that were put together, and what they
// say in the end.
func joined(part, in string) (steps, leaves []string) {
	ex := audit.Exhibit{ID: "e1", Part: part, Data: audit.NewSecret([]byte(in))}
	for v, err := range decode.Values(ex, decode.DefaultLimits) {
		if err != nil {
			continue
		}
		for i, step := range v.Trail {
			switch {
			case !strings.HasSuffix(step, "-join"):
			case i == len(v.Trail)-1:
				steps = append(steps, step+" "+string(v.Data.Reveal()))
			case v.Leaf:
				leaves = append(leaves, string(v.Data.Reveal()))
			}
		}
	}
	return steps, leaves
}

const told = "k7f3q9w2m4x8@post.example" // azdmM3E5dzJtNHg4QHBvc3QuZXhhbXBsZQ==

// Digits in pieces are put together where the whole reads as text.
func TestJoin(t *testing.T) {
	const whole = "azdmM3E5dzJtNHg4QHBvc3QuZXhhbXBsZQ=="
	for _, tt := range []struct{ part, in, want string }{
		{"request.body", "a=azdmM3E5dzJ&b=tNHg4QHBvc3QuZXhhbXBsZQ==", "form-join " + whole},
		{"request.body", "v=12&p1=azdmM3E5d&n=1&p2=zJtNHg4QHBv&n=2&p3=c3QuZXhhbXBsZQ%3D%3D&t=4f2a9c1e", "form-join " + whole},
		{"request.body", `{"c":["azdm","M3E5dz","JtNHg4QHBv","c3QuZXhhbXBsZQ=="],"d":"other"}`, "json-join " + whole},
		{"request.body", `[{"i":0,"d":"azdmM3E5dzJ"},{"i":1,"d":"tNHg4QHBvc3QuZXhhbXBsZQ=="}]`, "json-join " + whole},
		{"request.body", `{"a":"6b376633713977326d34783","b":"840706f73742e6578616d706c65"}`, "json-join " + hex.EncodeToString([]byte(told))},
		{"request.url", "https://sink.example/azdmM3E5dzJ/tNHg4QHBvc3QuZXhhbXBsZQ==", "path-join " + whole},
		{"request.url", "https://sink.example/x?a=azdmM3E5dzJ&b=tNHg4QHBvc3QuZXhhbXBsZQ==", "query-join " + whole},
		{"request.header", "X-A: azdmM3E5dzJ\r\nX-B: tNHg4QHBvc3QuZXhhbXBsZQ==\r\n", "header-join " + whole},
		// Tokens side by side are no pieces.
		{"request.body", `{"id":"4f2a9c1e77b0d3a5","fp":"b7646bedcf674224","w":"openSearchDescription","x":"AppViewScreen"}`, ""},
		{"request.body", "tid=UA12345678&cid=1795228589&gtm=45He4b&sid=hnimpnehoodheedghdeeijklkeaacbdc", ""},
	} {
		steps, leaves := joined(tt.part, tt.in)
		if got := strings.Join(steps, ", "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
		if tt.want != "" && (len(leaves) != 1 || leaves[0] != told) {
			t.Errorf("%s: got leaves %q", tt.in, leaves)
		}
	}
}

// Text is read again however its digits were cut, and the layer can be
// replayed from the bytes.
func FuzzJoin(f *testing.F) {
	f.Add("where did k7f3q9w2m4x8 go", uint8(7), true)
	f.Add("https://www.k7f3q9w2m4x8.example/read?q=zyx987", uint8(30), false)
	f.Fuzz(func(t *testing.T, text string, size uint8, isHex bool) {
		for _, c := range text {
			if c < ' ' || c > '~' {
				return
			}
		}
		n := 8 + int(size)%64
		digits := base64.RawURLEncoding.EncodeToString([]byte(text))
		if isHex {
			digits = hex.EncodeToString([]byte(text))
		}
		// The last piece has at least four digits, or it could be anything.
		if len(digits) <= n || len(digits)%n > 0 && len(digits)%n < 4 || len(text) < 16 || strings.Trim(text, "0123456789abcdefABCDEF") == "" {
			return
		}
		var pieces []string
		for ; len(digits) > n; digits = digits[n:] {
			pieces = append(pieces, digits[:n])
		}
		in, _ := json.Marshal(append(pieces, digits)) // strings can be written
		ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(in)}
		for v, err := range decode.Values(ex, decode.DefaultLimits) {
			if err != nil || len(v.Trail) < 3 || v.Trail[1] != "json-join" || string(v.Data.Reveal()) != text {
				continue
			}
			if _, err := decode.Explain(ex, audit.Finding{ID: "f1", Trail: v.Trail, Spans: v.Spans, Span: audit.Span{End: len(text)}}); err != nil {
				t.Error(err)
			}
			return
		}
		t.Errorf("%s does not give %q", in, text)
	})
}
