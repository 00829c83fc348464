package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telltale/audit/attribute/ranges"
)

// lay writes a small package of each kind.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func packages() map[string]string {
	return map[string]string{
		"third-party-web/package.json":                     `{"version":"` + companySource.version + `"}`,
		"third-party-web/dist/entities.json":               `[{"name":"Big Ads","company":"Big","category":"ad","domains":["*.ads.example","x.example"]},{"name":"Small","category":"cdn","domains":["x.example"]}]`,
		"@ip-location-db/asn/package.json":                 `{"version":"` + networkSource.version + `"}`,
		"@ip-location-db/asn/asn-ipv4.csv":                 "1.0.0.0,1.0.0.255,13335,\"Cloud,  Inc.\"\n2.0.0.0,2.0.0.9,1,A\n2.0.0.5,2.0.0.7,2,B\n2.0.0.8,2.0.0.8,3,C\n2.0.0.10,2.0.0.11,4,D\n",
		"@ip-location-db/asn/asn-ipv6.csv":                 "2001:db8::,2001:db8::1,7,Seven\n",
		"@ip-location-db/asn-country/package.json":         `{"version":"` + countrySource.version + `"}`,
		"@ip-location-db/asn-country/asn-country-ipv4.csv": "1.0.0.0,1.0.0.255,AU\n",
		"@ip-location-db/asn-country/asn-country-ipv6.csv": "2001:db8::,2001:db8::1,JP\n",
	}
}

func TestRun(t *testing.T) {
	to := t.TempDir()
	if err := run([]string{lay(t, packages()), to}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(to, "companies.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "ads.example\tBig\tad\nx.example\tBig\tad\n"; !strings.HasSuffix(string(text), want) || !strings.Contains(string(text), companySource.version) {
		t.Errorf("companies.txt: got %q want the version, and at the end %q", text, want)
	}
	packed, err := os.ReadFile(filepath.Join(to, "networks.zst"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := ranges.Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	// The three rows below 2.0.0.10 contradict each other, and so none counts.
	for ip, want := range map[string]string{
		"1.0.0.7": "13335\tCloud, Inc.", "2.0.0.1": "", "2.0.0.6": "", "2.0.0.8": "", "2.0.0.11": "4\tD", "2001:db8::1": "7\tSeven",
	} {
		if got := table.Find(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: got %q want %q", ip, got, want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for want, change := range map[string]func(p map[string]string){
		"has version 9, want":  func(p map[string]string) { p["third-party-web/package.json"] = `{"version":"9"}` },
		"unpack version":       func(p map[string]string) { delete(p, "@ip-location-db/asn/package.json") },
		"row 2: ParseAddr":     func(p map[string]string) { p["@ip-location-db/asn/asn-ipv6.csv"] += "x,y,1,Z\n" },
		"wrong number of":      func(p map[string]string) { p["@ip-location-db/asn/asn-ipv6.csv"] += "::1,::2\n" },
		"it ends before":       func(p map[string]string) { p["@ip-location-db/asn/asn-ipv6.csv"] += "::9,::2,1,Z\n" },
		"no such file":         func(p map[string]string) { delete(p, "@ip-location-db/asn/asn-ipv4.csv") },
		"entities.json: inval": func(p map[string]string) { p["third-party-web/dist/entities.json"] = "x" },
	} {
		p := packages()
		change(p)
		if err := run([]string{lay(t, p), t.TempDir()}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if err := run(nil, &bytes.Buffer{}); err == nil {
		t.Error("no arguments: no error")
	}
}
