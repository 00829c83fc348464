// Package replay answers requests with what servers said in an earlier case,
// so that an experiment can be repeated offline with realistic answers.
package replay

import (
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"telltale/audit"
	"telltale/audit/capture/mitm"
)

// A Replay holds the answers of a case. It is safe for concurrent use.
type Replay struct {
	open func(audit.Body) (io.ReadCloser, error)

	mu      sync.Mutex
	answers map[key][]*answer
	count   int
}

// A key is what has to be the same.
type key struct{ method, host, path string }

// An answer is one that a server gave.
type answer struct {
	query  url.Values
	raw    string
	status int
	header []audit.Field
	body   audit.Body
	given  bool
}

// Load reads the answers of a case; open gives the bytes of a body. Requests
// that nobody answered, or whose answer broke off, do not count. An error of
// events ends the reading and is returned with what was read until then.
func Load(events iter.Seq2[audit.Event, error], open func(audit.Body) (io.ReadCloser, error)) (*Replay, error) {
	r := &Replay{open: open, answers: make(map[key][]*answer)}
	for e, err := range events {
		if err != nil {
			return r, err
		}
		x := e.Exchange
		if x == nil || x.Status < http.StatusOK || x.Error != "" || x.Reply.Error != "" || x.Answered == audit.ByNobody {
			continue
		}
		u, err := url.Parse(x.URL)
		if err != nil {
			continue
		}
		k := key{x.Method, x.Host, u.EscapedPath()}
		r.answers[k] = append(r.answers[k], &answer{query: u.Query(), raw: u.RawQuery, status: x.Status, header: x.Answer, body: x.Reply})
		r.count++
	}
	return r, nil
}

// Len is the number of answers.
func (r *Replay) Len() int { return r.count }

// Answer answers a request with the answer to the one that is nearest to it:
// the same method, host and path, and the query with most in common. Of equal
// ones each is given once, in their order, and the last again and again. There
// is none if host and path are not in the case.
func (r *Replay) Answer(req *http.Request) (mitm.Answer, bool) {
	a := r.nearest(req)
	if a == nil {
		return mitm.Answer{}, false
	}
	header := make(http.Header)
	for _, f := range a.header {
		if !slices.Contains(perConnection, f.Name) {
			header[f.Name] = append(header[f.Name], f.Value)
		}
	}
	out := mitm.Answer{Status: a.status, Header: header, By: audit.ByReplay}
	if a.body.SHA256 == "" {
		return out, true
	}
	body, err := r.open(a.body)
	if err != nil {
		return mitm.Answer{}, false // the case has lost it
	}
	out.Stream = body
	return out, true
}

// perConnection are header fields that were for one connection, and the length
// of a body, which is counted again.
var perConnection = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length",
}

// nearest chooses an answer, and marks it as given.
func (r *Replay) nearest(req *http.Request) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	query := req.URL.Query()
	var best *answer
	most := 0
	for _, a := range r.answers[key{req.Method, hostname(req), req.URL.EscapedPath()}] {
		n := common(query, a.query)
		if a.raw == req.URL.RawQuery {
			n = exact
		}
		if best == nil || n > most || n == most && best.given {
			best, most = a, n
		}
	}
	if best != nil {
		best.given = true
	}
	return best
}

// exact is more than any number of parameters in common.
const exact = 1 << 30

// common counts the parameters that two queries share, less those that only
// one has, in a way that sharing counts more.
func common(a, b url.Values) int {
	n := 0
	for name, values := range a {
		for _, v := range values {
			if slices.Contains(b[name], v) {
				n += 8
			} else if _, ok := b[name]; ok {
				n += 2
			} else {
				n--
			}
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			n--
		}
	}
	return n
}

// hostname is the host as events have it.
func hostname(r *http.Request) string {
	u := url.URL{Host: r.Host}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}
