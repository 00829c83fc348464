package pcap

import (
	"cmp"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"telltale/audit/capture/pcap/packet"
	"telltale/audit/capture/pcap/tlsread"
)

// The two sides of a connection.
const (
	client = tlsread.Client
	server = tlsread.Server
)

type side = tlsread.Side

// A flow is the two ends of a connection, in an order that does not depend on
// the direction of a packet.
type flow struct{ a, b netip.AddrPort }

func flowOf(from, to netip.AddrPort) flow {
	if from.Compare(to) < 0 {
		return flow{from, to}
	}
	return flow{to, from}
}

// Bounds of what is held of connections.
const (
	maxStreams = 8192     // at the same time
	maxAhead   = 1 << 20  // bytes of one side that wait for a segment before them
	maxWaiting = 64 << 20 // of all sides
	maxJump    = 1 << 30  // how far ahead of what is expected a segment may be
)

// A stream is a TCP connection.
type stream struct {
	im     *Importer
	from   netip.AddrPort // the client
	to     netip.AddrPort
	sides  [2]half
	talk   *talk // nil before the first byte
	place  *list.Element
	closed bool
	app    string
}

// A half is what one side of a stream sends.
type half struct {
	begun   bool
	initial uint32 // sequence number of the SYN, if seen
	next    uint32 // sequence number that is expected
	ahead   []segment
	bytes   int // in ahead
	fin     bool
	end     uint32 // sequence number behind the last byte, if fin
	over    bool
}

// A segment came before what stands in front of it.
type segment struct {
	seq  uint32
	data []byte
}

// Flags of a TCP header.
const (
	flagFIN = 1
	flagSYN = 2
	flagRST = 4
	flagACK = 16
)

// tcp takes a segment. It reports whether its header can be read.
func (im *Importer) tcp(g packet.Datagram) bool {
	b := g.Payload
	if len(b) < 20 {
		return false
	}
	n := int(b[12]>>4) * 4
	if n < 20 || n > len(b) {
		return false
	}
	from := netip.AddrPortFrom(g.Src, binary.BigEndian.Uint16(b))
	to := netip.AddrPortFrom(g.Dst, binary.BigEndian.Uint16(b[2:]))
	seq, flags := binary.BigEndian.Uint32(b[4:]), b[13]
	st, s := im.stream(from, to, seq, flags)
	if st == nil || st.closed {
		return true
	}
	st.app = cmp.Or(st.app, g.App)
	st.segment(s, seq, b[n:], flags)
	return true
}

// stream finds the connection of a segment and which side sent it, or opens
// one. A SYN with a new number is a new connection between the same ports.
func (im *Importer) stream(from, to netip.AddrPort, seq uint32, flags byte) (*stream, side) {
	key := flowOf(from, to)
	st := im.streams[key]
	opens := flags&(flagSYN|flagACK) == flagSYN
	if st != nil && opens && (st.from != from || st.sides[client].begun && st.sides[client].initial != seq) {
		im.forget(st, errReused)
		st = nil
	}
	if st == nil {
		if flags&flagRST != 0 {
			return nil, client
		}
		if len(im.streams) >= maxStreams {
			im.forget(im.live.Front().Value.(*stream), errCrowded)
		}
		st = &stream{im: im, from: from, to: to}
		// Without the SYN, the side with the lower port is the server.
		if flags&(flagSYN|flagACK) == flagSYN|flagACK || flags&flagSYN == 0 && from.Port() < to.Port() {
			st.from, st.to = to, from
		}
		im.streams[key] = st
		st.place = im.live.PushBack(st)
	}
	im.live.MoveToBack(st.place)
	if from == st.from {
		return st, client
	}
	return st, server
}

var (
	errReused  = errors.New("its ports were used again")
	errCrowded = errors.New("too many connections at the same time; the longest silent one was not followed to its end")
)

func (im *Importer) forget(st *stream, why error) {
	st.close(why)
	im.live.Remove(st.place)
	delete(im.streams, flowOf(st.from, st.to))
}

