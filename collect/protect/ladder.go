package protect

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"telltale/personal"
)

// A rung makes a value coarser.
type rung struct {
	name string
	of   func(value string) string
}

func same(v string) string { return v }

// rest is the last rung: all that no finer value was released for.
var rest = rung{"rest", func(string) string { return "" }}

var (
	addresses = []rung{{"value", same}, {"template", template}, {"host", host}, {"domain", domain}, rest}
	plain     = []rung{{"value", same}, rest}
)

// isAddressKind reports kinds whose values are addresses of pages.
func isAddressKind(k personal.Kind) bool {
	return k == "behaviour/navigation/url" || k == "behaviour/navigation/referrer" || k == "behaviour/news/item" || k == "behaviour/download"
}

// ladderOf returns the rungs of a kind, from the finest.
func ladderOf(k personal.Kind) []rung {
	if isAddressKind(k) {
		return addresses
	}
	return plain
}

// clean takes out of a value what is never counted: of an address the user,
// the query and the fragment. It is "" for what cannot be counted.
func clean(kind personal.Kind, value string) string {
	value = strings.ToValidUTF8(strings.TrimSpace(value), "\uFFFD")
	if !isAddressKind(kind) {
		return value
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return strings.ToLower(u.Scheme+"://"+u.Host) + u.EscapedPath()
}

// template replaces the parts of a path that may name one thing or one person.
func template(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	parts := strings.Split(rest, "/")
	for i := range parts[1:] {
		if variable(parts[i+1]) {
			parts[i+1] = "*"
		}
	}
	return scheme + "://" + strings.Join(parts, "/")
}

// variable reports whether a part of a path looks like a number, an id or
// something else that is not the same for everybody.
func variable(part string) bool {
	return len(part) > 18 || strings.ContainsAny(part, "%@=") || slices.ContainsFunc([]byte(part), isDigit)
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// domain returns the registrable domain, by the public suffix list.
func domain(address string) string {
	h := host(address)
	d, err := publicsuffix.EffectiveTLDPlusOne(h)
	if err != nil {
		return h
	}
	return d
}
