package detect

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/language"
)

// noLanguage is for the rules of Unicode that hold in no language in particular.
var noLanguage = language.Und

// A planted is the value of a seed, taken apart.
type planted struct {
	value      string
	user, host string   // of an e-mail address, otherwise empty
	url        *url.URL // of an address of something on the web, otherwise nil
	written    []address
}

func takeApart(value string) planted {
	p := planted{value: value}
	text := strings.TrimSpace(value)
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		p.url, p.written = u, writings(text, u)
		return p
	}
	at := strings.LastIndexByte(text, '@')
	if at > 0 && at < len(text)-1 && !strings.ContainsAny(text, "/ ") {
		p.user, p.host = text[:at], text[at+1:]
	}
	return p
}

// ofURL makes a spelling of addresses that name more than a host.
func ofURL(write func(*url.URL) string) func(planted) []string {
	return func(p planted) []string {
		if !isPage(p.url) {
			return nil
		}
		return []string{write(p.url)}
	}
}

// isPage reports whether an address names more than a host. A seed that is a
// host has no parts.
func isPage(u *url.URL) bool {
	return u != nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "")
}

// An address is one in pieces that give it again one behind the other. Unlike
// [url.URL], it keeps how they are written.
type address struct {
	scheme   string // with "://"
	host     string // with user and port
	path     string
	query    string // with "?"
	fragment string // with "#"
}

func cutAddress(text string) (a address) {
	if i := strings.Index(text, "://"); i >= 0 {
		a.scheme, text = text[:i+3], text[i+3:]
	}
	cut := func(before string) (rest string) {
		if i := strings.IndexAny(text, before); i >= 0 {
			text, rest = text[:i], text[i:]
		}
		return rest
	}
	a.fragment, a.query, a.path = cut("#"), cut("?"), cut("/")
	a.host = text
	return a
}

func (a address) String() string      { return a.scheme + a.afterScheme() }
func (a address) afterScheme() string { return a.host + a.path + a.query + a.fragment }
func (a address) origin() string      { return a.scheme + a.host }

func (a address) page() address {
	a.query, a.fragment = "", ""
	return a
}

func (a address) withoutWWW() address {
	a.host = strings.TrimPrefix(a.host, "www.")
	return a
}

func (a address) hostname() string {
	host := a.host[strings.LastIndexByte(a.host, '@')+1:]
	name, _, _ := strings.Cut(host, ":")
	return name
}

// ofAddress makes a spelling of addresses that name more than a host, in each
// way in which they may be written themselves.
func ofAddress(write func(address) string) func(planted) []string {
	return func(p planted) []string {
		if !isPage(p.url) {
			return nil
		}
		var texts []string
		for _, a := range p.written {
			texts = append(texts, write(a))
		}
		return texts
	}
}