// segment takes what one segment says.
func (st *stream) segment(s side, seq uint32, data []byte, flags byte) {
	h := &st.sides[s]
	if flags&flagRST != 0 {
		st.close(errReset)
		return
	}
	if flags&flagSYN != 0 {
		if h.begun {
			return // sent again
		}
		h.begun, h.initial, h.next = true, seq, seq+1
		seq++ // data on a SYN stands behind it
	}
	if !h.begun {
		if len(data) == 0 && flags&flagFIN == 0 {
			return
		}
		h.begun, h.next = true, seq
	}
	if flags&flagFIN != 0 && !h.fin {
		h.fin, h.end = true, seq+uint32(len(data)) //nolint:gosec // a segment's length
	}
	if len(data) > 0 {
		st.arrange(s, seq, data)
	}
	st.finish(s)
}

var errReset = errors.New("the connection was reset")

// distance is how far a sequence number is ahead of another; they wrap. It is
// an int, in which the most that one can be behind has an opposite.
func distance(seq, next uint32) int { return int(int32(seq - next)) } //nolint:gosec // sequence numbers wrap

// arrange takes data in its place of the order. Of bytes that come twice those
// count that came first.
func (st *stream) arrange(s side, seq uint32, data []byte) {
	h := &st.sides[s]
	delta := distance(seq, h.next)
	switch {
	case delta > maxJump:
		return // belongs to no connection that is followed
	case delta > 0:
		st.hold(h, segment{seq, slices.Clone(data)})
		if h.bytes > maxAhead || st.im.waiting > maxWaiting {
			st.skip(s)
		}
		return
	case -delta >= len(data):
		return // had it before
	}
	st.deliver(s, data[-delta:])
	st.drain(s)
}

// hold keeps a segment that came too early, in order.
func (st *stream) hold(h *half, g segment) {
	i, had := slices.BinarySearchFunc(h.ahead, g, func(a, b segment) int { return distance(a.seq, b.seq) })
	if had && len(h.ahead[i].data) >= len(g.data) {
		return
	}
	h.ahead = slices.Insert(h.ahead, i, g)
	h.bytes += len(g.data)
	st.im.waiting += len(g.data)
}

// drain delivers what has waited and waits no more.
func (st *stream) drain(s side) {
	h := &st.sides[s]
	n := 0
	for _, g := range h.ahead {
		delta := distance(g.seq, h.next)
		if delta > 0 {
			break
		}
		n++
		h.bytes -= len(g.data)
		st.im.waiting -= len(g.data)
		if -delta < len(g.data) {
			st.deliver(s, g.data[-delta:])
		}
	}
	h.ahead = slices.Delete(h.ahead, 0, n)
	if len(h.ahead) == 0 {
		h.ahead = nil
	}
}

// skip gives up on what is missing before the first segment that waits.
func (st *stream) skip(s side) {
	h := &st.sides[s]
	if len(h.ahead) == 0 {
		return
	}
	missing := int64(h.ahead[0].seq - h.next)
	h.next = h.ahead[0].seq
	st.speak().lost(s, missing)
	st.drain(s)
}

// deliver hands on the bytes that are next.
func (st *stream) deliver(s side, data []byte) {
	st.sides[s].next += uint32(len(data)) //nolint:gosec // a segment's length
	st.speak().said(s, data)
}

// speak returns what the bytes are given to.
func (st *stream) speak() *talk {
	if st.talk == nil {
		st.talk = &talk{
			im: st.im, conn: st.im.number(), host: st.to.Addr().Unmap().String(), port: st.to.Port(), app: st.app, proto: "tcp",
		}
	}
	return st.talk
}

// finish ends a side whose FIN has come and all before it, and the connection
// with the second.
func (st *stream) finish(s side) {
	h := &st.sides[s]
	if !h.fin || h.over || int32(h.end-h.next) > 0 { //nolint:gosec // sequence numbers wrap
		return
	}
	h.over = true
	if st.talk != nil {
		st.talk.ended(s)
	}
	if st.sides[s.Other()].over {
		st.close(nil)
	}
}

// close ends a connection: what waits is delivered, with what is missing said.
// The stream stays known, so that what is sent again is not taken for new.
func (st *stream) close(why error) {
	if st.closed {
		return
	}
	st.closed = true
	for s := range st.sides {
		for len(st.sides[s].ahead) > 0 {
			st.skip(side(s))
		}
	}
	if st.talk != nil {
		st.talk.close(why)
		st.talk = nil
	}
}

// A gap is bytes that are not in the capture.
type gap int64

// Error implements error.
func (g gap) Error() string { return fmt.Sprintf("%d bytes are missing in the capture", int64(g)) }
