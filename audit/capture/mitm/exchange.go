package mitm

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"telltale/audit"
)

// An exchange is a request that is being answered, and the record of it.
type exchange struct {
	session *Session
	conn    *conn
	request *http.Request
	control *http.ResponseController
	up      *upload // nil if the request has no body
	down    *reply
	event   audit.Event
	whole   bool // the answer was given to its end
	ended   bool
}

// begin makes r absolute and starts the record.
func (s *Session) begin(w http.ResponseWriter, r *http.Request, c *conn) *exchange {
	came := header(r)
	event := s.event(c, s.proxy.config.Now())
	locate(r, c)
	x := &exchange{
		session: s, conn: c, request: r, control: http.NewResponseController(w),
		down: &reply{ResponseWriter: w, head: r.Method == http.MethodHead, spool: spool{proxy: s.proxy}},
	}
	event.Exchange = &audit.Exchange{
		Conn: c.number, Proto: r.Proto, Method: r.Method, URL: address(r), Host: hostname(r.Host), Header: came,
	}
	x.event = event
	if r.Body != nil && r.Body != http.NoBody {
		x.up = &upload{from: r.Body, spool: spool{proxy: s.proxy}}
		r.Body = x.up
		_ = x.control.EnableFullDuplex() // always supported by what we serve
	}
	return x
}

// exchange answers a request and records both.
func (s *Session) exchange(w http.ResponseWriter, r *http.Request, c *conn, h head) {
	x := s.begin(w, r, c)
	defer x.end()
	x.flawed(h)
	switch p := s.proxy; {
	case p.config.Stage != nil && p.config.Stage.Answers(r):
		x.event.Exchange.Answered = audit.ByStage
		p.config.Stage.ServeHTTP(x.down, r)
	case p.config.Online != nil:
		x.event.Exchange.Answered = audit.ByOnline
		x.forward()
	default:
		x.event.Exchange.Answered = audit.BySinkhole
		x.sink()
	}
	x.whole = true
}

// sink reads the whole request before it answers: a client may stop sending
// when it has its answer.
func (x *exchange) sink() {
	if x.up != nil {
		if err := x.up.drain(x.control, x.session.proxy.patience.body); err != nil && !errors.Is(err, errStopped) {
			x.event.Exchange.Answered = audit.ByNobody
			return
		}
	}
	a := x.session.proxy.config.Answer(x.request)
	if a.Stream != nil {
		defer func() { _ = a.Stream.Close() }() // it was only read
	}
	if x.request.Method == http.MethodConnect { // yes would open a tunnel
		a = Answer{Status: http.StatusMethodNotAllowed}
	}
	x.event.Exchange.Answered = cmp.Or(a.By, audit.BySinkhole)
	for name, values := range a.Header {
		x.down.Header()[http.CanonicalHeaderKey(name)] = values
	}
	x.down.WriteHeader(cmp.Or(a.Status, http.StatusNoContent))
	switch {
	case a.Stream != nil:
		if _, err := io.Copy(x.down, a.Stream); err != nil {
			x.event.Exchange.Error = err.Error()
		}
	case len(a.Body) > 0:
		_, _ = x.down.Write(a.Body) // a client that has left is no matter of ours
	}
}

// forward carries the request to the real server.
func (x *exchange) forward() {
	record := x.event.Exchange
	proxy := httputil.ReverseProxy{
		Transport:     x.session.proxy.config.Online,
		Rewrite:       x.rewrite,
		FlushInterval: -1, // as it comes
		ErrorLog:      slog.NewLogLogger(x.session.proxy.config.Log.Handler(), slog.LevelDebug),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			record.Answered, record.Error = audit.ByNobody, err.Error()
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(x.down, x.request.WithContext(x.watched()))
}

// watched returns the request's context, with a watch on which server it goes
// to.
func (x *exchange) watched() context.Context {
	return httptrace.WithClientTrace(x.request.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if server, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
				x.event.Exchange.Server = server.Addr().Unmap().WithZone("").String()
			}
		},
	})
}

