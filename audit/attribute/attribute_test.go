package attribute_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/attribute"
)

func TestLookup(t *testing.T) {
	for _, want := range []audit.Party{
		{Host: "sa.api.intl.miui.com", Domain: "miui.com", Organisation: "Xiaomi", Role: "analytics", Source: []string{"owners.txt: sa.api.intl.miui.com (case)"}},
		{Host: "new.intl.miui.com", Domain: "miui.com", Organisation: "Xiaomi", Source: []string{"owners.txt: miui.com (case)"}},
		{Host: "update.googleapis.com", Domain: "update.googleapis.com", Organisation: "Google", Role: "update", Source: []string{"owners.txt: update.googleapis.com (chromium)"}},
		{Host: "notmiui.com", Domain: "notmiui.com"},
		{Host: "a.b.example.co.uk", Domain: "example.co.uk"},
		{Host: "127.0.0.1", Domain: "127.0.0.1", IP: "127.0.0.1"},
		{Host: "::1", Domain: "::1", IP: "::1"},
		{Host: "localhost", Domain: "localhost"},
		{Host: "", Domain: ""},
	} {
		if diff := cmp.Diff(want, attribute.Lookup(want.Host)); diff != "" {
			t.Errorf("%s: -want +got\n%s", want.Host, diff)
		}
	}
}

// A host is the same in capitals and with the root's dot.
func TestLookupNormal(t *testing.T) {
	if got, want := attribute.Lookup("SA.API.Intl.MIUI.com."), attribute.Lookup("sa.api.intl.miui.com"); !cmp.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParties(t *testing.T) {
	got := attribute.Parties([]string{"www.bing.com", "telltale.lab", "a.example", "www.bing.com"}, []string{"www.bing.com"}, []string{"telltale.lab"})
	var lines []string
	for _, p := range got {
		lines = append(lines, strings.TrimSpace(p.Host+" "+p.Organisation+" "+p.Role))
	}
	want := []string{"a.example", "telltale.lab  lab", "www.bing.com Microsoft visited"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Every record of the table has its four fields and is found by its own name.
func TestOwners(t *testing.T) {
	b, err := os.ReadFile("owners.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			t.Errorf("%q has %d fields, want 4", line, len(f))
			continue
		}
		p := attribute.Lookup(f[0])
		if p.Organisation != f[1] || len(p.Source) != 1 || !strings.Contains(p.Source[0], f[0]+" ") {
			t.Errorf("%s: got %+v", f[0], p)
		}
	}
}

// FuzzLookup holds the domain against the host: it is the host's end, at a
// label's border.
func FuzzLookup(f *testing.F) {
	f.Add("sa.api.intl.miui.com")
	f.Add("..")
	f.Add("a.co.uk.")
	f.Fuzz(func(t *testing.T, host string) {
		p := attribute.Lookup(host)
		if p.IP != "" {
			return
		}
		rest, ok := strings.CutSuffix(p.Host, p.Domain)
		if !ok || (rest != "" && !strings.HasSuffix(rest, ".")) {
			t.Errorf("%q: host %q, domain %q", host, p.Host, p.Domain)
		}
	})
}
