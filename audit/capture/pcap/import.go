// Package pcap makes events out of packet captures: what the software said in
// HTTP/1, HTTP/2 and WebSockets, in the clear or in TLS that there are keys
// for, what it asked name servers, and how much of the rest there was. The
// events are those that the proxy would have made.
//
// Packets go through layers, each of which holds what it must and no more:
// packet (files, links, IP), streams of TCP, then [talk], which finds out what
// is spoken and gives it to a reader: TLS, whose content is a talk again,
// HTTP/1, HTTP/2, or raw bytes. Readers of HTTP are plain loops over an
// io.Reader, which a [feed] runs as coroutines: everything happens in the
// order of the packets, and the same files give the same events.
package pcap

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap/packet"
	"telltale/audit/capture/pcap/tlsread"
)

// Is reports whether a file that begins with head is a packet capture.
func Is(head []byte) bool { return packet.Is(head) }

// A Config says where events go.
type Config struct {
	Recorder audit.Recorder
	Place    audit.Place
	Keys     *tlsread.Keys // nil: none
	Number   func() int    // gives a connection its number; nil: 1, 2, 3, …
}

// An Importer takes events out of the packets of one or more files, which
// follow each other as one capture.
type Importer struct {
	config Config
	now    time.Time // of the packet at hand
	last   time.Time // latest time of any packet
	app    string    // that the packet at hand belongs to

	streams  map[flow]*stream
	flows    map[flow]*datagrams
	live     *list.List // of *stream, least recently seen first
	udp      *list.List // of *datagrams, likewise
	waiting  int        // bytes that wait for a segment before them
	open     int        // bodies that are being written
	conns    int        // numbers given out
	copying  []byte     // what bodies are copied through
	decoder  packet.Decoder
	passed   map[string]*audit.Passed
	packets  int64
	recorded error // why no more can be recorded
}

// New returns an Importer.
func New(c Config) *Importer {
	return &Importer{
		config: c, streams: map[flow]*stream{}, flows: map[flow]*datagrams{}, live: list.New(), udp: list.New(),
		copying: make([]byte, 64<<10), passed: map[string]*audit.Passed{},
	}
}

// Secrets reads through a file for the keys that it carries. They may stand
// behind the packets that they open, so this comes before [Importer.Read]. A
// file that is no capture, or damaged, is left for Read to say so.
func Secrets(r io.Reader, keys *tlsread.Keys) {
	f, err := packet.NewReader(r)
	if err != nil || !f.MayHaveSecrets() {
		return
	}
	f.Secrets = func(log []byte) { _, _ = keys.AddText(log) }
	for err == nil {
		_, err = f.Next()
	}
}

// Read reads the packets of a file and returns what was seen of it. The error
// is that of the recorder: after it there is no more to be done. What is wrong
// with the file stands in the Source.
func (im *Importer) Read(r io.Reader) (audit.Source, error) {
	im.passed, im.packets = map[string]*audit.Passed{}, 0
	var damage error
	f, err := packet.NewReader(r)
	for err == nil {
		var p packet.Packet
		if p, err = f.Next(); err == nil {
			im.take(p)
			err = im.recorded
		}
	}
	if !errors.Is(err, io.EOF) && im.recorded == nil {
		damage = fmt.Errorf("after %d packets: %w", im.packets, err)
	}
	s := audit.Source{Packets: im.packets}
	for _, why := range slices.Sorted(maps.Keys(im.passed)) {
		s.Passed = append(s.Passed, *im.passed[why])
	}
	if damage != nil {
		s.Error = damage.Error()
	}
	return s, im.recorded
}

// Close ends the connections that are still open where the capture ends, and
// counts packets that have waited for others in vain.
func (im *Importer) Close() ([]audit.Passed, error) {
	for e := im.live.Front(); e != nil; e = e.Next() {
		e.Value.(*stream).close(errCaptureEnds)
	}
	for e := im.udp.Front(); e != nil; e = e.Next() {
		e.Value.(*datagrams).close()
	}
	im.live.Init()
	im.udp.Init()
	if n, bytes := im.decoder.Waiting(); n > 0 {
		return []audit.Passed{{Why: packet.Fragment, Packets: n, Bytes: bytes}}, im.recorded
	}
	return nil, im.recorded
}

// Last returns the time of the latest packet, the zero time if there was none.
func (im *Importer) Last() time.Time { return im.last }

var errCaptureEnds = errors.New("the capture ends here")

// take gives a packet to its flow.
func (im *Importer) take(p packet.Packet) {
	im.packets++
	im.now = p.Time
	if p.Time.After(im.last) {
		im.last = p.Time
	}
	g, why := im.decoder.Decode(p)
	im.app = g.App
	switch {
	case why != "":
		im.pass(why, p.Size)
	case g.Proto == packet.TCP:
		if !im.tcp(g) {
			im.pass("a damaged TCP header", p.Size)
		}
	case g.Proto == packet.UDP:
		im.datagram(g)
	case g.Proto == packet.ICMP || g.Proto == packet.ICMPv6:
		im.pass(isICMP, p.Size)
	case g.Src.IsValid():
		im.pass(fmt.Sprintf("IP protocol %d", g.Proto), p.Size)
	}
}

// Reasons that are no loss: nothing that software says to a server is in such
// packets.
const (
	isICMP  = "ICMP"
	isToAll = "UDP to all on the local network"
)

var idle = map[string]bool{packet.NotIP: true, isICMP: true, isToAll: true}

// pass counts a packet that is not read.
func (im *Importer) pass(why string, size int) {
	c := im.passed[why]
	if c == nil {
		c = &audit.Passed{Why: why, Idle: idle[why]}
		im.passed[why] = c
	}
	c.Packets++
	c.Bytes += int64(size)
}

// record appends an event, unless the recorder can keep no more.
func (im *Importer) record(e audit.Event) {
	if im.recorded == nil {
		e.Place = im.config.Place
		im.recorded = im.config.Recorder.Record(e)
	}
}

// number gives a connection its number.
func (im *Importer) number() int {
	if im.config.Number != nil {
		return im.config.Number()
	}
	im.conns++
	return im.conns
}