// rewrite leaves the request as the client made it, without what is meant for
// a proxy. Inside a tunnel it goes where the tunnel was to go, whatever its
// Host says.
func (x *exchange) rewrite(r *httputil.ProxyRequest) {
	x.aim(r.Out.URL)
	r.Out.Host = r.In.Host
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	for name, values := range r.In.Header {
		if name == "Forwarded" || strings.HasPrefix(name, "X-Forwarded-") {
			r.Out.Header[name] = values
		}
	}
	r.Out.Header.Del("Upgrade") // to a protocol that we could not read
	r.Out.Header.Del("Connection")
}

// aim makes u the server that the connection goes to.
func (x *exchange) aim(u *url.URL) {
	if x.conn.target == "" {
		return
	}
	u.Host = x.conn.target
	if x.conn.base != nil {
		u.Scheme = x.conn.base.Scheme
	}
	if _, ok := x.session.proxy.config.Online.(*Upstream); ok {
		u.Host = x.conn.route().host()
	}
}

// flawed keeps what is wrong with the head of the request, and the head.
func (x *exchange) flawed(h head) {
	if len(h.flaws) == 0 {
		return
	}
	raw := &spool{proxy: x.session.proxy}
	if _, err := raw.Write(h.raw); err == nil { // else the proxy has stopped
		x.event.Exchange.Flaws, x.event.Exchange.Head = h.flaws, raw.close(nil)
	}
}

// end completes the record. It runs before the last of a streamed answer has
// gone out, and before a short one has gone out at all; if it cannot record,
// the client gets no more.
func (x *exchange) end() {
	if x.ended {
		return
	}
	x.ended = true
	record := x.event.Exchange
	x.endBody(record)
	if x.whole && x.down.status == 0 && record.Answered != audit.ByNobody {
		x.down.note(http.StatusOK) // what the server says for a silent handler
	}
	if !x.whole && record.Error == "" {
		record.Error = "the answer broke off"
	}
	record.Status, record.Answer = x.down.status, x.down.header
	record.Interim, record.AnswerTrailer = x.down.interim, x.down.trailer()
	record.Reply = x.down.spool.close(nil)
	if err := x.session.proxy.record(x.event); err != nil || record.Status == 0 {
		panic(http.ErrAbortHandler)
	}
}

// endBody takes in the rest of the request.
func (x *exchange) endBody(record *audit.Exchange) {
	if x.up == nil {
		return
	}
	err := x.up.drain(x.control, x.session.proxy.patience.tail)
	record.Body = x.up.spool.close(x.session.cause(err))
	record.Trailer = fields(x.request.Trailer)
}

// locate makes the URL of r absolute.
func locate(r *http.Request, c *conn) {
	if c.base != nil {
		r.Host, r.URL.Scheme, r.URL.Host = c.base.Host, c.base.Scheme, c.base.Host
		return
	}
	if r.Host == "" {
		r.Host = c.target
	}
	if r.URL.Host != "" && r.URL.Scheme != "" {
		return
	}
	r.URL.Scheme, r.URL.Host = "http", r.Host
	if c.secure {
		r.URL.Scheme = "https"
	}
}

// address is the URL that was asked for, its path and query as they came.
func address(r *http.Request) string {
	switch {
	case r.Method == http.MethodConnect:
		return r.Host
	case strings.HasPrefix(r.RequestURI, "/"):
		return r.URL.Scheme + "://" + r.URL.Host + r.RequestURI
	case isAbsolute(r.RequestURI):
		return r.RequestURI
	}
	return r.URL.String()
}

func isAbsolute(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Scheme != "" && u.Host != ""
}

// hostname is host without a port, in lower case and without the root's dot.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// header is the header of a request by name, with what net/http has taken out.
func header(r *http.Request) []audit.Field {
	fs := fields(r.Header)
	if r.Host != "" {
		fs = append(fs, audit.Field{Name: "Host", Value: r.Host})
	}
	for _, coding := range r.TransferEncoding {
		fs = append(fs, audit.Field{Name: "Transfer-Encoding", Value: coding})
	}
	slices.SortStableFunc(fs, byName)
	return fs
}

// fields lists a header by name; values of one name keep their order.
func fields(h http.Header) []audit.Field {
	var fs []audit.Field
	for name, values := range h {
		for _, v := range values {
			fs = append(fs, audit.Field{Name: name, Value: v})
		}
	}
	slices.SortStableFunc(fs, byName)
	return fs
}

func byName(a, b audit.Field) int { return strings.Compare(a.Name, b.Name) }
