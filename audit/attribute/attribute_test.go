package attribute

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
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
		{"metrics.data.hicloud.com", "hicloud.com", "Huawei", "analytics"},
		{"eu.bidswitch.net", "bidswitch.net", "Bidswitch", "advertising"}, // by third-party-web
		{"api.amplitude.com", "amplitude.com", "Amplitude", "analytics"},
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
		if (p.Organisation == "") != (p.Source == nil) || (p.Organisation == "") != (p.Mark == "") {
			t.Errorf("%s: organisation %q has sources %q and mark %q", test.host, p.Organisation, p.Source, p.Mark)
		}
	}
}

// Below the name of a hoster others have their servers: the hoster is known,
// who receives is not, unless a table has just that name.
func TestHosted(t *testing.T) {
	for host, want := range map[string][3]string{
		"bucket.s3.amazonaws.com":       {"", "Amazon Web Services", "hosting"},
		"d111111abcdef8.cloudfront.net": {"", "Amazon CloudFront", "hosting"},
		"d1447tq2m68ekg.cloudfront.net": {"AB Tasty", "Amazon CloudFront", "analytics"},
		"someone.blogspot.com":          {"", "Blogger", "hosting"},
	} {
		p := Lookup(host)
		if got := [3]string{p.Organisation, p.Network, p.Role}; got != want || p.Country != "" || len(p.Source) == 0 {
			t.Errorf("%s: got %q, country %q, sources %q want %q", host, got, p.Country, p.Source, want)
		}
	}
}

