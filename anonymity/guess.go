package anonymity

import (
	"net/url"
	"slices"
	"strings"

	"telltale/personal"
)

// Guess returns roles for columns, from their names and the first rows of the
// data; columns that have a role keep it. Of the roles that one column alone can
// have, the first column that fits gets it. A guess is to be confirmed: it
// decides what is measured.
//
// A name that roleNames has decides. Else times, addresses and the forms that
// package personal knows do. Else a column whose values nearly all differ is an
// identifier, one with a single value is ignored, and the rest is what an
// attacker may know.
func Guess(columns []Column, sample [][]string) []Column {
	guessed := slices.Clone(columns)
	taken := make(map[Role]bool)
	for _, c := range guessed {
		taken[c.Role] = true
	}
	for i := range guessed {
		c := &guessed[i]
		if c.Role != "" {
			continue
		}
		c.Role = guess(c.Name, column(sample, i))
		if slices.Contains(single, c.Role) && taken[c.Role] {
			c.Role = second[c.Role]
		}
		taken[c.Role] = true
	}
	return guessed
}

// second says what the second column of a role is that one can have.
var second = map[Role]Role{Subject: Identifier, Time: Ignore, Item: Ignore, Mode: Quasi}

func column(sample [][]string, i int) []string {
	var values []string
	for _, row := range sample {
		if i < len(row) && !Missing(strings.TrimSpace(row[i])) {
			values = append(values, strings.TrimSpace(row[i]))
		}
	}
	return values
}

// roleNames says what names of columns mean, in small letters without anything
// else than letters and digits. Of a path such as properties.$url the last part
// counts.
var roleNames = map[string]Role{
	"subject": Subject, "user": Subject, "userid": Subject, "uid": Subject, "distinctid": Subject, "visitorid": Subject,
	"clientid": Subject, "personid": Subject, "customerid": Subject, "fullvisitorid": Subject, "anonymousid": Subject,
	"time": Time, "timestamp": Time, "ts": Time, "date": Time, "datetime": Time, "eventtime": Time, "createdat": Time,
	"url": Item, "item": Item, "page": Item, "pageurl": Item, "domain": Item, "host": Item, "site": Item, "uri": Item, "href": Item,
	"mode": Mode, "incognito": Mode, "private": Mode, "privatemode": Mode, "isincognito": Mode,
	"query": Sensitive, "keyword": Sensitive, "search": Sensitive, "searchquery": Sensitive, "diagnosis": Sensitive, "disease": Sensitive,
	"salary": Sensitive, "income": Sensitive, "religion": Sensitive,
}

// most is the part of the values that must agree.
func most(values []string, is func(string) bool) bool {
	n := 0
	for _, v := range values {
		if is(v) {
			n++
		}
	}
	return len(values) > 0 && 10*n >= 9*len(values)
}

func guess(name string, values []string) Role {
	if role, ok := roleNames[plainName(name[strings.LastIndexByte(name, '.')+1:])]; ok {
		return role
	}
	id := personal.Kind("id")
	contact := personal.Kind("contact")
	kind := func(v string) personal.Kind {
		if plain, _, ok := decoded(name, v); ok {
			v = plain
		}
		return Shape(name, v)
	}
	different := distinctTexts(values)
	switch {
	case most(values, isTime):
		return Time
	case most(values, isAddress):
		return Item
	case most(values, func(v string) bool { k := kind(v); return k.Under(id) || k.Under(contact) }):
		return Identifier
	case most(values, func(v string) bool { _, _, ok := digestOf(v); return ok }):
		return Identifier
	case different <= 1:
		return Ignore
	case len(values) >= 20 && 10*different >= 9*len(values):
		return Identifier
	default:
		return Quasi
	}
}

func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// Times of events lie between 1995 and 2100; other numbers of that length are
// more likely something else.
const (
	minTime = 788918400
	maxTime = 4102444800
)

func isTime(v string) bool {
	at, ok := ParseTime(v, nil)
	return ok && at >= minTime && at < maxTime
}

func isAddress(v string) bool {
	u, err := url.Parse(v)
	return err == nil && u.Host != "" && u.Scheme != ""
}

func distinctTexts(values []string) int {
	seen := make(map[string]bool)
	for _, v := range values {
		seen[v] = true
	}
	return len(seen)
}
