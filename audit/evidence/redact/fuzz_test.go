package redact_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/redact"
)

// FuzzStrings: whatever else stands in a line of the log, an address, the
// content of a header field, an error and a hash are not shown.
func FuzzStrings(f *testing.F) {
	f.Add("sink.example", "Cookie", "GET")
	f.Add(`"},"time":"`, "content-type\"", "\\")
	f.Fuzz(func(t *testing.T, host, field, method string) {
		const secret = "k7f3q9w2"
		if strings.Contains(host+field+method, secret) {
			t.Skip()
		}
		e := audit.Event{App: host, Exchange: &audit.Exchange{
			Host: host, Method: method, URL: "https://" + secret, Error: method + secret,
			Header: []audit.Field{{Name: "x-" + field, Value: field + secret}, {Name: field + "-x", Value: secret}},
			Body:   audit.Body{SHA256: secret, Error: secret},
		}}
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		ask := redact.Rules{}.Strings(filepath.Base(evidence.CaptureFile))
		for _, piece := range cut(line) {
			if ask(piece) && bytes.Contains(piece, []byte(secret)) {
				t.Fatalf("shown: %s of %s", piece, line)
			}
		}
	})
}

// cut cuts JSON that is whole into its strings and what stands between them.
func cut(b []byte) (pieces [][]byte) {
	start, inside := 0, false
	for i := 0; i < len(b); i++ {
		switch {
		case inside && b[i] == '\\':
			i++
		case inside && b[i] == '"':
			pieces, start, inside = append(pieces, b[start:i+1]), i+1, false
		case !inside && b[i] == '"':
			if i > start {
				pieces = append(pieces, b[start:i])
			}
			start, inside = i, true
		}
	}
	if start < len(b) {
		pieces = append(pieces, b[start:])
	}
	return pieces
}
