// Package attribute says who receives: it turns the name of a host into a
// party with its registrable domain, its organisation and its role.
//
// It asks nobody. The registrable domain comes from the Public Suffix List, the
// rest from owners.txt, where each line names its source. A host that is not
// there has no organisation: unknown is a result.
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

// Visited is the role of a host that the plan of the experiment visits: it
// learns what is done there without any leak.
const Visited = "visited"

// Lookup returns the party that a host name or address belongs to.
func Lookup(host string) audit.Party {
	host = normal(host)
	p := audit.Party{Host: host}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		p.IP = ip.String()
		return p
	}
	p.Domain = domain(host)
	for name := host; name != ""; _, name, _ = strings.Cut(name, ".") {
		if o, ok := owners()[name]; ok {
			p.Organisation, p.Role, p.Source = o.organisation, o.role, []string{o.source}
			break
		}
	}
	return p
}

// Parties looks up each host once, sorted by host. Those that were visited on
// purpose get the role [Visited].
func Parties(hosts, visited []string) []audit.Party {
	isVisited := make(map[string]bool)
	for _, h := range visited {
		isVisited[normal(h)] = true
	}
	var names []string
	for _, h := range hosts {
		names = append(names, normal(h))
	}
	slices.Sort(names)
	var parties []audit.Party
	for _, name := range slices.Compact(names) {
		p := Lookup(name)
		if isVisited[name] {
			p.Role = Visited
		}
		parties = append(parties, p)
	}
	return parties
}

// normal returns the one spelling of a host name.
func normal(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// domain returns the registrable domain of host: the host itself if it has
// none, such as localhost.
func domain(host string) string {
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return d
}

// An owner is one line of owners.txt.
type owner struct {
	organisation, role, source string
}

//go:embed owners.txt
var ownersText string

var owners = sync.OnceValue(func() map[string]owner {
	m := make(map[string]owner)
	for line := range strings.Lines(ownersText) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 4 {
			m[f[0]] = owner{organisation: f[1], role: f[2], source: f[3]}
		}
	}
	return m
})
