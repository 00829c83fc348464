package sensors

import (
	"regexp"
	"strconv"
	"time"
)

// A CookieID is the id that the JavaScript SDK gives a visitor
// ($identity_cookie_id), taken apart. It is called anonymous and tells when the
// first visit was, with which User-Agent, and on what screen. Its five parts
// stand in the order of the fields, with hyphens between.
type CookieID struct {
	FirstVisit time.Time // to the millisecond
	Random     string
	UserAgent  int32 // see [UserAgentCheck]
	Area       int   // width times height of the screen; of 8 digits it may be random, see [CookieID.Screen]
	Second     time.Time
	Parts      [5]string // as they stand
}

// cookieID is the form of the id: time and count in hexadecimal digits, a random
// fraction, a 32-bit value with its sign, digits, time and count again.
var cookieID = regexp.MustCompile(`^([0-9a-f]{12,16})-(0[0-9a-f]{8,17})-(-?[0-9a-f]{1,8})-([0-9]{4,9})-([0-9a-f]{12,16})$`)

// maxCookieID is the length of the longest text of that form.
const maxCookieID = 16 + 18 + 9 + 9 + 16 + 4

// ParseCookieID takes an id of the JavaScript SDK apart.
func ParseCookieID(s string) (CookieID, bool) {
	if len(s) > maxCookieID {
		return CookieID{}, false
	}
	m := cookieID.FindStringSubmatch(s)
	if m == nil {
		return CookieID{}, false
	}
	id := CookieID{Random: m[2], Parts: [5]string(m[1:])}
	check, err := strconv.ParseInt(m[3], 16, 32)
	if err != nil {
		return CookieID{}, false
	}
	id.UserAgent = int32(check)
	id.Area, _ = strconv.Atoi(m[4]) // the form allows 9 digits
	id.FirstVisit, id.Second = cookieTime(m[1]), cookieTime(m[5])
	return id, true
}

// cookieTime reads the clock at the head of a part: the first 11 digits, for
// dates from 2004 to 2527. What follows counts turns of a loop.
func cookieTime(part string) time.Time {
	ms, _ := strconv.ParseInt(part[:11], 16, 64) // the form allows digits only
	return time.UnixMilli(ms).UTC()
}

// UserAgentCheck returns the check value that an id has if it was made with that
// User-Agent: the exclusive or of its characters, four at a time. Two ids with
// one value probably come from browsers of one version on one system.
func UserAgentCheck(userAgent string) int32 {
	var sum, word uint32
	n := 0
	for _, c := range []byte(userAgent) { // User-Agents are ASCII
		word = word<<8 | uint32(c)
		if n++; n == 4 {
			sum, word, n = sum^word, 0, 0
		}
	}
	return int32(sum ^ word) //nolint:gosec // the bits are meant
}

// Screen reports whether Area can be that of a screen: some width and height
// between 240 and 8192 whose ratio is at most 3. A random number passes now and
// then.
func (id CookieID) Screen() bool {
	const least, most, ratio = 240, 8192, 3
	for short := least; short*short <= id.Area; short++ {
		if long := id.Area / short; short*long == id.Area && long <= most && long <= ratio*short {
			return true
		}
	}
	return false
}
