package mitm

import (
	"regexp"
	"testing"
)

// The classifier, said again in another way.
var (
	isTLS  = regexp.MustCompile(`^\x16\x03`)
	isHTTP = regexp.MustCompile(`^((GET|POST|HEAD|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|QUERY) |PRI \* HTTP/2\.0)`)
)

// What is said of a stream agrees with the rule above, is final, and comes
// after few bytes.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{"", "\x16\x03\x01\x02\x00", "GET / HTTP/1.1", "GET", "SSH-2.0-x", "PRI * HTTP/2.0\r\n", "PROPFIND /", "\x16"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := undecided
		for n := range len(b) + 1 {
			got := classify(b[:n])
			if want != undecided && got != want {
				t.Fatalf("%q: %d after %d", b[:n], got, want)
			}
			if n >= 14 && got == undecided {
				t.Fatalf("%q: undecided after %d bytes", b[:n], n)
			}
			switch {
			case got == tlsHello && !isTLS.Match(b[:n]), got != tlsHello && isTLS.Match(b[:n]):
				t.Fatalf("%q: %d", b[:n], got)
			case got == httpText && !isHTTP.Match(b[:n]), got != httpText && isHTTP.Match(b[:n]):
				t.Fatalf("%q: %d", b[:n], got)
			}
			want = got
		}
	})
}
