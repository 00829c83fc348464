package attribute

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

func TestLookup(t *testing.T) {
	tests := []struct{ host, domain, organisation, role string }{
		{"sa.api.intl.miui.com", "miui.com", "Xiaomi", "analytics"},
		{"SA.api.intl.MIUI.com.", "miui.com", "Xiaomi", "analytics"},
		{"x.sa.api.intl.miui.com", "miui.com", "Xiaomi", "analytics"},
		{"other.miui.com", "miui.com", "Xiaomi", "service"},
		{"notmiui.com", "notmiui.com", "", ""},
		{"miui.com.example.net", "example.net", "", ""},
		{"debugtest.datasink.sensorsdata.cn", "sensorsdata.cn", "Sensors Data", "analytics"},
		{"clients2.google.com", "google.com", "Google", "update"},
		{"android.clients.google.com", "google.com", "Google", "push"},
		{"mail.google.com", "google.com", "Google", "service"},
		{"update.googleapis.com", "update.googleapis.com", "Google", "update"}, // googleapis.com is a public suffix
		{"beacons.gcp.gvt2.com", "gvt2.com", "Google", "telemetry"},
		{"news.example.co.uk", "example.co.uk", "", ""},
		{"page.telltale.lab", "telltale.lab", "telltale", "lab"},
		{"localhost", "localhost", "", ""},
		{"com", "com", "", ""},
		{"", "", "", ""},
	}
	for _, test := range tests {
		p := Lookup(test.host)
		if p.Domain != test.domain || p.Organisation != test.organisation || p.Role != test.role {
			t.Errorf("%s: got %q, %q, %q want %q, %q, %q", test.host,
				p.Domain, p.Organisation, p.Role, test.domain, test.organisation, test.role)
		}
		if (p.Organisation == "") != (p.Source == nil) {
			t.Errorf("%s: organisation %q has sources %q", test.host, p.Organisation, p.Source)
		}
	}
}

// An address has no domain and no organisation, only itself.
func TestLookupAddress(t *testing.T) {
	for host, want := range map[string]string{
		"161.117.71.214": "161.117.71.214",
		"[2001:DB8::1]":  "2001:db8::1",
		"2001:db8::1":    "2001:db8::1",
		"::1":            "::1",
	} {
		got := Lookup(host)
		if diff := cmp.Diff(audit.Party{Host: strings.ToLower(host), IP: want}, got); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}

func TestParties(t *testing.T) {
	hosts := []string{"www.example.org", "duckduckgo.com", "tracking.miui.com", "WWW.example.org", "tracking.miui.com", "10.0.0.1"}
	got := Parties(hosts, []string{"DuckDuckGo.com", "www.example.org", "not-spoken-to.example"})
	want := []audit.Party{
		{Host: "10.0.0.1", IP: "10.0.0.1"},
		{Host: "duckduckgo.com", Domain: "duckduckgo.com", Organisation: "DuckDuckGo", Role: Visited, Source: []string{"the company's own site"}},
		{Host: "tracking.miui.com", Domain: "miui.com", Organisation: "Xiaomi", Role: "analytics", Source: []string{"nextdns/native-tracking-domains, domains/xiaomi (OneTrack)"}},
		{Host: "www.example.org", Domain: "example.org", Role: Visited},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Parties(nil, []string{"a.example"}); got != nil {
		t.Errorf("got %v want nothing", got)
	}
}

// Every line of the table is a comment or has its four fields, and no name
// stands in it twice.
func TestOwners(t *testing.T) {
	name := regexp.MustCompile(`^([a-z0-9-]+\.)+[a-z]+$`)
	role := regexp.MustCompile(`^[a-z]+$`)
	seen := make(map[string]bool)
	for line := range strings.Lines(ownersText) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 || !name.MatchString(f[0]) || f[1] == "" || !role.MatchString(f[2]) || f[3] == "" {
			t.Errorf("not name, organisation, role, source: %q", line)
			continue
		}
		if seen[f[0]] {
			t.Errorf("%s: a second time", f[0])
		}
		seen[f[0]] = true
	}
	if len(seen) != len(owners()) {
		t.Errorf("%d owners from %d lines", len(owners()), len(seen))
	}
}

func FuzzLookup(f *testing.F) {
	for _, host := range []string{"sa.api.intl.miui.com", "a..miui.com", ".com", "[::1]", "1.2.3.4", "::ffff:1.2.3.4%eth0", "ÄÖ.com", "co.uk", "x."} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		p := Lookup(host)
		if p.Host != normal(host) || !strings.HasSuffix(p.Host, p.Domain) {
			t.Errorf("%q: domain %q of host %q", host, p.Domain, p.Host)
		}
		if p.IP != "" {
			if _, err := netip.ParseAddr(p.IP); err != nil || p.Domain != "" || p.Organisation != "" {
				t.Errorf("%q: address %q with %q, %q", host, p.IP, p.Domain, p.Organisation)
			}
		}
		if got := longestOwner(p.Host); p.IP == "" && got != p.Organisation {
			t.Errorf("%q: organisation %q want %q", host, p.Organisation, got)
		}
	})
}

// longestOwner reads the table from the other side: every name, and whether
// the host lies below it.
func longestOwner(host string) string {
	longest, organisation := "", ""
	for name, o := range owners() {
		if (host == name || strings.HasSuffix(host, "."+name)) && len(name) > len(longest) {
			longest, organisation = name, o.organisation
		}
	}
	return organisation
}
