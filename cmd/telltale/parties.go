package main

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/attribute"
	"telltale/audit/evidence"
	"telltale/audit/lab/specimen"
	"telltale/audit/report"
)

const partyHelp = `

Who receives is told by tables that are built in: companies by their hosts, and
by their addresses the networks and the countries that these are registered in.
--geo FILE reads a database in MaxMind's format, --trackers FILE a list of
trackers as Tracker Radar (DuckDuckGo), Disconnect, EasyPrivacy or Exodus have
them; facts that come from such a file name it with its SHA-256. They are not
kept in a case: facts that were derived with them need them again.

--rdap FILE talks to the internet: it asks the registries (RDAP) who registered
the domains of the recipients, and in which country. The answers are kept in
FILE, with address, time and SHA-256; what is there is not asked again.`

// bookLimit is the size up to which a file with parties is read.
const bookLimit = 1 << 30

// A shelf is the files with parties that a command was given.
type shelf struct {
	geo, trackers []string
	rdap          string // file of answers of registries; empty: none are asked
}

// A library is where parties are looked up. The zero library has the shipped
// tables.
type library struct {
	attribute.Book
	registry *registry
}

// partyFlags lets a command take files with parties.
func partyFlags(c *cobra.Command, s *shelf) {
	c.Flags().StringArrayVar(&s.geo, "geo", nil, "tell networks and countries by a database `FILE` in MaxMind's format; may be repeated")
	c.Flags().StringArrayVar(&s.trackers, "trackers", nil, "tell trackers by a list `FILE`; may be repeated")
	c.Flags().StringVar(&s.rdap, "rdap", "", "ask registries who registered the recipients' domains, and keep the answers in `FILE`")
}

// open reads the files. now is the clock for what is asked.
func (s shelf) open(now func() time.Time) (*library, error) {
	b := new(library)
	if s.rdap != "" {
		r, err := openRegistry(s.rdap, now)
		if err != nil {
			return nil, usagef("--rdap: %w", err)
		}
		b.registry = r
	}
	for _, path := range s.geo {
		data, err := readBounded(path)
		if err != nil {
			return nil, usagef("--geo: %w", err)
		}
		g, err := attribute.ReadGeo(path, data)
		if err != nil {
			return nil, usagef("--geo: %w", err)
		}
		b.Geo = append(b.Geo, g)
	}
	for _, path := range s.trackers {
		data, err := readBounded(path)
		if err != nil {
			return nil, usagef("--trackers: %w", err)
		}
		l, err := attribute.ReadList(path, data)
		if err != nil {
			return nil, usagef("--trackers: %w", err)
		}
		b.Lists = append(b.Lists, l)
	}
	return b, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, bookLimit+1))
	if err == nil && len(data) > bookLimit {
		err = fmt.Errorf("%s is longer than 1 GiB", path)
	}
	return data, err
}

// sinkholes returns the ids of the cases in which nothing went to a real
// server.
func sinkholes(folders ...*evidence.Reader) map[string]bool {
	offline := make(map[string]bool)
	for _, r := range folders {
		if !r.Case.Online {
			offline[r.Case.ID] = true
		}
	}
	return offline
}

// parties says who received the exhibits. offline holds the ids of cases that a
// sinkhole answered; in the answers the way of names through DNS is looked for.
func parties(c *report.Case, book *library, offline map[string]bool, answers iter.Seq2[audit.Exhibit, error]) []audit.Party {
	var contacts []attribute.Contact
	resolved := false
	for _, ex := range c.Exhibits {
		contact := attribute.Contact{Host: ex.Host, Visited: ex.Stage && ex.Host != specimen.Host, Offline: offline[ex.Case]}
		if ex.Server != "" {
			contact.Servers = []string{ex.Server}
		}
		contacts = append(contacts, contact)
		resolved = resolved || isResolver(ex)
	}
	for _, cov := range c.Coverage {
		for _, host := range cov.Unread {
			contacts = append(contacts, attribute.Contact{Host: host, Offline: len(offline) > 0})
		}
	}
	if resolved {
		ways := aliases(answers)
		for i, contact := range contacts {
			contacts[i].Aliases = ways[strings.ToLower(contact.Host)]
		}
	}
	found := book.Parties(contacts)
	if book.registry != nil {
		var problems []audit.Problem
		book.Registrations, problems = book.registry.registrations(found)
		c.Problems = append(c.Problems, problems...)
		found = book.Parties(contacts)
	}
	return found
}

// isResolver reports whether an exhibit asks a resolver, as RFC 8484 has it.
func isResolver(ex audit.Exhibit) bool {
	return ex.Type == "application/dns-message" || strings.Contains(ex.URL, "?dns=")
}

// aliases returns, by host, the names that DNS led on to. The first answer
// about a host counts.
func aliases(answers iter.Seq2[audit.Exhibit, error]) map[string][]string {
	ways := make(map[string][]string)
	for a, err := range answers {
		if err != nil || a.Part != "answer.body" || a.Cut {
			continue
		}
		if host, names := attribute.Aliases(a.Data.Reveal()); ways[host] == nil && names != nil {
			ways[host] = names
		}
	}
	return ways
}
