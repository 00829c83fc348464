package pcap

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"telltale/audit"
)

// An exchange is a request and its answer while they come.
type exchange struct {
	talk     *talk
	event    audit.Event
	request  *http.Request // of HTTP/1
	up, down spool
	asked    bool // the request is whole
	answered bool // the answer has begun
	recorded bool
}

func (t *talk) exchange(proto string) *exchange {
	x := &exchange{talk: t, event: t.event(), up: spool{im: t.im}, down: spool{im: t.im}}
	x.event.Exchange = &audit.Exchange{Conn: t.conn, Proto: proto, Answered: audit.ByNobody}
	return x
}

// answer notes the head of the answer.
func (x *exchange) answer(status int, header []audit.Field) {
	x.answered = true
	x.event.Exchange.Answered = audit.ByOnline
	x.event.Exchange.Status, x.event.Exchange.Answer = status, header
}

// endRequest ends the request's body.
func (x *exchange) endRequest(trailer []audit.Field, cause error) {
	if x.asked {
		return
	}
	x.asked = true
	x.event.Exchange.Trailer = trailer
	x.event.Exchange.Body = x.up.close(cause)
}

// end records the exchange. cause says why the answer is not whole.
func (x *exchange) end(cause error) {
	if x.recorded {
		return
	}
	x.recorded = true
	x.endRequest(nil, cause)
	record := x.event.Exchange
	record.Reply = x.down.close(cause)
	if cause != nil {
		record.Error = cause.Error()
	}
	x.talk.im.record(x.event)
}

// target is what the first line or the first fields of a request say.
type target struct{ scheme, authority, path string }

// locate sets URL and host of a request.
func (x *exchange) locate(g target) {
	record := x.event.Exchange
	t := x.talk
	scheme := g.scheme
	if scheme == "" {
		scheme = "http"
		if t.secure {
			scheme = "https"
		}
	}
	if g.authority == "" {
		g.authority = t.authority()
	}
	switch u, err := url.Parse(g.path); {
	case record.Method == http.MethodConnect && g.path == "":
		record.URL = g.authority
	case err == nil && u.Scheme != "" && u.Host != "": // as proxies are asked
		record.URL, g.authority = g.path, u.Host
	case g.path == "*":
		record.URL = scheme + "://" + g.authority
	default:
		record.URL = scheme + "://" + g.authority + g.path
	}
	record.Host = hostname(g.authority)
}

// hostname is host without a port, in lower case and without the root's dot.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// fields lists a header by name; values of one name keep their order.
func fields(h http.Header) []audit.Field {
	var fs []audit.Field
	for name, values := range h {
		for _, v := range values {
			fs = append(fs, audit.Field{Name: name, Value: v})
		}
	}
	byName(fs)
	return fs
}

func byName(fs []audit.Field) {
	slices.SortStableFunc(fs, func(a, b audit.Field) int { return strings.Compare(a.Name, b.Name) })
}
