package detect

import (
	"net/url"
	"strings"

	"telltale/audit"
)

// The forms of a seed that stands there whole and readable.
const (
	Plain  = "plain"
	Folded = "folded" // in other capitals
)

// A spelling is a way to write a seed.
type spelling struct {
	name string // of the form; empty: as it is
	use  use
	// confidence of a match in this spelling: a part of an address may be
	// known from elsewhere.
	confidence audit.Confidence
	// write returns the seed in this spelling, "" if it has none.
	write func(seed string) string
}

// A use says in what a spelling is looked for.
type use int

const (
	inText use = 1 << iota // as it stands; capitals make no difference there
	inSums                 // before hashing
	inBoth = inText | inSums
)

func (u use) readable() bool { return u&inText != 0 }
func (u use) hashed() bool   { return u&inSums != 0 }

// spellings are what is looked for. A seed that two of them write alike counts
// under the first. To look for another, add a row. Each one that is hashed
// costs a pattern for each row of digests.
var spellings = []spelling{
	{"", inBoth, audit.Certain, func(s string) string { return s }},
	{"lowercase", inSums, audit.Certain, strings.ToLower},
	{"uppercase", inSums, audit.Certain, strings.ToUpper},
	{"trimmed", inBoth, audit.Certain, strings.TrimSpace},
	{"email:canonical", inBoth, audit.Certain, canonicalEmail},
	{"url:no-scheme", inBoth, audit.Certain, ofURL(withoutScheme)},
	{"url:no-query", inBoth, audit.Likely, ofURL(func(u *url.URL) string { return u.Host + u.EscapedPath() })},
	{"url:path", inText, audit.Likely, ofURL(func(u *url.URL) string { return u.RequestURI() })},
	{"url:path-only", inText, audit.Likely, ofURL(func(u *url.URL) string { return u.EscapedPath() })},
	{"url:query", inText, audit.Likely, ofURL(func(u *url.URL) string { return u.RawQuery })},
	{"url:unescaped", inText, audit.Certain, unescaped},
}

// leastPart is the length from which a part of an address is looked for.
const leastPart = 16

// ofURL makes a spelling of addresses. The host alone is none: that a host was
// asked is no secret of the one who sent it there.
func ofURL(part func(*url.URL) string) func(string) string {
	return func(s string) string {
		u, err := url.Parse(strings.TrimSpace(s))
		if err != nil || u.Host == "" || (strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "") {
			return ""
		}
		written := strings.Trim(part(u), "/")
		if len(written) < leastPart || written == u.Host {
			return ""
		}
		return written
	}
}

func withoutScheme(u *url.URL) string {
	_, rest, _ := strings.Cut(u.String(), "://")
	return rest
}

// unescaped is an address in the letters that its percent signs stand for: of
// an address in an address, no layer has the inner one as it was.
func unescaped(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil || plain == s || !strings.Contains(s, "://") {
		return ""
	}
	return plain
}

// canonicalEmail is how large providers compare addresses: without the dots
// and the tag of the local part, in lower case.
func canonicalEmail(s string) string {
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "@")
	if !ok || strings.ContainsAny(s, "/ ") {
		return ""
	}
	local, _, _ = strings.Cut(local, "+")
	return strings.ReplaceAll(local, ".", "") + "@" + domain
}
