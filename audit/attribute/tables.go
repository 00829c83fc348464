package attribute

import (
	_ "embed"
	"strings"
	"sync"

	"telltale/audit"
)

// table reads the lines of a text with fields between tabs. A line that is
// empty or a comment, or has fewer fields than least, is left out.
func table[T any](text string, least int, entry func(fields []string) T) map[string]T {
	m := make(map[string]T)
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(f) >= least && !strings.HasPrefix(line, "#") {
			m[f[0]] = entry(f)
		}
	}
	return m
}

// marks are the words for the marks of certainty in owners.txt.
var marks = map[string]string{"D": "documented", "R": "read in sources", "S": "second-hand"}

// An owner is one line of owners.txt.
type owner struct {
	organisation, role, source, mark string
}

//go:embed owners.txt
var ownersText string

var owners = sync.OnceValue(func() map[string]owner {
	return table(ownersText, 5, func(f []string) owner { return owner{f[1], f[2], f[3], f[4]} })
})

// A seat is one line of seats.txt.
type seat struct{ country, source string }

//go:embed seats.txt
var seatsText string

var seats = sync.OnceValue(func() map[string]seat {
	return table(seatsText, 3, func(f []string) seat { return seat{f[1], f[2]} })
})

// A company is one line of companies.txt.
type company struct{ name, category string }

//go:embed companies.txt
var companiesText string

var companies = sync.OnceValue(func() map[string]company {
	return table(companiesText, 3, func(f []string) company { return company{f[1], f[2]} })
})

// companiesSource is what companies.txt says of itself, in its second line.
var companiesSource = sync.OnceValue(func() string {
	_, rest, _ := strings.Cut(companiesText, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimPrefix(line, "# ")
})

// fill sets what the entry tells. Who rents a place at a hoster is not known
// by the hoster's name, so that is the network and not the organisation.
func (c company) fill(p *audit.Party) {
	if c.category == "hosting" {
		p.Network, p.Role = c.name, c.category
	} else {
		p.Organisation, p.Role, p.Mark = c.name, c.category, marks["S"]
	}
	if c.category == "ad" {
		p.Role = "advertising" // as in owners.txt
	}
	cite(p, companiesSource())
}
