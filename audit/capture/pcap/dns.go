package pcap

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"telltale/audit"
)

// maxAnswers bounds what is kept of one answer.
const maxAnswers = 64

// lookup reads an answer of a name server (RFC 1035). A question alone is none:
// its answer, or its absence, follows.
func lookup(name string, b []byte) (*audit.Lookup, error) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	if err := p.SkipAllQuestions(); err != nil {
		return nil, err
	}
	l := &audit.Lookup{Server: name, Name: strings.TrimSuffix(q.Name.String(), "."), Type: strings.TrimPrefix(q.Type.String(), "Type")}
	if !h.Response {
		return l, nil
	}
	if h.RCode != dnsmessage.RCodeSuccess {
		l.Code = strings.TrimPrefix(h.RCode.String(), "RCode")
	}
	for len(l.Answers) < maxAnswers {
		r, err := p.Answer()
		if err != nil {
			break // the end, or what cannot be read: the names before stand
		}
		if s := answer(r.Body); s != "" {
			l.Answers = append(l.Answers, s)
		}
	}
	return l, nil
}

// answer is an address or a name in words, "" if it is another record.
func answer(body dnsmessage.ResourceBody) string {
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return strings.TrimSuffix(r.CNAME.String(), ".")
	case *dnsmessage.PTRResource:
		return strings.TrimSuffix(r.PTR.String(), ".")
	}
	return ""
}

// A nameTalk reads DNS over TCP: messages with their length before them.
type nameTalk struct {
	*talk
	held   [2][]byte
	unread unread
	asked  questions
}

// questions are those that have no answer yet, in order.
type questions struct {
	ids     []uint16
	lookups []*audit.Lookup
}

// maxQuestions bounds the questions that wait.
const maxQuestions = 256

// take takes a message, and returns a lookup that is complete, nil if none is.
func (q *questions) take(name string, s side, b []byte) (*audit.Lookup, error) {
	l, err := lookup(name, b)
	if err != nil {
		return nil, err
	}
	id := binary.BigEndian.Uint16(b)
	if s == client {
		q.ids, q.lookups = append(q.ids, id), append(q.lookups, l)
		if len(q.ids) > maxQuestions {
			oldest := q.lookups[0]
			q.ids, q.lookups = q.ids[1:], q.lookups[1:]
			return oldest, nil
		}
		return nil, nil
	}
	for i, asked := range q.ids {
		if asked == id {
			q.ids, q.lookups = append(q.ids[:i], q.ids[i+1:]...), append(q.lookups[:i], q.lookups[i+1:]...)
			break
		}
	}
	return l, nil
}

// noAnswer is the code of a lookup whose answer is not in the capture.
const noAnswer = "no answer"

// rest returns the questions that were never answered.
func (q *questions) rest() []*audit.Lookup {
	for _, l := range q.lookups {
		l.Code = noAnswer
	}
	return q.lookups
}

func newNames(t *talk) *nameTalk { return &nameTalk{talk: t} }

func (n *nameTalk) said(s side, b []byte) {
	if n.unread.why[s] != nil {
		n.unread.bytes[s] += int64(len(b))
		return
	}
	h := append(n.held[s], b...)
	for len(h) >= 2 {
		size := int(binary.BigEndian.Uint16(h))
		if len(h) < 2+size {
			break
		}
		l, err := n.asked.take(n.host, s, h[2:2+size])
		if err != nil {
			n.unread.fail(s, fmt.Errorf("no DNS that can be read: %w", err))
			n.unread.bytes[s] += int64(len(h))
			n.held[s] = nil
			return
		}
		n.record(l)
		h = h[2+size:]
	}
	n.held[s] = append(n.held[s][:0:0], h...)
}

func (n *nameTalk) record(l *audit.Lookup) {
	if l != nil {
		e := n.event()
		e.Lookup = l
		n.im.record(e)
	}
}

func (n *nameTalk) lost(s side, missing int64) {
	n.unread.fail(s, gap(missing))
	n.unread.bytes[s] += int64(len(n.held[s]))
	n.held[s] = nil
}

func (n *nameTalk) ended(side) {}

func (n *nameTalk) close(error) {
	for _, l := range n.asked.rest() {
		n.record(l)
	}
	if n.unread.any() {
		out, in := n.unread.bodies()
		n.tunnel(n.event(), "dns", out, in)
	}
}
