package flows

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"telltale/audit"
)

// transfers are those that a trace of curl is about, by their ids; a trace
// without ids has one after the other.
type transfers struct {
	f     *file
	byID  map[string]*transfer
	order []*transfer
}

// maxTransfers bounds those at the same time.
const maxTransfers = 256

func newTransfers(f *file) *transfers { return &transfers{f: f, byID: map[string]*transfer{}} }

// of is the transfer with an id.
func (t *transfers) of(id string) *transfer {
	x := t.byID[id]
	if x == nil {
		if len(t.order) >= maxTransfers {
			id = "" // all others share one
			if x = t.byID[id]; x != nil {
				return x
			}
		}
		x = &transfer{f: t.f}
		t.byID[id] = x
		t.order = append(t.order, x)
	}
	return x
}

// close records what is not recorded yet.
func (t *transfers) close() error {
	var all error
	for _, x := range t.order {
		all = errors.Join(all, x.end())
	}
	return all
}

// A transfer is a request with its answer while a trace tells it.
type transfer struct {
	f          *file
	conn       int
	scheme     string
	host, port string // of the connection
	server     string
	bare       bool // the trace has no bodies
	head       []byte
	answer     []byte
	x          *audit.Exchange
	up, down   *spool
	unchunk    [2]*dechunker // of the two bodies, where they are in chunks
	size       [2]int64      // of bodies that are not in the trace
	dots       [2]bool
	bodyBegun  bool
}

// connected is what curl says of a new connection.
var connected = regexp.MustCompile(`^Connected to (\S+) \(([^)]*)\) port ([0-9]+)`)

// info takes a line of words.
func (x *transfer) info(s string) {
	if g := connected.FindStringSubmatch(s); g != nil {
		x.conn, x.scheme, x.host, x.server, x.port = 0, "http", g[1], addressOf(g[2]), g[3]
	}
	if strings.HasPrefix(s, "SSL connection using ") {
		x.scheme = "https"
	}
}

var errTraceHead = errors.New("a head of more than 1 MiB in a trace: the rest is not read")

// sentHeader takes bytes of the request's head.
func (x *transfer) sentHeader(b []byte) error {
	if x.x != nil {
		if err := x.end(); err != nil {
			return err
		}
	}
	if x.head = append(x.head, b...); len(x.head) > maxHead {
		return errTraceHead
	}
	if endsHead(x.head) {
		return x.begin()
	}
	return nil
}

func endsHead(b []byte) bool {
	return strings.HasSuffix(string(b[max(0, len(b)-4):]), "\r\n\r\n") || string(b) == "\r\n"
}

// begin begins an exchange.
func (x *transfer) begin() error {
	if x.conn == 0 {
		x.conn = x.f.conn("")
	}
	x.f.records++
	x.x = &audit.Exchange{Conn: x.conn, Answered: audit.ByNobody, Server: x.server}
	scheme := x.scheme
	if scheme == "" {
		scheme = "http"
	}
	err := x.f.readRequest(x.x, strings.NewReader(string(x.head)), scheme, authority(scheme, x.host, x.port))
	x.head = x.head[:0]
	if err != nil {
		x.f.fault(err)
		x.x = nil
		return nil
	}
	x.up, x.down = &spool{f: x.f}, &spool{f: x.f}
	if isChunked(x.x.Header) {
		x.unchunk[0] = &dechunker{to: x.up}
	}
	return nil
}

// receivedHeader takes bytes of the answer's head: curl gives it line by line.
func (x *transfer) receivedHeader(b []byte) error {
	if x.x == nil || x.bodyBegun {
		return nil // of a request that is not in the trace; a trailer
	}
	if x.answer = append(x.answer, b...); len(x.answer) > maxHead {
		return errTraceHead
	}
	if !endsHead(x.answer) {
		return nil
	}
	m, err := readMessage(strings.NewReader(string(x.answer)))
	x.answer = x.answer[:0]
	status, ok := m.status()
	switch {
	case err != nil || !ok:
		x.f.fault(errors.New("an answer whose first line is none"))
	case status/100 == 1 && status != 101:
	default:
		x.x.Answered, x.x.Status, x.x.Answer = audit.ByOnline, status, m.header
		x.unchunk[1] = nil
		if isChunked(m.header) {
			x.unchunk[1] = &dechunker{to: x.down}
		}
	}
	return nil
}

// data takes bytes of a body.
func (x *transfer) data(out bool, b []byte) error {
	if x.x == nil {
		x.f.pass("bytes of a request that is not in the trace", int64(len(b)))
		return nil
	}
	to, n := x.down, 1
	if out {
		to, n = x.up, 0
	} else {
		x.bodyBegun = true
	}
	var err error
	if d := x.unchunk[n]; d != nil {
		_, err = d.Write(b)
	} else {
		_, err = to.Write(b)
	}
	if err != nil && !errors.Is(err, errStop) {
		x.f.fault(err)
		return nil
	}
	return err
}

// count counts bytes of a body that are not in the trace.
func (x *transfer) count(out bool, n int64) {
	if x.x == nil {
		return
	}
	if out {
		x.size[0] += n
	} else {
		x.size[1] += n
		x.bodyBegun = true
	}
}

// lossy notes that a body may not be what it was.
func (x *transfer) lossy(out bool) {
	if out {
		x.dots[0] = true
	} else {
		x.dots[1] = true
	}
}

var errDots = errors.New("the trace has dots for bytes that are no letters; record with --trace instead of --trace-ascii")

// end records the exchange.
func (x *transfer) end() error {
	if x.x == nil {
		return nil
	}
	r := x.x
	bodies := [2]*audit.Body{&r.Body, &r.Reply}
	for i, s := range []*spool{x.up, x.down} {
		var cause error
		if d := x.unchunk[i]; d != nil {
			cause = d.end()
		}
		if x.dots[i] && cause == nil {
			cause = errDots
		}
		if x.bare {
			*bodies[i] = x.missing(i)
			continue
		}
		*bodies[i] = s.close(cause)
	}
	*x = transfer{f: x.f, conn: x.conn, scheme: x.scheme, host: x.host, port: x.port, server: x.server, bare: x.bare}
	return x.f.record(audit.Event{Exchange: r})
}

// missing is a body that the trace does not have: as long as the trace, or the
// header, says.
func (x *transfer) missing(i int) audit.Body {
	header, size := x.x.Header, x.size[i]
	if i == 1 {
		header = x.x.Answer
	}
	if size == 0 && (i == 0 || x.x.Method != "HEAD") {
		size, _ = strconv.ParseInt(get(header, "Content-Length"), 10, 62)
	}
	return absent(size, "curl -v does not write bodies")
}
