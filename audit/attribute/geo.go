package attribute

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"telltale/audit"
)

// A Geo is a database of addresses in MaxMind's format that the user gave: of
// countries, of networks, or of both.
type Geo struct {
	db     *maxminddb.Reader
	source string
}

// ReadGeo reads a database. name is how it is called in facts.
//
// It fails if data is no such database. One that is damaged further inside
// gives nothing for the addresses that are concerned.
func ReadGeo(name string, data []byte) (*Geo, error) {
	db, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w; give a file in MaxMind's format (.mmdb)", name, err)
	}
	sum := sha256.Sum256(data)
	built := time.Unix(int64(db.Metadata.BuildEpoch), 0).UTC() //nolint:gosec // what it says, be it nonsense
	return &Geo{db, fmt.Sprintf("database %s (%s of %s), SHA-256 %s",
		filepath.Base(name), flat(db.Metadata.DatabaseType), built.Format(time.DateOnly), hex.EncodeToString(sum[:]))}, nil
}

// Source says which database it is: name, type, date and SHA-256.
func (g *Geo) Source() string { return g.source }

// Where the databases of different makers have what is looked for.
var (
	countryPaths = [][]any{{"country", "iso_code"}, {"country_code"}, {"country"}}
	numberPaths  = [][]any{{"autonomous_system_number"}, {"traits", "autonomous_system_number"}, {"asn"}}
	namePaths    = [][]any{{"autonomous_system_organization"}, {"traits", "autonomous_system_organization"}, {"as_name"}}
	anycastPaths = [][]any{{"traits", "is_anycast"}, {"is_anycast"}}
)

// text returns the first of the paths that has a word.
func text(r maxminddb.Result, paths [][]any) string {
	for _, path := range paths {
		var s string
		if r.DecodePath(&s, path...) == nil && s != "" {
			return flat(s)
		}
	}
	return ""
}

// asNumber returns the first of the paths that has a number, be it written as
// AS45102.
func asNumber(r maxminddb.Result, paths [][]any) int {
	for _, path := range paths {
		var n uint32
		if r.DecodePath(&n, path...) == nil && n != 0 {
			return int(n)
		}
		var s string
		if r.DecodePath(&s, path...) == nil {
			if n, err := strconv.ParseUint(strings.TrimPrefix(s, "AS"), 10, 32); err == nil && n != 0 {
				return int(n)
			}
		}
	}
	return 0
}

func (g *Geo) isAnycast(r maxminddb.Result) bool {
	for _, path := range anycastPaths {
		var yes bool
		if r.DecodePath(&yes, path...) == nil && yes {
			return true
		}
	}
	return false
}

// fromGeo fills in what the databases have for an address.
func (b *Book) fromGeo(s *audit.Server, ip netip.Addr, p *audit.Party) {
	for _, g := range b.Geo {
		r := g.db.Lookup(ip)
		if r.Err() != nil || !r.Found() {
			continue
		}
		used := false
		if n := asNumber(r, numberPaths); n != 0 && s.ASN == 0 {
			s.ASN, s.Network, used = n, text(r, namePaths), true
		}
		if g.isAnycast(r) && s.Unplaced == "" {
			s.Country, s.Basis, s.Unplaced, used = "", "", "the address is an anycast one: machines in many countries", true
		}
		if c := text(r, countryPaths); isCountry(c) && s.Country == "" && s.Unplaced == "" {
			s.Country, s.Basis, used = c, audit.ByDatabase, true
		}
		if used {
			cite(p, g.Source())
		}
	}
}

// isCountry reports whether a word is a code of ISO 3166-1.
func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
