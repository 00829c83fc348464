// Package attribute says who receives: it turns the name of a host, and the
// addresses that it was reached at, into a party.
//
// A party has a registrable domain (Public Suffix List), an organisation with
// its seat and a role (owners.txt, seats.txt, companies.txt, and lists that the
// user gives), the network that hosts it, and the country of its server. Each
// is known from a source, which the party names, or it is left empty: unknown
// is a result. It asks nobody.
//
// A country is claimed with care. The shipped table knows the country that a
// block of addresses is registered in, which is not where a machine stands; a
// database that the user gives knows more, and is named by its hash. Behind an
// anycast address or a content network stand machines in many countries, so
// there none is claimed. In a sinkhole no address was met at all.
package attribute

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"telltale/audit"
)

// Visited is the role of a host that the plan of the experiment visits: it
// learns what is done there without any leak.
const Visited = "visited"

// Why a server has no country.
const (
	NotObserved = "not observed offline"
	NotRecorded = "the capture names no address"
	NotKnown    = "no table has its address"
	Several     = "its servers are in several countries"
)

// A Contact is what was seen of one host.
type Contact struct {
	Host    string
	Visited bool     // by the plan, on purpose
	Offline bool     // the answers came from a sinkhole, so no address was met
	Servers []string // addresses that it was reached at
	Aliases []string // names that DNS led on to, in order
}

// A Book is all that parties are looked up in: the shipped tables, and what
// the user gave. The zero Book has the shipped tables.
type Book struct {
	Lists []*List // of trackers; for a name that the shipped tables do not have, the first one counts
	Geo   []*Geo  // databases of addresses; the first that knows something counts
	// Registrations are the answers of registries, by registrable domain.
	Registrations map[string]Registration
}

// A Registration is what a registry said of a domain.
type Registration struct {
	Registrant, Country string
	Source              string // which registry, when, and the exhibit
}

// Lookup returns the party that a host name or address belongs to, by the
// shipped tables alone.
func Lookup(host string) audit.Party {
	var b Book
	return b.Party(Contact{Host: host})
}

// Parties looks up each contact, sorted by host. Contacts with one host are
// one.
func (b *Book) Parties(contacts []Contact) []audit.Party {
	byHost := make(map[string]Contact)
	var hosts []string
	for _, c := range contacts {
		c.Host = normal(c.Host)
		had, again := byHost[c.Host]
		if !again {
			hosts = append(hosts, c.Host)
		} else {
			c.Visited = c.Visited || had.Visited
			c.Offline = c.Offline && had.Offline
			c.Servers = append(slices.Clip(had.Servers), c.Servers...)
			c.Aliases = append(slices.Clip(had.Aliases), c.Aliases...)
		}
		byHost[c.Host] = c
	}
	slices.Sort(hosts)
	var parties []audit.Party
	for _, host := range hosts {
		parties = append(parties, b.Party(byHost[host]))
	}
	return parties
}

// Party looks up one contact.
func (b *Book) Party(c Contact) audit.Party {
	p := audit.Party{Host: normal(c.Host)}
	servers := c.Servers
	if ip, err := netip.ParseAddr(strings.Trim(p.Host, "[]")); err == nil {
		servers = []string{ip.String()} // asked for by its number: no name was looked up
	} else {
		b.name(&p, c.Aliases)
	}
	b.place(&p, servers)
	if p.IP == "" && len(p.Servers) == 0 && p.Unplaced == "" && p.Host != "" {
		p.Unplaced = NotRecorded
		if c.Offline {
			p.Unplaced = NotObserved
		}
	}
	if c.Visited {
		p.Role = Visited
	}
	return p
}

// name fills in what the name of a host tells.
func (b *Book) name(p *audit.Party, aliases []string) {
	p.Domain = domain(p.Host)
	for _, alias := range aliases {
		if alias = normal(alias); alias != p.Host && !slices.Contains(p.Aliases, alias) {
			p.Aliases = append(p.Aliases, alias)
		}
	}
	known, o, ok := longest(owners(), p.Host)
	if ok {
		p.Organisation, p.Role, p.Mark = o.organisation, o.role, marks[o.mark]
		cite(p, o.source)
	} else if name, c, ok := longest(companies(), p.Host); ok {
		known = name
		c.fill(p)
	}
	hosted(p, known)
	b.listed(p)
	if s, ok := seats()[p.Organisation]; ok {
		p.Seat = s.country
		cite(p, "seat: "+s.source)
	}
	if r, ok := b.Registrations[p.Domain]; ok {
		p.Registrant, p.RegistrantCountry = r.Registrant, r.Country
		cite(p, r.Source)
	}
}

// cite names a source, once.
func cite(p *audit.Party, source string) {
	if source != "" && !slices.Contains(p.Source, source) {
		p.Source = append(p.Source, source)
	}
}

// longest returns the longest name of a table that host is, or lies below, and
// what the table has for it.
func longest[T any](table map[string]T, host string) (name string, value T, ok bool) {
	for name = host; name != ""; _, name, _ = strings.Cut(name, ".") {
		if value, ok = table[name]; ok {
			return name, value, true
		}
	}
	return "", value, false
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
