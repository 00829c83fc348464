package report

import (
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
)

// maxParties bounds the table of parties; the rest is in facts.jsonl.
const maxParties = 60

// unknown stands where nothing is known, as a word and not as a gap.
const unknown = "not known"

// A partyView is who a recipient is, and where: four different things.
type partyView struct {
	Host, Told string
	Owner      string // with role and how that is known
	Seat       string
	Registrant string
	Network    string
	Server     string
	Lists      string
	Way        string // the names that DNS led on to
	Sources    string
}

// partyViews lists the recipients of all targets, a host once, those first
// that received personal data.
func (x *index) partyViews() []partyView {
	var views []partyView
	seen := make(map[string]bool)
	for _, told := range []bool{true, false} {
		for _, t := range x.targets {
			for _, r := range x.recipients(t) {
				if r.told() == told && !seen[r.Party.Host] {
					seen[r.Party.Host] = true
					views = append(views, newPartyView(r.Party, told))
				}
			}
		}
	}
	return views
}

func newPartyView(p audit.Party, told bool) partyView {
	v := partyView{
		Host: p.Host, Owner: unknown, Seat: seatWords(p), Registrant: registrantWords(p), Network: networkWords(p), Server: serverWords(p),
		Lists: strings.Join(p.Categories, ", "), Way: strings.Join(p.Aliases, " → "), Sources: strings.Join(p.Source, "; "),
	}
	if told {
		v.Told = "received personal data"
	}
	var notes []string
	for _, w := range []string{p.Role, p.Mark} {
		if w != "" {
			notes = append(notes, w)
		}
	}
	if p.Organisation != "" {
		v.Owner = p.Organisation
	}
	if len(notes) > 0 {
		v.Owner += " (" + strings.Join(notes, ", ") + ")"
	}
	return v
}

func seatWords(p audit.Party) string { return orUnknown(p.Seat) }

func registrantWords(p audit.Party) string {
	switch {
	case p.Registrant == "" && p.RegistrantCountry == "":
		return "not asked"
	case p.RegistrantCountry == "":
		return p.Registrant + ", country not told"
	case p.Registrant == "":
		return "withheld, " + p.RegistrantCountry
	}
	return p.Registrant + ", " + p.RegistrantCountry
}

func networkWords(p audit.Party) string {
	switch {
	case p.ASN != 0:
		return strings.TrimSpace(fmt.Sprintf("%s AS%d", p.Network, p.ASN))
	case p.Network == "" && len(p.Servers) > 1:
		return "several"
	}
	return orUnknown(p.Network)
}

// serverWords says where the server is by which source, or why that is not
// said.
func serverWords(p audit.Party) string {
	if len(p.Servers) > 1 && p.Country == "" {
		words := make([]string, len(p.Servers))
		for i, s := range p.Servers {
			words[i] = s.IP + " " + placeWords(s)
		}
		return strings.Join(words, "; ")
	}
	words := placeWords(p.At(p.IP))
	if p.IP != "" {
		words = p.IP + ": " + words
	}
	return words
}

func placeWords(s audit.Server) string {
	switch {
	case s.Country == "":
		return orUnknown(s.Unplaced)
	case s.Basis == audit.ByRegistry:
		return "place not known; the address is registered in " + s.Country
	case s.Basis == audit.ByDatabase:
		return s.Country + ", by the database that was given"
	}
	return s.Country
}

func orUnknown(word string) string {
	if word == "" {
		return unknown
	}
	return word
}

// whereabouts says of those that received personal data, in one sentence, the
// four things that are easily taken for one.
func whereabouts(parties []audit.Party) string {
	if len(parties) == 0 {
		return ""
	}
	of := func(words func(audit.Party) string) string {
		var all []string
		for _, p := range parties {
			if w := words(p); !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
		if len(all) > 2 {
			return fmt.Sprintf("%s and %d more", all[0], len(all)-1)
		}
		return strings.Join(all, " or ")
	}
	return fmt.Sprintf("seat: %s; registrant: %s; hoster: %s; server: %s",
		of(seatWords), of(registrantWords), of(networkWords), of(serverWords))
}