// An address has no domain and no organisation. What the tables have for it is
// about the address, not about a place.
func TestLookupAddress(t *testing.T) {
	about := func(network, registry bool) (sources []string) {
		if network {
			sources = append(sources, "network: "+networks().About())
		}
		if registry {
			sources = append(sources, "registered in: "+countries().About())
		}
		return sources
	}
	const local = "an address that is not of the internet"
	for host, want := range map[string]audit.Party{
		"47.74.174.53":    {IP: "47.74.174.53", ASN: 45102, Network: "Alibaba (US) Technology Co., Ltd.", Country: "US", Basis: audit.ByRegistry, Source: about(true, true)},
		"[2001:200::1]":   {IP: "2001:200::1", ASN: 2500, Network: "WIDE Project", Country: "JP", Basis: audit.ByRegistry, Source: about(true, true)},
		"1.1.1.1":         {IP: "1.1.1.1", ASN: 13335, Network: "Cloudflare, Inc.", Unplaced: "Cloudflare is an anycast network: one address, machines in many countries", Source: append(about(true, false), "network: arXiv:1505.00946: serves over anycast")},
		"10.0.0.1":        {IP: "10.0.0.1", Unplaced: local},
		"::1":             {IP: "::1", Unplaced: local},
		"2001:DB8::1":     {IP: "2001:db8::1", Unplaced: NotKnown}, // for documentation, RFC 3849
		"::ffff:10.0.0.1": {IP: "10.0.0.1", Unplaced: local},
	} {
		want.Host = strings.ToLower(host)
		if diff := cmp.Diff(want, Lookup(host)); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}

func TestParties(t *testing.T) {
	var b Book
	got := b.Parties([]Contact{
		{Host: "www.example.org", Visited: true},
		{Host: "DuckDuckGo.com", Visited: true, Offline: true},
		{Host: "tracking.miui.com", Offline: true},
		{Host: "WWW.example.org"},
		{Host: "tracking.miui.com", Offline: true},
		{Host: "10.0.0.1"},
	})
	want := []audit.Party{
		{Host: "10.0.0.1", IP: "10.0.0.1", Unplaced: "an address that is not of the internet"},
		{Host: "duckduckgo.com", Domain: "duckduckgo.com", Organisation: "DuckDuckGo", Role: Visited, Mark: "documented", Unplaced: NotObserved, Source: []string{"the company's own site"}},
		{
			Host: "tracking.miui.com", Domain: "miui.com", Organisation: "Xiaomi", Seat: "CN", Role: "analytics", Mark: "second-hand", Unplaced: NotObserved,
			Source: []string{"nextdns/native-tracking-domains, domains/xiaomi (OneTrack)", "seat: top-list.co, largest mobile phone companies of 2020: Beijing"},
		},
		{Host: "www.example.org", Domain: "example.org", Role: Visited, Unplaced: NotRecorded},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := b.Parties(nil); got != nil {
		t.Errorf("got %v want nothing", got)
	}
}

// Servers that agree are said in one, others each on its own.
func TestServers(t *testing.T) {
	var b Book
	p := b.Party(Contact{Host: "a.example", Servers: []string{"47.74.174.53", "47.74.174.53", "no address"}})
	if p.IP != "47.74.174.53" || p.Country != "US" || p.Servers != nil {
		t.Errorf("one address: got %+v", p)
	}
	p = b.Party(Contact{Host: "a.example", Servers: []string{"47.74.174.54", "47.74.174.53"}})
	if p.IP != "" || p.ASN != 45102 || p.Country != "US" || len(p.Servers) != 2 || p.Servers[0].IP != "47.74.174.53" {
		t.Errorf("two addresses of one network: got %+v", p)
	}
	p = b.Party(Contact{Host: "a.example", Servers: []string{"47.74.174.53", "2001:200::1"}})
	if p.ASN != 0 || p.Network != "" || p.Country != "" || p.Unplaced != Several || p.At("2001:200::1").Country != "JP" {
		t.Errorf("two networks: got %+v", p)
	}
}

// A name that leads to a content network has no country, whatever the tables
// have for the address.
func TestAliases(t *testing.T) {
	var b Book
	p := b.Party(Contact{Host: "metrics.example.org", Aliases: []string{"Metrics.example.org.", "x.d111.cloudfront.net."}, Servers: []string{"47.74.174.53"}})
	if diff := cmp.Diff([]string{"x.d111.cloudfront.net"}, p.Aliases); diff != "" {
		t.Error(diff)
	}
	if p.Network != "Amazon CloudFront" || p.Country != "" || !strings.Contains(p.Unplaced, "content network") {
		t.Errorf("got %+v", p)
	}
}

func TestRegistrations(t *testing.T) {
	b := Book{Registrations: map[string]Registration{"example.org": {"Somebody Ltd.", "SG", "registry of org"}}}
	p := b.Party(Contact{Host: "a.example.org"})
	if p.Registrant != "Somebody Ltd." || p.RegistrantCountry != "SG" || p.Country != "" || p.Seat != "" {
		t.Errorf("got %+v", p)
	}
}

// Every line of the hand-kept tables is a comment or has its fields, and no
// name stands in one twice.
func TestTables(t *testing.T) {
	host, word, country := `([a-z0-9-]+\.)+[a-z]+`, `[a-z]+`, `[A-Z]{2}`
	for name, table := range map[string]struct {
		text string
		line string
		n    int
	}{
		"owners.txt": {ownersText, host + `\t[^\t]+\t` + word + `\t[^\t]+\t[DRS]`, len(owners())},
		"seats.txt":  {seatsText, `[^\t]+\t` + country + `\t[^\t]+`, len(seats())},
		"edges.txt":  {edgesText, `(AS[0-9]+|` + host + `)\t[^\t]+\t(anycast|content|rented)\t[^\t]+`, len(edges())},
	} {
		line, seen := regexp.MustCompile(`^`+table.line+`$`), make(map[string]bool)
		for l := range strings.Lines(table.text) {
			l = strings.TrimSuffix(l, "\n")
			if l == "" || l[0] == '#' {
				continue
			}
			if !line.MatchString(l) {
				t.Errorf("%s: not as its head says: %q", name, l)
			}
			key, _, _ := strings.Cut(l, "\t")
			if seen[key] {
				t.Errorf("%s: %s stands there a second time", name, key)
			}
			seen[key] = true
		}
		if len(seen) != table.n || table.n == 0 {
			t.Errorf("%s: %d entries from %d lines", name, table.n, len(seen))
		}
	}
	for organisation := range seats() {
		if !strings.Contains(ownersText, "\t"+organisation+"\t") {
			t.Errorf("seats.txt: %q is in no line of owners.txt", organisation)
		}
	}
}

// The shipped tables say what they are, and their words are what is expected.
func TestShipped(t *testing.T) {
	if !regexp.MustCompile(`^third-party-web [0-9.]+ `).MatchString(companiesSource()) || len(companies()) < 3000 {
		t.Errorf("companies: %q with %d names", companiesSource(), len(companies()))
	}
	if !strings.Contains(networks().About(), "CC BY 4.0") || networks().Len() < 400_000 {
		t.Errorf("networks: %q with %d places", networks().About(), networks().Len())
	}
	if !strings.Contains(countries().About(), "CC BY 4.0") || countries().Len() < 150_000 {
		t.Errorf("countries: %q with %d places", countries().About(), countries().Len())
	}
	var some [4]byte
	for i := range 1 << 12 {
		some[0], some[1] = byte(i>>4), byte(i<<4)
		ip := netip.AddrFrom4(some)
		if c := countries().Find(ip); c != "" && !isCountry(c) {
			t.Errorf("%s is in %q", ip, c)
		}
		if word := networks().Find(ip); word != "" {
			number, name, _ := strings.Cut(word, "\t")
			if n, err := strconv.ParseUint(number, 10, 32); err != nil || n == 0 || name == "" {
				t.Errorf("%s is in the network %q", ip, word)
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	far := netip.MustParseAddr("2001:200::1")
	for name, table := range map[string]func() string{
		"network": func() string { return networks().Find(netip.AddrFrom4([4]byte{47, 74, 174, 53})) },
		"country": func() string { return countries().Find(far) },
	} {
		b.Run(name, func(b *testing.B) {
			table() // it is unpacked once
			for b.Loop() {
				if table() == "" {
					b.Fatal("not there")
				}
			}
		})
	}
}

func BenchmarkUnpack(b *testing.B) {
	for b.Loop() {
		unpack(networksPacked)
		unpack(countriesPacked)
	}
}

func FuzzLookup(f *testing.F) {
	for _, host := range []string{"sa.api.intl.miui.com", "a..miui.com", ".com", "[::1]", "1.2.3.4", "::ffff:1.2.3.4%eth0", "ÄÖ.com", "co.uk", "x.", "x.s3.amazonaws.com"} {
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
		if (p.Country == "") == (p.Unplaced == "") && p.Host != "" {
			t.Errorf("%q: country %q, unplaced %q", host, p.Country, p.Unplaced)
		}
		if want := longestOwner(p.Host); p.IP == "" && want != "" && p.Organisation != want {
			t.Errorf("%q: organisation %q want %q", host, p.Organisation, want)
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

func ExampleLookup() {
	p := Lookup("47.74.174.53")
	fmt.Println(p.Network, p.ASN, p.Country, p.Basis)
	// Output: Alibaba (US) Technology Co., Ltd. 45102 US registry
}
