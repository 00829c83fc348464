package sensors

import (
	"fmt"
	"net/url"
	"strings"
)

// IsCookieName reports whether a cookie is one in which the JavaScript SDK keeps
// who the visitor is.
func IsCookieName(name string) bool {
	return strings.HasPrefix(name, "sensorsdata2015jssdkcross") || strings.HasPrefix(name, "sa_jssdk_2015_")
}

// A Cookie is what the JavaScript SDK keeps in the browser.
type Cookie struct {
	DistinctID string
	FirstID    string // the id before a login
	Identities []Identity
	Props      Value // what is known of how the visitor came: referrer, search words
	Obscured   bool  // it was "encrypted", which needs no key to undo
}

// ParseCookie reads the value of the cookie: JSON, perhaps encoded for a URL, and
// perhaps obscured as the SDK's options encrypt_cookie and UserEncryptDefault
// do. Of lim it uses what [Parse] does.
func ParseCookie(value string, lim Limits) (Cookie, error) {
	if len(value) > lim.Body {
		return Cookie{}, overLimit("bytes of a cookie", lim.Body)
	}
	text := value
	if strings.Contains(text, "%") {
		if unescaped, err := url.PathUnescape(text); err == nil {
			text = unescaped
		}
	}
	var c Cookie
	text, c.Obscured = uncover(text)
	v, err := Parse(text, lim)
	if err != nil {
		return Cookie{}, fmt.Errorf("reading a cookie: %w", err)
	}
	if v.Kind() != Object {
		return Cookie{}, fmt.Errorf("reading a cookie: it is %s where an object should be", v.Kind())
	}
	distinct, _ := v.Get("distinct_id")
	first, _ := v.Get("first_id")
	c.DistinctID, c.FirstID = distinct.Text(), first.Text()
	c.Props, _ = v.Get("props")
	if ids, ok := v.Get("identities"); ok {
		c.Identities = cookieIdentities(ids, lim)
	}
	return c, nil
}

// cookieIdentities reads the identities: an object, or its JSON in base64 or
// turned.
func cookieIdentities(v Value, lim Limits) []Identity {
	if v.Kind() == String {
		text := v.text
		if strings.HasPrefix(text, "\n/") { // a turned {"
			text = turned(text, -turn)
		} else if raw, err := unbase64(text); err == nil {
			text = string(raw)
		}
		inner, err := Parse(text, lim)
		if err != nil {
			return nil
		}
		v = inner
	}
	var r Record
	r.setIdentities(v) // what is no string is of no use here
	return r.Identities
}

// uncover undoes the two ways in which the SDK "encrypts".
func uncover(text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, "data:enc;"); ok {
		return turned(rest, -turn), true
	}
	if rest, ok := strings.CutPrefix(text, "dfm-enc-"); ok {
		return strings.Map(mirrored, rest), true
	}
	return text, false
}

// Characters below wheel are turned on by 13 places.
const (
	turn  = 13
	wheel = 126
)

func turned(text string, by rune) string {
	return strings.Map(func(r rune) rune {
		if r < wheel {
			return (r + by + wheel) % wheel
		}
		return r
	}, text)
}

// mirror is the order of the SDK's letters and digits; each stands for the one
// as far from the other end.
const mirror = "t6KJCZa5pDdQ9khoEM3Tj70fbP2eLSyc4BrsYugARqFIw1mzlGNVXOHiWvxUn8"

func mirrored(r rune) rune {
	if i := strings.IndexRune(mirror, r); i >= 0 {
		return rune(mirror[len(mirror)-1-i])
	}
	return r
}
