package capture

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"telltale/audit"
)

// Coverage counts, arm by arm in the order of arms, what a log has and what
// could not be read in it. It stops at the first error of events. Opaque stays
// 0: whether a body could be read, only decoding knows.
func Coverage(arms []audit.Arm, events iter.Seq2[audit.Event, error]) ([]audit.Coverage, error) {
	counts := make(map[string]*counter, len(arms))
	for _, arm := range arms {
		counts[arm.Name] = newCounter(arm.Name)
	}
	var first error
	for e, err := range events {
		if err != nil {
			first = err
			break
		}
		if c := counts[e.Arm]; c != nil {
			c.count(e)
		}
	}
	covered := make([]audit.Coverage, len(arms))
	for i, arm := range arms {
		covered[i] = counts[arm.Name].total()
	}
	return covered, first
}

type counter struct {
	audit.Coverage
	runs    map[int]bool
	conns   map[connection]bool
	unread  map[string]bool
	skipped map[string]bool
	read    map[visit]bool // hosts that spoke to us
	closed  map[visit]int  // handshakes that the client gave up without a word
	ending  map[audit.Place]bool
	passed  map[string]audit.Passed
	alerts  map[audit.Alert]int // their Count is 0
	blocked map[string]audit.Passed
	shut    map[visit]bool // hosts whose QUIC was not let through
}

// Planted returns the names of the seeds that the steps which were done used,
// as far as the log goes.
func Planted(events iter.Seq2[audit.Event, error]) map[string]bool {
	planted := make(map[string]bool)
	for e, err := range events {
		if err != nil {
			break
		}
		if e.Step != nil && e.Step.Skipped == "" {
			for _, name := range e.Step.Seeds {
				planted[name] = true
			}
		}
	}
	return planted
}

// Visits returns the visits of the length probe that were made as they were
// planned, as far as the log goes. One whose address has another length than
// the plan says for its turn does not count: the test rests on the order that
// was drawn before the first packet.
func Visits(plan []audit.Probe, events iter.Seq2[audit.Event, error]) []audit.Visit {
	lengths := make(map[audit.Place][]int)
	for _, p := range plan {
		lengths[p.Place] = p.Lengths
	}
	var visits []audit.Visit
	for e, err := range events {
		if err != nil {
			break
		}
		if e.Step == nil || e.Step.Length == 0 || len(lengths[e.Place]) == 0 {
			continue
		}
		planned := lengths[e.Place][0]
		lengths[e.Place] = lengths[e.Place][1:]
		if e.Step.Skipped == "" && e.Step.Length == planned {
			visits = append(visits, audit.Visit{Place: e.Place, From: e.Time, Until: e.Step.Until, Length: e.Step.Length})
		}
	}
	return visits
}

// A visit is a host in one start of the software.
type visit struct {
	audit.Place
	host string
}

// A connection is known by its place and its number there.
type connection struct {
	audit.Place
	n int
}

func newCounter(arm string) *counter {
	return &counter{
		Coverage: audit.Coverage{Arm: arm},
		runs:     map[int]bool{}, conns: map[connection]bool{}, unread: map[string]bool{}, skipped: map[string]bool{},
		read: map[visit]bool{}, closed: map[visit]int{}, ending: map[audit.Place]bool{},
		passed: map[string]audit.Passed{}, alerts: map[audit.Alert]int{}, blocked: map[string]audit.Passed{}, shut: map[visit]bool{},
	}
}

func (c *counter) count(e audit.Event) {
	switch {
	case e.Step != nil:
		c.step(e)
	case e.Exchange != nil:
		c.exchange(e)
	case e.Message != nil:
		c.conns[connection{e.Place, e.Message.Conn}] = true
		if e.Message.Out {
			c.Bytes += e.Message.Body.Size
		}
	case e.Tunnel != nil:
		c.tunnel(e)
	case e.Refused != nil:
		c.refused(e)
	case e.Source != nil:
		c.source(e.Source)
	case e.Blocked != nil:
		c.block(e)
	}
}

