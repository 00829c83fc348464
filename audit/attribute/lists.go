package attribute

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"telltale/audit"
)

// A List is a list of trackers that the user gave: which names, with all below
// them, belong to whom and what they are for.
type List struct {
	name, hash string
	format     string
	entries    map[string]listed
	left       int // entries that are no names of hosts, and so cannot be held against one
}

// listed is what a list has of a name.
type listed struct {
	organisation string
	categories   []string
}

// listFormats are the readers. The first that knows a file reads it.
var listFormats = []struct {
	name string
	is   func(keys map[string]json.RawMessage) bool // nil keys: the file is no JSON object
	read func(l *List, data []byte) error
}{
	{"Exodus", isExodus, readExodus},
	{"Disconnect", isDisconnect, readDisconnect},
	{"Tracker Radar", isRadar, readRadar},
	{"EasyPrivacy", isFilters, readFilters},
}

var errNoList = errors.New("it is no list that is known; there are Tracker Radar (DuckDuckGo), Disconnect, EasyPrivacy and Exodus")

// ReadList reads a list of trackers in the form of DuckDuckGo's Tracker Radar
// (entity_map.json, domain_map.json, the file of a domain or of an entity, or
// the block list made from it), Disconnect (services.json), EasyPrivacy (filter
// rules) or Exodus (trackers). name is how the list is called in facts.
//
// It fails on a file of another form. An entry that names no host, such as a
// rule about paths, is left out and counted.
func ReadList(name string, data []byte) (*List, error) {
	sum := sha256.Sum256(data)
	l := &List{name: filepath.Base(name), hash: hex.EncodeToString(sum[:]), entries: make(map[string]listed)}
	var keys map[string]json.RawMessage
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if head := bytes.TrimSpace(data); len(head) > 0 && head[0] == '{' {
		if err := json.Unmarshal(data, &keys); err != nil {
			return nil, fmt.Errorf("the list of trackers %s: %w", name, err)
		}
	}
	err := errNoList
	for _, f := range listFormats {
		if f.is(keys) {
			l.format = f.name
			err = f.read(l, data)
			break
		}
	}
	if err == nil && len(l.entries) == 0 {
		err = errors.New("it names no host")
	}
	if err != nil {
		return nil, fmt.Errorf("the list of trackers %s: %w", name, err)
	}
	return l, nil
}

// Source says which list it is: its format, name and SHA-256.
func (l *List) Source() string {
	s := fmt.Sprintf("%s list %s, SHA-256 %s", l.format, l.name, l.hash)
	if l.left > 0 {
		s += fmt.Sprintf(" (%d entries name no host, and were left out)", l.left)
	}
	return s
}

// Len is the number of names in the list.
func (l *List) Len() int { return len(l.entries) }

// add takes an entry in. Of two about one name, what each knows counts.
func (l *List) add(name, organisation string, categories ...string) {
	name = normal(strings.TrimPrefix(strings.TrimPrefix(name, "*"), "."))
	if !isHost(name) {
		l.left++
		return
	}
	e := l.entries[name]
	e.organisation = cmp.Or(e.organisation, flat(organisation))
	for _, c := range categories {
		if c = flat(c); c != "" && !slices.Contains(e.categories, c) {
			e.categories = append(e.categories, c)
		}
	}
	l.entries[name] = e
}

// maxHost is the longest name of a host (RFC 1035, section 2.3.4).
const maxHost = 253

// isHost reports whether a name has the letters of a host's name and a dot.
func isHost(name string) bool {
	if len(name) > maxHost || !strings.Contains(name, ".") || strings.Contains(name, "..") || strings.Trim(name, ".") != name {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

// flat writes words on one line, not endlessly long.
func flat(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 100 {
		s = string(r[:100]) + "…"
	}
	return s
}

// listed adds what the lists say. They name an organisation only where the
// shipped tables have none.
func (b *Book) listed(p *audit.Party) {
	for _, l := range b.Lists {
		_, e, ok := longest(l.entries, p.Host)
		for i := 0; !ok && i < len(p.Aliases); i++ { // a tracker behind a name of the site's own
			_, e, ok = longest(l.entries, p.Aliases[i])
		}
		if !ok {
			continue
		}
		if p.Organisation == "" && e.organisation != "" {
			p.Organisation, p.Mark = e.organisation, marks["S"]
		}
		for _, c := range e.categories {
			if !slices.Contains(p.Categories, c) {
				p.Categories = append(p.Categories, c)
			}
		}
		cite(p, l.Source())
	}
}
