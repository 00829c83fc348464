package detect_test

import (
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/detect"
)

var update = flag.Bool("update", false, "rewrite golden files")

// recorded reads an example: a comment, the request line, header fields, an
// empty line and the body, which is base64 if the comment ends so.
func recorded(t *testing.T, file string) []audit.Exhibit {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, data, ok := strings.Cut(string(text), "\n\n")
	lines := strings.SplitN(head, "\n", 3)
	if !ok || len(lines) < 2 || !strings.HasPrefix(lines[0], "# A constructed example") {
		t.Fatalf("%s is no example", file)
	}
	if strings.HasSuffix(lines[0], "base64") {
		body, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		data = string(body)
	}
	method, address, _ := strings.Cut(lines[1], " ")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	parts := map[string]string{"request.url": address, "request.body": data}
	if len(lines) > 2 {
		parts["request.header"] = strings.ReplaceAll(lines[2], "\n", "\r\n") + "\r\n"
	}
	var exhibits []audit.Exhibit
	for _, part := range []string{"request.url", "request.header", "request.body"} {
		if parts[part] == "" {
			continue
		}
		ex := body(len(exhibits)+1, here, u.Hostname(), parts[part])
		ex.Part, ex.Method, ex.URL, ex.Event = part, method, address, 1
		exhibits = append(exhibits, ex)
	}
	return exhibits
}

// Of one request of each format everything is told that the format has, and
// by its name.
func TestFormats(t *testing.T) {
	files, err := filepath.Glob("testdata/formats/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	var b strings.Builder
	for _, file := range files {
		fmt.Fprintf(&b, "== %s\n", filepath.Base(file))
		for _, f := range found(t, nil, recorded(t, file)...).Findings {
			says, _, _ := strings.Cut(f.Says, "; one person's")
			fmt.Fprintf(&b, "%s %s %s %s\n\t%s\n\t%s\n", f.Kind, f.Form, f.Confidence, f.Label, f.Trail, says)
		}
	}
	const golden = "testdata/formats.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Each format has an example whose content decides, wherever it is sent.
func TestFormatsByContent(t *testing.T) {
	files, _ := filepath.Glob("testdata/formats/*.txt")
	told := make(map[string]bool)
	for _, file := range files {
		exhibits := recorded(t, file)
		for i := range exhibits {
			exhibits[i].Host = "elsewhere.example"
		}
		for _, f := range found(t, nil, exhibits...).Findings {
			if name, _, ok := strings.Cut(f.Says, ": "); ok && f.Form == detect.ByField && f.Confidence == audit.Likely {
				told[name] = true
			}
		}
	}
	if missing := slices.DeleteFunc(detect.FormatNames(), func(name string) bool { return told[name] }); len(missing) > 0 {
		t.Errorf("no example tells %v", missing)
	}
}

// Without what a format needs, its fields are hints at its own host and
// nothing elsewhere.
func TestFormatsByAddress(t *testing.T) {
	at := func(host string) []string {
		ex := body(1, here, host, `{"events":[{"user_id":"user-77"}]}`)
		ex.URL = "https://" + host + "/batch"
		var got []string
		for _, f := range found(t, nil, ex).Findings {
			got = append(got, fmt.Sprint(f.Kind, " ", f.Confidence))
		}
		return got
	}
	if diff := cmp.Diff([]string{"id/account hint"}, at("api2.amplitude.com")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := at("sink.example"); len(got) > 0 {
		t.Errorf("elsewhere: %v", got)
	}
}
