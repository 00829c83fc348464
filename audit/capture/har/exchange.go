package har

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// A Recorded is an entry of an archive in the form that the proxy records. One
// of the pointers is set.
type Recorded struct {
	Time     time.Time
	Conn     string // the archive's own name of the connection, "" if it has none
	Exchange *audit.Exchange
	Refused  *audit.Refused
	// Unsent says why an entry was no request: the browser had the answer.
	Unsent string
	// Of an exchange, whose Body and Reply are empty: what was said.
	Body, Reply Content
	Messages    []Message
}

// A Content is a body. If the archive has not got it, Data is nil, and Size
// says how long it was, 0 if that is not known.
type Content struct {
	Data []byte
	Size int64
	Err  error // why it is not there or not as it was, nil if it is
}

// A Message is one of a WebSocket.
type Message struct {
	Time time.Time
	Out  bool
	Text bool
	Data []byte
	Err  error
}

// Events yields the entries of an archive in its order, and behind them the
// refused connections that HTTP Toolkit lists. Errors are as with [Exhibits].
func Events(r io.Reader) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		stopped := false
		refusals := func(dec *json.Decoder) error {
			list, err := refused(dec)
			for _, x := range list {
				if stopped = !yield(x, nil); stopped {
					return nil
				}
			}
			return err
		}
		for e, err := range entriesThen(r, refusals) {
			if stopped {
				return
			}
			x := Recorded{}
			if string(e.Request.URL) != "" {
				x = e.recorded()
			}
			if !yield(x, err) {
				return
			}
		}
	}
}

// refused reads the handshakes that failed, which HTTP Toolkit writes behind
// the entries.
func refused(dec *json.Decoder) ([]Recorded, error) {
	if err := member(dec, "_tlsErrors"); err != nil {
		return nil, nil //nolint:nilerr // most archives end here
	}
	var list []struct {
		Started string `json:"startedDateTime"`
		Host    text   `json:"hostname"`
		Cause   text   `json:"cause"`
	}
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("the list of refused connections: %w", err)
	}
	all := make([]Recorded, 0, len(list))
	for _, x := range list {
		h := strings.ToLower(string(x.Host))
		all = append(all, Recorded{Time: started(x.Started), Refused: &audit.Refused{Host: h, SNI: h, Alert: "remote error: " + string(x.Cause)}})
	}
	return all, nil
}

// recorded is the entry as an event.
func (e entry) recorded() Recorded {
	url := string(e.Request.URL)
	x := Recorded{Time: e.started(), Conn: string(e.Connection), Unsent: e.unsent()}
	x.Exchange = &audit.Exchange{
		Proto: proto(string(e.Request.Version)), Method: e.Request.Method, URL: url, Host: host(url), Header: fields(e.Request.Headers),
		Answered: audit.ByNobody, Error: string(e.Response.Error),
	}
	if e.Response.Status > 0 {
		x.Exchange.Answered, x.Exchange.Status, x.Exchange.Server = audit.ByOnline, e.Response.Status, e.server()
		x.Exchange.Answer = fields(e.Response.Headers)
	}
	x.Body, x.Reply = e.sent(), e.received()
	for _, m := range e.Messages {
		if m.Opcode > binary { // pings and closes
			continue
		}
		data, err := m.bytes()
		x.Messages = append(x.Messages, Message{Time: m.at(x.Time), Out: m.Type == "send" || m.Type == "request", Text: m.Opcode != binary, Data: data, Err: err})
	}
	return x
}

// unsent says why an entry is no request over a network, "" if it is one.
func (e entry) unsent() string {
	scheme, _, _ := strings.Cut(string(e.Request.URL), ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss":
	default:
		if e.Request.Method != "CONNECT" {
			return "an entry that was not sent over a network"
		}
	}
	if len(e.Cache) > 0 && string(e.Cache) != "false" {
		return "an entry that the browser answered from its cache"
	}
	return ""
}

var (
	errLeftOut   = errors.New("the archive does not have it")
	errLeftReply = errors.New("the archive does not have the answer's body")
)

// sent is the body of the request. One that the writer left out shows in the
// size that it gave, or that the header says.
func (e entry) sent() Content {
	data, err := e.body()
	if len(data) > 0 || err != nil {
		return Content{Data: data, Size: int64(len(data)), Err: err}
	}
	size := max(int64(e.Request.Size), 0)
	for _, f := range e.Request.Headers {
		if n, err := strconv.ParseInt(string(f.Value), 10, 62); err == nil && strings.EqualFold(string(f.Name), "Content-Length") {
			size = max(size, n)
		}
	}
	switch {
	case len(e.Request.Missing) > 0:
		return Content{Size: max(size, 1), Err: fmt.Errorf("%w: %s", errLeftOut, e.Request.Missing)}
	case size > 0:
		return Content{Size: size, Err: errLeftOut}
	}
	return Content{}
}

// received is the body of the answer.
func (e entry) received() Content {
	data, err := e.Response.Content.bytes()
	if len(data) > 0 || err != nil {
		return Content{Data: data, Size: int64(len(data)), Err: err}
	}
	if size := int64(e.Response.Content.Size); size > 0 && e.Request.Method != "HEAD" {
		return Content{Size: size, Err: errLeftReply}
	}
	return Content{}
}

// proto is the version of HTTP in the spelling of Go: archives have h2, HTTP/2
// and http/2.0 for the same thing.
func proto(s string) string {
	switch v := strings.ToLower(s); v {
	case "h2", "http/2", "http/2.0":
		return "HTTP/2.0"
	case "h3", "http/3", "http/3.0", "h3-29", "http/2+quic/43":
		return "HTTP/3.0"
	case "", "unknown":
		return ""
	default:
		return strings.ToUpper(s)
	}
}

// fields are the fields of a header in their order.
func fields(list []header) []audit.Field {
	fs := make([]audit.Field, 0, len(list))
	for _, f := range list {
		fs = append(fs, audit.Field{Name: string(f.Name), Value: string(f.Value)})
	}
	return fs
}

// A number is one of an archive: writers put null and text where they have none.
type number int64

// UnmarshalJSON reads a number; what is none is -1, the archive's word for not
// known.
func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(f >= -1 && f < 1<<53) {
		f = -1
	}
	*n = number(f)
	return nil
}