// source counts what was not read of a file.
func (c *counter) source(s *audit.Source) {
	for _, p := range s.Passed {
		sum := c.passed[p.Why]
		c.passed[p.Why] = audit.Passed{Why: p.Why, Packets: sum.Packets + p.Packets, Bytes: sum.Bytes + p.Bytes, Idle: p.Idle}
		if !p.Idle {
			c.Lost += p.Packets
		}
	}
}

// tunnel counts a tunnel in which something was said: programs open
// connections in advance and close them unused.
func (c *counter) tunnel(e audit.Event) {
	c.conns[connection{e.Place, e.Tunnel.Conn}] = true
	if e.Tunnel.Out.Size == 0 && e.Tunnel.Out.Error == "" {
		return
	}
	c.Tunnels++
	c.Bytes += e.Tunnel.Out.Size
	c.unread[e.Tunnel.Host] = true
}

// refused counts a refusal. A handshake that was given up without an alert may
// also be the loser of two connections that raced, or one that the program's
// end cut short; it counts only before the end, and if the host was not read
// over another connection of the same start.
func (c *counter) refused(e audit.Event) {
	c.conns[connection{e.Place, e.Refused.Conn}] = true
	if e.Refused.Alert == audit.ClosedWithoutReason {
		if !c.ending[e.Place] {
			c.closed[visit{e.Place, e.Refused.Host}]++
		}
		return
	}
	c.Refused++
	c.unread[e.Refused.Host] = true
	c.alerts[audit.Alert{Host: e.Refused.Host, Alert: e.Refused.Alert}]++
}

// block counts datagrams that were not let through. A host that was to get
// HTTP/3 and was read over no connection either is unread: what it was to be
// told is not known.
func (c *counter) block(e audit.Event) {
	b := e.Blocked
	sum := c.blocked[b.Why]
	c.blocked[b.Why] = audit.Passed{Why: b.Why, Packets: sum.Packets + b.Packets, Bytes: sum.Bytes + b.Bytes}
	if b.Proto == "quic" {
		c.shut[visit{e.Place, b.Host}] = true
	}
}

// step counts a run when all of it was done.
func (c *counter) step(e audit.Event) {
	switch {
	case e.Step.Skipped != "":
		c.skipped[e.Step.Action+" "+e.Step.Target+": "+e.Step.Skipped] = true
	case e.Step.Action == audit.Closing:
		c.ending[e.Place] = true
	case e.Step.Action == audit.Done:
		c.runs[e.Run] = true
	}
}

func (c *counter) exchange(e audit.Event) {
	x := e.Exchange
	c.conns[connection{e.Place, x.Conn}] = true
	c.read[visit{e.Place, x.Host}] = true
	c.Requests++
	c.Bytes += x.Body.Size + int64(len(x.URL))
	for _, f := range x.Header {
		c.Bytes += int64(len(f.Name) + len(f.Value))
	}
	if x.Answered == audit.ByStage {
		c.Stage++
	}
}

func (c *counter) total() audit.Coverage {
	for v, n := range c.closed {
		if !c.read[v] {
			c.Refused += n
			c.unread[v.host] = true
			c.alerts[audit.Alert{Host: v.host, Alert: audit.ClosedWithoutReason}] += n
		}
	}
	for v := range c.shut {
		if !c.read[v] {
			c.Tunnels++
			c.unread[v.host] = true
		}
	}
	c.Runs = len(c.runs)
	c.Connections = len(c.conns)
	c.Unread = slices.Sorted(maps.Keys(c.unread))
	c.Skipped = slices.Sorted(maps.Keys(c.skipped))
	for _, why := range slices.Sorted(maps.Keys(c.passed)) {
		c.Passed = append(c.Passed, c.passed[why])
	}
	for a, n := range c.alerts {
		a.Count = n
		c.Alerts = append(c.Alerts, a)
	}
	slices.SortFunc(c.Alerts, func(a, b audit.Alert) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Alert, b.Alert))
	})
	for _, why := range slices.Sorted(maps.Keys(c.blocked)) {
		c.Blocked = append(c.Blocked, c.blocked[why])
	}
	return c.Coverage
}
