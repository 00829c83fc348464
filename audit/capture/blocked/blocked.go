// Package blocked counts datagrams that a capture does not let through, by
// where they came from and were to go. A client whose QUIC is refused takes
// TCP, which can be read.
package blocked

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap"
)

// A Flow is the datagrams from one place to another.
type Flow struct {
	From netip.AddrPort
	To   netip.AddrPort
}

// A Counter counts flows. Its memory is bounded: of flows beyond the bound
// only the sum is known. It is safe for concurrent use.
type Counter struct {
	// Why is told with every count.
	Why string
	// Name gives the name that an address was looked up by, "" if none. Nil:
	// nobody knows.
	Name func(netip.Addr) string

	mu    sync.Mutex
	flows map[Flow]*count
	rest  count
}

const (
	mostFlows  = 10000
	mostHellos = 1000 // flows whose hello is looked for at the same time
)

type count struct {
	first, last    time.Time
	packets, bytes int64
	quic           bool
	hello          *pcap.QUICHello // until it was read
	sni            string
}

// Add counts one datagram.
func (c *Counter) Add(now time.Time, f Flow, datagram []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.flows[f]
	if n == nil {
		if c.flows == nil {
			c.flows = make(map[Flow]*count)
		}
		if len(c.flows) >= mostFlows {
			n = &c.rest
		} else {
			n = &count{quic: pcap.IsQUIC(f.To.Port(), datagram)}
			c.flows[f] = n
			if n.quic && len(c.flows) <= mostHellos {
				n.hello = new(pcap.QUICHello)
			}
		}
	}
	if n.packets == 0 {
		n.first = now
	}
	n.last = now
	n.packets++
	n.bytes += int64(len(datagram))
	if n.hello != nil {
		if sni, ok := n.hello.Take(datagram); ok {
			n.sni, n.hello = sni, nil
		}
	}
}

// A Report is what is said of one flow.
type Report struct {
	From    netip.AddrPort
	First   time.Time
	Blocked audit.Blocked
}

// Quiet takes the flows that have been quiet since a moment, in the order in
// which they began.
func (c *Counter) Quiet(since time.Time) []Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	var reports []Report
	for f, n := range c.flows {
		if n.last.Before(since) {
			reports = append(reports, c.report(f, n))
			delete(c.flows, f)
		}
	}
	if c.rest.packets > 0 && c.rest.last.Before(since) {
		r := c.report(Flow{}, &c.rest)
		r.Blocked.Host, r.Blocked.Port = "", ""
		r.Blocked.Why += "; more flows than are told apart"
		reports = append(reports, r)
		c.rest = count{}
	}
	slices.SortFunc(reports, func(a, b Report) int {
		return cmp.Or(a.First.Compare(b.First), a.From.Compare(b.From), cmp.Compare(a.Blocked.Host, b.Blocked.Host))
	})
	return reports
}

func (c *Counter) report(f Flow, n *count) Report {
	b := audit.Blocked{
		Host: f.To.Addr().String(), Port: strconv.Itoa(int(f.To.Port())), Proto: "udp", SNI: n.sni,
		Packets: n.packets, Bytes: n.bytes, Why: c.Why,
	}
	if n.quic {
		b.Proto = "quic"
	}
	if c.Name != nil {
		b.Host = cmp.Or(c.Name(f.To.Addr()), b.Host)
	}
	b.Host = cmp.Or(n.sni, b.Host)
	return Report{f.From, n.first, b}
}
