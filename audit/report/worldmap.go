package report

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	region "golang.org/x/text/language"

	"telltale/audit"
)

//go:embed world.txt
var worldText string

// world is where each country stands on the map, by its code: column and row.
var world = sync.OnceValue(func() map[string][2]int {
	at := make(map[string][2]int)
	row := 0
	for line := range strings.Lines(worldText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for column, code := range strings.Fields(line) {
			if code != ".." {
				at[code] = [2]int{column, row}
			}
		}
		row++
	}
	return at
})

// A worldMap shows in which countries the servers are, or why that is not known.
type worldMap struct {
	Why           string // instead of a picture
	Width, Height int
	Desc          string
	Tiles         []mapTile
	Countries     []mapCountry // the same as a table
}

// A mapTile is the square of a country.
type mapTile struct {
	X, Y         int
	TextX, TextY int
	Code         string
	Class        string // told, asked; empty: nothing went there
	Title        string
}

// A mapCountry is a country with the hosts whose servers are in it.
type mapCountry struct {
	Code, Name, Basis string
	Told              bool
	Hosts             []mapHost
	basis             audit.Basis
}

// A mapHost is a host with the requests that it received.
type mapHost struct {
	Host   string
	Counts []number // of each arm that sent to it
}

// tileSide is the side of a country, in units of the view box.
const tileSide = 24

// worldMap collects the countries by the order of the recipients.
func (x *index) worldMap() worldMap {
	if !x.Case.Case.Online && !x.Imported {
		return worldMap{Why: x.lang.say("map.offline")}
	}
	m := worldMap{}
	at := make(map[string]int)
	for _, t := range x.targets {
		for _, r := range x.recipients(t) {
			for _, s := range placesOf(r.Party) {
				i, ok := at[s.Country+string(s.Basis)]
				if !ok {
					i = len(m.Countries)
					at[s.Country+string(s.Basis)] = i
					m.Countries = append(m.Countries, mapCountry{
						Code: s.Country, Name: x.countryName(s.Country), basis: s.Basis,
						Basis: x.lang.known("basis."+string(s.Basis), x.lang.say("basis.other")),
					})
				}
				m.Countries[i].add(x, r)
			}
		}
	}
	if len(m.Countries) == 0 {
		m.Why = x.lang.say("map.none")
		return m
	}
	m.draw(x)
	return m
}

// placesOf returns the servers of a party whose country is known, a country once.
func placesOf(p audit.Party) []audit.Server {
	servers := p.Servers
	if len(servers) == 0 {
		servers = []audit.Server{p.At(p.IP)}
	}
	var list []audit.Server
	seen := make(map[string]bool)
	for _, s := range servers {
		if s.Country != "" && !seen[s.Country] {
			seen[s.Country] = true
			list = append(list, s)
		}
	}
	return list
}

func (c *mapCountry) add(x *index, r recipient) {
	c.Told = c.Told || r.told()
	i := slices.IndexFunc(c.Hosts, func(h mapHost) bool { return h.Host == r.Party.Host })
	if i < 0 {
		i = len(c.Hosts)
		c.Hosts = append(c.Hosts, mapHost{Host: r.Party.Host})
	}
	for _, f := range r.Flows {
		if f.Requests > 0 {
			c.Hosts[i].Counts = append(c.Hosts[i].Counts, x.requestsOf(f, r))
		}
	}
}

// countryName is the name of a country in the language of the report, its code
// if it has none.
func (x *index) countryName(code string) string {
	place, err := region.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := x.lang.regions.Name(place); name != "" {
		return name
	}
	return code
}

// draw places the squares of all countries, so that the world can be seen.
func (m *worldMap) draw(x *index) {
	class, title := make(map[string]string), make(map[string][]string)
	var desc []string
	for _, c := range m.Countries {
		if c.Told || class[c.Code] == "" {
			class[c.Code] = map[bool]string{true: "told", false: "asked"}[c.Told]
		}
		for _, h := range c.Hosts {
			title[c.Code] = include(title[c.Code], h.Host)
		}
	}
	columns, rows := 0, 0
	for line := range strings.SplitSeq(strings.TrimSpace(worldText), "\n") {
		for code := range strings.FieldsSeq(line) {
			at, ok := world()[code]
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			columns, rows = max(columns, at[0]+1), max(rows, at[1]+1)
			t := mapTile{X: at[0] * tileSide, Y: at[1] * tileSide, Code: code, Class: class[code], Title: x.countryName(code)}
			t.TextX, t.TextY = t.X+tileSide/2-1, t.Y+tileSide/2+3
			if hosts := title[code]; len(hosts) > 0 {
				t.Title = x.lang.say("map.tile", t.Title, x.lang.list(hosts))
				desc = append(desc, t.Title)
			}
			m.Tiles = append(m.Tiles, t)
		}
	}
	m.Width, m.Height = columns*tileSide, rows*tileSide
	m.Desc = strings.Join(desc, "; ")
}
