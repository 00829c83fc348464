// Package attribute says who receives what software sends: the registrable
// domain of a host, the organisation that runs it, and what the host is for.
//
// Domains are cut by the public suffix list (publicsuffix.org). Organisations
// and roles stand in owners.txt; its head says how a record is written. A host
// never proves what is sent to it, and one that is not in the table has no
// organisation rather than a guessed one.
package attribute

import (
	_ "embed"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"telltale/audit"
)

// Roles that come from the experiment and not from the table.
const (
	Visited = "visited" // the plan went there
	Lab     = "lab"     // part of the laboratory
)

// An owner is one record of owners.txt.
type owner struct{ organisation, role, source string }

//go:embed owners.txt
var ownersText string

var owners = sync.OnceValue(func() map[string]owner {
	table := make(map[string]owner)
	for line := range strings.Lines(ownersText) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 && !strings.HasPrefix(line, "#") {
			table[f[0]] = owner{f[1], strings.Trim(f[2], "-"), f[3]}
		}
	}
	return table
})

// Lookup returns the party behind a host. Only Host is set for an empty host.
func Lookup(host string) audit.Party {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	p := audit.Party{Host: host, Domain: domain(host)}
	if addr, err := netip.ParseAddr(host); err == nil {
		p.IP = addr.String()
		return p
	}
	for suffix := host; suffix != ""; _, suffix, _ = strings.Cut(suffix, ".") {
		if o, ok := owners()[suffix]; ok {
			p.Organisation, p.Role = o.organisation, o.role
			p.Source = []string{"owners.txt: " + suffix + " (" + o.source + ")"}
			return p
		}
	}
	return p
}

// domain returns the registrable domain of host, host itself if it has none
// (an address, a public suffix, a name of one label).
func domain(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// Parties returns the parties of hosts, one for each, sorted by host. The
// hosts in visited get the role [Visited], those in lab [Lab]: an organisation
// that runs a visited site learns of the visit by the visit itself.
func Parties(hosts, visited, lab []string) []audit.Party {
	hosts = slices.Compact(slices.Sorted(slices.Values(hosts)))
	parties := make([]audit.Party, 0, len(hosts))
	for _, host := range hosts {
		p := Lookup(host)
		switch {
		case slices.Contains(lab, host):
			p.Role = Lab
		case slices.Contains(visited, host):
			p.Role = Visited
		}
		parties = append(parties, p)
	}
	return parties
}
