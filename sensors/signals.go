package sensors

import (
	"net/url"
	"regexp"
	"strings"
)

// A Message is what is known of a request and its answer. What is not known is
// empty.
type Message struct {
	URL       string
	UserAgent string
	Cookie    string // the header
	Body      []byte
	Answer    []byte
}

// A Strength says how much a signal proves.
type Strength uint8

// The strengths.
const (
	Weak Strength = iota + 1
	Medium
	Strong
)

// String returns the strength for messages.
func (s Strength) String() string { return [...]string{"none", "weak", "medium", "strong"}[s] }

// A Signal is a mark of Sensors Analytics.
type Signal struct {
	Name     string
	Strength Strength
	Says     string
}

// Recognise returns the signals that a message shows, in the order of the
// table. Of them, two are enough or one that is strong: see [Recognised]. A host is
// no signal, for most installations stand under their customer's own name.
func Recognise(m Message, lim Limits) []Signal {
	v := view{Message: m}
	if u, err := url.Parse(m.URL); err == nil {
		v.path, v.query = u.Path, u.RawQuery
	}
	req, _ := Read(v.query, m.Body, lim) // what was read before an error counts
	v.payloads = req.Payloads
	var found []Signal
	for _, row := range signals {
		if row.shows(v) {
			found = append(found, row.Signal)
		}
	}
	return found
}

// Recognised reports whether signals are enough to call a message Sensors
// Analytics traffic.
func Recognised(found []Signal) bool {
	for _, s := range found {
		if s.Strength == Strong {
			return true
		}
	}
	return len(found) >= 2
}

// A view is a message with what was read of it.
type view struct {
	Message
	path, query string
	payloads    []Payload
}

var signals = []struct {
	Signal
	shows func(view) bool
}{
	{Signal{"record", Strong, "a record with distinct_id, lib and properties"}, view.record},
	{Signal{"crc", Strong, "a check value that is Java's hash of the payload"}, view.crc},
	{Signal{"container", Strong, "an encrypted container under gzip=9 or gzip=13"}, view.flagged},
	{Signal{"unflagged container", Medium, "an encrypted container without a flag"}, view.unflagged},
	{Signal{"cookie", Strong, "the cookie of the JavaScript SDK"}, view.cookie},
	{Signal{"ready", Strong, "the answer that the product gives to a request without data; it says nothing about who runs it"}, view.ready},
	{Signal{"user-agent", Strong, "the User-Agent of an SDK"}, view.agent},
	{Signal{"config", Medium, "a request for an SDK's remote configuration"}, view.config},
	{Signal{"cookie id", Medium, "an id of the form that the JavaScript SDK makes"}, view.cookieID},
	{Signal{"path", Weak, "the usual path, with a project"}, view.usual},
}

func (v view) record() bool {
	for _, p := range v.payloads {
		for _, r := range p.Records {
			_, id := r.Get("distinct_id")
			lib, _ := r.Get("lib")
			_, sdk := lib.Get("$lib")
			properties, _ := r.Get("properties")
			if id && sdk && properties.Kind() == Object {
				return true
			}
		}
	}
	return false
}

func (v view) crc() bool {
	for _, p := range v.payloads {
		if p.CRC.Right {
			return true
		}
	}
	return false
}

func (v view) flagged() bool   { return v.sealed(true) }
func (v view) unflagged() bool { return v.sealed(false) }

func (v view) sealed(flagged bool) bool {
	for _, p := range v.payloads {
		if len(p.Sealed) > 0 && (p.Gzip == 9 || p.Gzip == 13) == flagged {
			return true
		}
	}
	return false
}

func (v view) cookie() bool {
	for pair := range strings.SplitSeq(v.Cookie, ";") {
		name, _, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && IsCookieName(name) {
			return true
		}
	}
	return false
}

func (v view) ready() bool {
	return strings.TrimSpace(string(v.Answer[:min(len(v.Answer), 256)])) == Ready
}

func (v view) agent() bool {
	name, ok := strings.CutPrefix(v.UserAgent, "SensorsAnalytics ")
	return ok && (strings.HasPrefix(name, "iOS SDK") || strings.HasPrefix(name, "Node SDK") || strings.HasPrefix(name, "Java SDK"))
}

var configPath = regexp.MustCompile(`/config/(Android|iOS)\.conf$`)

func (v view) config() bool {
	query, err := url.ParseQuery(v.query)
	return err == nil && configPath.MatchString(v.path) && (query.Has("project") || query.Has("app_id"))
}

var usualPath = regexp.MustCompile(`/(sa|sa\.gif|debug)$`)

func (v view) usual() bool {
	query, err := url.ParseQuery(v.query)
	return err == nil && usualPath.MatchString(v.path) && query.Has("project")
}

func (v view) cookieID() bool {
	for _, p := range v.payloads {
		for _, r := range p.Records {
			if r.holdsCookieID() {
				return true
			}
		}
	}
	for _, text := range []string{v.query, v.Cookie, string(v.Body)} {
		if unescaped, err := url.QueryUnescape(text); err == nil {
			text = unescaped
		}
		if words(text, isCookieID) {
			return true
		}
	}
	return false
}

func isCookieID(s string) bool {
	_, ok := ParseCookieID(s)
	return ok
}

// words reports whether one of the words of a text, of letters, digits and
// hyphens, is what is looked for.
func words(text string, is func(string) bool) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		if is(word) {
			return true
		}
	}
	return false
}

func (v Value) holdsCookieID() bool {
	if v.kind == String && isCookieID(v.text) {
		return true
	}
	for _, m := range v.items {
		if m.Value.holdsCookieID() {
			return true
		}
	}
	return false
}
