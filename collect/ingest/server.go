package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"telltale/collect"
	"telltale/sensors"
)

// A Sink takes the events of a request through the other gates. It returns when
// what was kept of them is on disk.
type Sink interface {
	// Take returns how many events were kept or counted, how many were refused
	// for want of consent, and how many were there already. An error means that
	// none was kept and that all should come again.
	Take(ctx context.Context, events []collect.Event) (Fates, error)
}

// Fates says what became of events.
type Fates struct{ Kept, Refused, Copies int }

// A Notice is what the server tells whoever counts.
type Notice struct {
	Project string
	Status  int
	Batch   Batch
	Fates   Fates
	Elapsed time.Duration
}

// A Server speaks the protocol over HTTP. It writes no log of requests: the
// address of one may be the whole event.
type Server struct {
	Gate   *Gate
	Sink   Sink
	Config sensors.RemoteConfig
	Now    func() time.Time
	Notice func(Notice)
	// Allow reports whether a client or a project may send so many events now.
	// What it refuses is answered as an overload.
	Allow func(client netip.Addr, project string, events int) bool
	// Proxy says that a proxy stands before the server: the client's address is
	// the last one in X-Forwarded-For, and a request that did not come over TLS
	// is refused.
	Proxy bool
	// Product stands in the header Server, so that compatibility is no pretence.
	Product string
}

// Handler returns the paths of the protocol.
func (s *Server) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/sa", s.take)
	m.HandleFunc("/sa.gif", s.take)
	m.HandleFunc("/debug", s.take)
	m.HandleFunc("GET /config/Android.conf", s.config)
	m.HandleFunc("GET /config/iOS.conf", s.config)
	return m
}

func (s *Server) config(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", s.Product)
	status, body, tag := s.Config.Answer(r.URL.Query().Get("v"), r.Header.Get("If-None-Match"))
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON of our own, by its type; a client that has gone needs no answer
}

// cors lets pages of any origin send. With the header Dry-Run the SDK also
// sends credentials, for which the origin must be named.
func cors(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	origin := r.Header.Get("Origin")
	if origin == "" {
		h.Set("Access-Control-Allow-Origin", "*")
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Headers", "Dry-Run, Content-Type")
	h.Set("Access-Control-Allow-Methods", "GET, POST")
}

// take answers /sa, /sa.gif and /debug.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	start := s.Now()
	w.Header().Set("Server", s.Product)
	cors(w, r)
	switch {
	case r.Method == http.MethodOptions: // the address has the whole payload; it is not read
		w.WriteHeader(http.StatusOK)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
		return
	case s.Proxy && r.TLS == nil && r.Header.Get("X-Forwarded-Proto") != "https":
		http.Error(w, "send over TLS", http.StatusBadRequest)
		return
	}
	n := Notice{}
	answer := s.handle(w, r, start, &n)
	n.Status, n.Elapsed = answer.status, s.Now().Sub(start)
	if s.Notice != nil {
		s.Notice(n)
	}
	answer.write(w, r)
}

// An answer is what a request gets.
type answer struct {
	status int
	text   string
	body   any
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request, start time.Time, n *Notice) answer {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.Gate.Limits.Body)))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return answer{status: http.StatusRequestEntityTooLarge, text: "the body is too large"}
		}
		return answer{status: http.StatusBadRequest, text: "the body breaks off"}
	}
	m := Message{Query: r.URL.RawQuery, Received: start, Client: s.client(r)}
	b, err := s.Gate.Read(m, body)
	n.Project, n.Batch = b.Project, b
	if err != nil {
		return answer{status: StatusOf(err), text: err.Error()}
	}
	if s.Allow != nil && !s.Allow(m.Client.Addr, b.Project, b.Records) {
		return answer{status: http.StatusServiceUnavailable, text: "too much at once; send it again later"}
	}
	debug := strings.HasSuffix(r.URL.Path, "/debug")
	if debug && sensors.IsDryRun(r.Header.Get("Dry-Run")) {
		return examine(b, Fates{})
	}
	if broken(b) && !debug {
		return answer{status: http.StatusBadRequest, text: "no record has the form of the protocol; /debug says what is wrong"}
	}
	if n.Fates, err = s.Sink.Take(r.Context(), b.Events); err != nil {
		return answer{status: http.StatusServiceUnavailable, text: "it could not be kept; send it again later"}
	}
	switch {
	case debug && b.Records == 0:
		return answer{status: http.StatusOK, text: sensors.Ready}
	case debug:
		return examine(b, n.Fates)
	case n.Fates.Kept == 0 && n.Fates.Copies == 0 && n.Fates.Refused > 0:
		return answer{status: refusal(b.SDK), text: "not kept: there is no consent"}
	default:
		return answer{status: http.StatusOK}
	}
}

