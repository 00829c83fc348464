package report

import (
	"fmt"
	"slices"
	"strings"

	"telltale/audit"
)

// maxParties bounds the table of parties; the rest is in facts.jsonl.
const maxParties = 60

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
					views = append(views, x.newPartyView(r.Party, told))
				}
			}
		}
	}
	return views
}

func (x *index) newPartyView(p audit.Party, told bool) partyView {
	v := partyView{
		Host: p.Host, Owner: x.lang.say("unknown"), Seat: x.seatWords(p), Registrant: x.registrantWords(p), Network: x.networkWords(p), Server: x.serverWords(p),
		Lists: x.lang.list(p.Categories), Way: strings.Join(p.Aliases, " → "), Sources: strings.Join(p.Source, "; "),
	}
	if told {
		v.Told = x.lang.say("parties.told")
	}
	var notes []string
	for _, w := range []string{p.Role, p.Mark} {
		if w != "" {
			notes = append(notes, x.lang.word(w))
		}
	}
	if p.Organisation != "" {
		v.Owner = p.Organisation
	}
	if len(notes) > 0 {
		v.Owner = x.lang.say("arm.named", v.Owner, x.lang.list(notes))
	}
	return v
}

func (x *index) seatWords(p audit.Party) string { return x.orUnknown(p.Seat) }

func (x *index) registrantWords(p audit.Party) string {
	switch {
	case p.Registrant == "" && p.RegistrantCountry == "":
		return x.lang.say("registrant.not-asked")
	case p.RegistrantCountry == "":
		return x.lang.say("registrant.no-country", p.Registrant)
	case p.Registrant == "":
		return x.lang.say("registrant.withheld", p.RegistrantCountry)
	}
	return p.Registrant + ", " + p.RegistrantCountry
}

func (x *index) networkWords(p audit.Party) string {
	switch {
	case p.ASN != 0:
		return strings.TrimSpace(fmt.Sprintf("%s AS%d", p.Network, p.ASN))
	case p.Network == "" && len(p.Servers) > 1:
		return x.lang.say("network.several")
	}
	return x.orUnknown(p.Network)
}

// serverWords says where the server is by which source, or why that is not
// said.
func (x *index) serverWords(p audit.Party) string {
	if len(p.Servers) > 1 && p.Country == "" {
		words := make([]string, len(p.Servers))
		for i, s := range p.Servers {
			words[i] = s.IP + " " + x.placeWords(s)
		}
		return strings.Join(words, "; ")
	}
	words := x.placeWords(p.At(p.IP))
	if p.IP != "" {
		words = p.IP + ": " + words
	}
	return words
}

func (x *index) placeWords(s audit.Server) string {
	switch {
	case s.Country == "":
		return x.orUnknown(x.lang.word(s.Unplaced))
	case s.Basis == audit.ByRegistry:
		return x.lang.say("server.registered", s.Country)
	case s.Basis == audit.ByDatabase:
		return x.lang.say("server.database", s.Country)
	}
	return s.Country
}

// orUnknown says that nothing is known, as a word and not as a gap.
func (x *index) orUnknown(word string) string {
	if word == "" {
		return x.lang.say("unknown")
	}
	return word
}

// whereabouts says of those that received personal data, in one sentence, the
// four things that are easily taken for one.
func (x *index) whereabouts(parties []audit.Party) string {
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
		of(x.seatWords), of(x.registrantWords), of(x.networkWords), of(x.serverWords))
}
