package audit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"telltale/audit"
)

// Whatever holds a Secret, printing and logging it keeps the bytes in.
func TestSecretNeverPrinted(t *testing.T) {
	const imei = "356938035643809"
	s := audit.NewSecret([]byte(imei))
	hidden := struct{ s audit.Secret }{s}
	for _, v := range []any{s, &s, []audit.Secret{s}, hidden, &hidden, audit.Finding{Value: s}, map[string]audit.Secret{"k": s}} {
		var b bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%c"} {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(j)
		if got := b.String(); strings.Contains(got, imei) || strings.Contains(got, fmt.Sprintf("%x", imei)) {
			t.Errorf("%T: %s", v, got)
		}
	}
}

// A stream that is written and read again is the same stream; values are in it
// only when asked for.
func TestFactsRoundTrip(t *testing.T) {
	f := audit.Fact{Finding: &audit.Finding{
		ID: "f1", Exhibit: "e1", Kind: "id/device/imei", Form: "plain",
		Trail: audit.Trail{"request.body", "form:data", "base64"},
		Spans: []audit.Span{{5, 20}, {0, 15}}, Span: audit.Span{Start: 2, End: 9},
		Confidence: audit.Certain, Value: audit.NewSecret([]byte("356938035643809")),
	}}
	for _, reveal := range []bool{false, true} {
		var b bytes.Buffer
		w := &audit.Writer{W: &b, Reveal: reveal}
		if err := w.Handle(f); err != nil {
			t.Fatal(err)
		}
		line := b.String()
		if got := strings.Contains(line, "356938035643809"); got != reveal {
			t.Errorf("reveal %v: %s", reveal, line)
		}
		n := 0
		for got, err := range audit.Facts(&b) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			var again bytes.Buffer
			if err := (&audit.Writer{W: &again, Reveal: reveal}).Handle(got); err != nil {
				t.Fatal(err)
			}
			if again.String() != line {
				t.Errorf("got %s want %s", again.String(), line)
			}
		}
		if n != 1 {
			t.Errorf("%d facts, want 1", n)
		}
	}
}

// What an address says beyond its host is written only when asked for.
func TestAddressIsMasked(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/p/secret-1?q=secret-2#f": "https://a.example/••••",
		"https://a.example/":                        "https://a.example",
		"tcp://a.example:443":                       "tcp://a.example:443",
		"https://user:secret-3@a.example/x":         "https://a.example/••••",
		"::secret-4":                                "••••",
	} {
		var b bytes.Buffer
		f := audit.Fact{Exhibit: &audit.Exhibit{ID: "e1", URL: in}}
		if err := (&audit.Writer{W: &b}).Handle(f); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(got, "secret") || !strings.Contains(got, `"url":"`+want+`"`) {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

// A line with no key, or with two, is refused with its number.
func TestFactsExactlyOneKey(t *testing.T) {
	for _, in := range []string{`{}`, `{"error":{"message":"a"},"progress":{"done":1}}`} {
		for _, err := range audit.Facts(strings.NewReader(in)) {
			if err == nil || !strings.Contains(err.Error(), "fact 1: a fact has exactly one key") {
				t.Errorf("%s: %v", in, err)
			}
		}
	}
}

func FuzzFacts(f *testing.F) {
	f.Add([]byte(`{"party":{"host":"a","domain":"b"}}`))
	f.Add([]byte(`{"finding":{"id":"f1","span":[1,2],"trail":["request.url"],"value":"x"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		for fact, err := range audit.Facts(bytes.NewReader(in)) {
			if err != nil {
				return
			}
			var b bytes.Buffer
			if err := (&audit.Writer{W: &b, Reveal: true}).Handle(fact); err != nil {
				t.Fatal(err)
			}
			if fact.Progress == nil && bytes.Count(b.Bytes(), []byte("\n")) != 1 {
				t.Errorf("not one line: %q", b.Bytes())
			}
		}
	})
}
