package mitm

import "strings"

// A protocol is what the first bytes in a tunnel look like.
type protocol int

const (
	undecided  protocol = iota
	tlsHello            // the start of a TLS handshake
	httpText            // a request line of HTTP/1, or the preface of HTTP/2
	unreadable          // neither
)

// openings are the bytes that tell a protocol.
var openings = []struct {
	start string
	means protocol
}{
	{"\x16\x03", tlsHello},
	{"GET ", httpText},
	{"POST ", httpText},
	{"HEAD ", httpText},
	{"PUT ", httpText},
	{"DELETE ", httpText},
	{"CONNECT ", httpText},
	{"OPTIONS ", httpText},
	{"TRACE ", httpText},
	{"PATCH ", httpText},
	{"QUERY ", httpText},
	{"PRI * HTTP/2.0", httpText},
}

// classify tells what a stream is that starts with b; undecided means that
// more bytes are needed. More bytes never change another answer.
func classify(b []byte) protocol {
	seen := string(b[:min(len(b), 16)])
	answer := unreadable
	for _, o := range openings {
		switch {
		case strings.HasPrefix(seen, o.start):
			return o.means
		case strings.HasPrefix(o.start, seen):
			answer = undecided
		}
	}
	return answer
}