// writings are the ways in which an address may be written: as it is, as Go
// and as browsers write it (WHATWG URL Standard), and as people read it.
func writings(text string, u *url.URL) []address {
	var all []address
	browser := escaped(u)
	if name := asciiHost(u); name != "" {
		if other, err := url.Parse(name); err == nil {
			browser = escaped(other)
		}
	}
	plain := unicodeHost(u)
	if plain == "" {
		plain = u.String()
	}
	if text, err := url.PathUnescape(plain); err == nil {
		plain = text
	}
	for _, text := range []string{text, u.String(), browser, plain} {
		if a := cutAddress(text); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// reversedLabels writes a host as programs name their packages.
func reversedLabels(host string) string {
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

func withoutFragment(u *url.URL) string {
	text, _, _ := strings.Cut(u.String(), "#")
	return text
}

// otherSlash is the address with a slash at the end of its path if it has
// none, and without if it has one.
func otherSlash(u *url.URL) string {
	other := *u
	other.RawPath = ""
	if path, ok := strings.CutSuffix(u.Path, "/"); ok {
		other.Path = path
	} else {
		other.Path = u.Path + "/"
	}
	return other.String()
}

// defaultPorts are those that an address need not name (RFC 9110, section 4.2).
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443"}

// otherPort names the default port if the address does not, and leaves it out
// if it does.
func otherPort(u *url.URL) string {
	other, port := *u, defaultPorts[strings.ToLower(u.Scheme)]
	switch {
	case port != "" && u.Port() == "":
		other.Host = u.Host + ":" + port
	case port != "" && u.Port() == port:
		other.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return other.String()
}

func withHost(u *url.URL, name string) string {
	other := *u
	other.Host = name
	if port := u.Port(); port != "" {
		other.Host += ":" + port
	}
	return other.String()
}

func lowerHost(u *url.URL) string { return withHost(u, strings.ToLower(u.Hostname())) }

// asciiHost has the host as DNS asks for it (RFC 5891).
func asciiHost(u *url.URL) string {
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil || name == strings.ToLower(u.Hostname()) {
		return ""
	}
	return withHost(u, name)
}

// unicodeHost has the host as people read it.
func unicodeHost(u *url.URL) string {
	if !strings.Contains(strings.ToLower(u.Hostname()), "xn--") {
		return ""
	}
	name, err := idna.Lookup.ToUnicode(u.Hostname())
	if err != nil {
		return ""
	}
	// In the letters of other languages, too: String would escape the host.
	return strings.Replace(u.String(), u.Hostname(), name, 1)
}

// escaped has a percent sign and digits for everything that is not unreserved
// or a separator (RFC 3986, section 2).
func escaped(u *url.URL) string {
	other := *u
	other.RawPath = ""
	other.RawQuery = escapeQuery(u.RawQuery)
	return other.String()
}

// escapeQuery escapes what stands unescaped in a query and may not.
func escapeQuery(q string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(q) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>`{}|\\^", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescaped is an address in the letters that its percent signs stand for: of
// an address in an address, no layer has the inner one as it was.
func unescaped(u *url.URL) string {
	text := u.String()
	plain, err := url.PathUnescape(text)
	if err != nil || plain == text {
		return ""
	}
	return plain
}

// otherQueries are the address with the fields of its query in any order.
func otherQueries(p planted) []string {
	if !isPage(p.url) {
		return nil
	}
	fields := strings.Split(p.url.RawQuery, "&")
	if len(fields) < 2 || len(fields) > maxOrders {
		return nil
	}
	var texts []string
	for _, order := range orders(fields) {
		other := *p.url
		other.RawQuery = strings.Join(order, "&")
		texts = append(texts, cutAddress(other.String()).afterScheme())
	}
	return texts
}

// sortedQuery has the fields of the query in the order of their names.
func sortedQuery(u *url.URL) string {
	fields := strings.Split(u.RawQuery, "&")
	slices.Sort(fields)
	other := *u
	other.RawQuery = strings.Join(fields, "&")
	return other.String()
}

// The parts of an address.

func query(u *url.URL) string { return u.RawQuery }

// domain is what the owner of the host has registered.
func domain(u *url.URL) string {
	name, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(u.Hostname()))
	if err != nil {
		return ""
	}
	return name
}

// segments are those of the path.
func segments(p planted) []string {
	if !isPage(p.url) {
		return nil
	}
	return strings.Split(p.url.Path, "/")
}

// joinedSegments is the path without its slashes, as a list of the segments
// gives it.
func joinedSegments(p planted) []string {
	list := segments(p)
	if len(list) < 3 { // before the first slash, there is nothing
		return nil
	}
	return []string{strings.Join(list, "")}
}

// queryValues are those of the fields of the query.
func queryValues(p planted) []string {
	if !isPage(p.url) {
		return nil
	}
	var values []string
	for field := range strings.SplitSeq(p.url.RawQuery, "&") {
		_, value, _ := strings.Cut(field, "=")
		if plain, err := url.QueryUnescape(value); err == nil {
			values = append(values, plain)
		}
	}
	return values
}

// queryWords are the words of each field of the query in any order.
func queryWords(separators ...string) func(planted) []string {
	return func(p planted) (texts []string) {
		for _, value := range queryValues(p) {
			texts = append(texts, reordered(value, separators...)...)
		}
		return texts
	}
}