// broken reports whether no record of a request has the form of the protocol. No
// SDK sends such a one.
func broken(b Batch) bool {
	return b.Records > 0 && len(b.Events) == 0 &&
		!slices.ContainsFunc(b.Drops, func(d Drop) bool { return d.Reason != Malformed })
}

// refusal is the answer to a request of which nothing may be kept for want of
// consent. Clients must forget what they sent, not hoard it: where they would
// not, or would not understand, they are told that all is well, and the drop is
// in the counters alone.
func refusal(sdk sensors.SDK) int {
	const status = http.StatusUnavailableForLegalReasons
	switch sensors.OutcomeOf(sdk, status) {
	case sensors.Failed:
		return status // the host program of a server SDK sees it
	case sensors.Purged:
		if sdk == sensors.NativeSDK {
			return status
		}
	}
	return http.StatusOK
}

// examine answers those who debug: an empty object if all is in order, or what
// is not, without any value.
func examine(b Batch, f Fates) answer {
	type finding struct {
		Record int    `json:"record"`
		Reason Reason `json:"reason"`
		Field  string `json:"field,omitempty"`
		Rule   string `json:"rule,omitempty"`
		Found  string `json:"found,omitempty"`
	}
	if len(b.Drops) == 0 && f.Refused == 0 {
		return answer{status: http.StatusOK, body: struct{}{}}
	}
	var findings []finding
	for _, d := range b.Drops {
		findings = append(findings, finding{d.Record, d.Reason, d.Problem.Field, d.Problem.Rule, d.Problem.Found})
	}
	return answer{status: http.StatusBadRequest, body: struct {
		Problems []finding `json:"problems"`
		Refused  int       `json:"refused_without_consent"`
	}{findings, f.Refused}}
}

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch {
	case a.status == http.StatusServiceUnavailable:
		h.Set("Retry-After", "5")
		http.Error(w, a.text, a.status)
	case a.body != nil:
		h.Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body) // a client that has gone needs no answer
	case a.status != http.StatusOK:
		http.Error(w, a.text, a.status)
	case strings.HasSuffix(r.URL.Path, ".gif") && r.Method == http.MethodGet:
		h.Set("Content-Type", "image/gif")
		_, _ = io.WriteString(w, sensors.Pixel)
	default:
		_, _ = io.WriteString(w, a.text)
	}
}

// client returns what the connection gives away.
func (s *Server) client(r *http.Request) collect.Client {
	c := collect.Client{UserAgent: r.UserAgent()}
	for _, v := range r.Header.Values("Sec-GPC") {
		c.OptOut = c.OptOut || strings.TrimSpace(v) == "1" // any other value says nothing
	}
	c.OptOut = c.OptOut || r.Header.Get("DNT") == "1"
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Addr = ap.Addr().Unmap()
	}
	if s.Proxy {
		hops := r.Header.Values("X-Forwarded-For")
		if len(hops) > 0 {
			last := hops[len(hops)-1]
			if a, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
				c.Addr = a.Unmap()
			}
		}
	}
	return c
}
