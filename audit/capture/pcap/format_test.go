package pcap_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/pcap/packet"
)

var update = flag.Bool("update", false, "write the captures that the transcripts of the command read")

// ng writes the packets of a pcap file as pcapng, with a key log if there is one.
func ng(file []byte, order binary.AppendByteOrder, link uint16, keys string) []byte {
	block := func(kind uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(12 + len(body))
		b := order.AppendUint32(order.AppendUint32(nil, kind), n)
		return order.AppendUint32(append(b, body...), n)
	}
	section := order.AppendUint16(order.AppendUint16(order.AppendUint32(nil, 0x1a2b3c4d), 1), 0)
	out := block(0x0a0d0d0a, append(section, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	face := order.AppendUint32(order.AppendUint16(order.AppendUint16(nil, link), 0), 0)
	face = append(order.AppendUint16(order.AppendUint16(face, 9), 1), 9, 0, 0, 0) // nanoseconds
	out = append(out, block(1, append(face, 0, 0, 0, 0))...)
	_, packets := records(file)
	for _, p := range packets {
		nanos := uint64(binary.LittleEndian.Uint32(p))*1e9 + uint64(binary.LittleEndian.Uint32(p[4:]))*1000
		b := order.AppendUint32(order.AppendUint32(order.AppendUint32(nil, 0), uint32(nanos>>32)), uint32(nanos))
		b = order.AppendUint32(order.AppendUint32(b, uint32(len(p)-16)), binary.LittleEndian.Uint32(p[12:]))
		out = append(out, block(6, append(b, p[16:]...))...)
	}
	if keys != "" { // behind what they open
		b := order.AppendUint32(order.AppendUint32(nil, 0x544c534b), uint32(len(keys)))
		out = append(out, block(0x0a, append(b, keys...))...)
	}
	return out
}

// The same packets are read in both formats, in both byte orders.
func FuzzFormats(f *testing.F) {
	f.Add([]byte("one two three"), uint8(5), true)
	f.Fuzz(func(t *testing.T, data []byte, size uint8, big bool) {
		tape := newTape()
		for piece := range slices.Chunk(data, int(size)+1) {
			tape.packet(piece)
		}
		var order binary.AppendByteOrder = binary.LittleEndian
		if big {
			order = binary.BigEndian
		}
		want, werr := all(tape.file.Bytes())
		got, gerr := all(ng(tape.file.Bytes(), order, 101, "CLIENT_RANDOM"))
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(werr, io.EOF) || !errors.Is(gerr, io.EOF) {
			t.Errorf("%v, %v: -pcap +pcapng\n%s", werr, gerr, diff)
		}
	})
}

func all(file []byte) (packets []packet.Packet, err error) {
	r, err := packet.NewReader(bytes.NewReader(file))
	for err == nil {
		var p packet.Packet
		if p, err = r.Next(); err == nil {
			p.Data = bytes.Clone(p.Data)
			packets = append(packets, p)
		}
	}
	return packets, err
}

// Blocks of any kind end in packets or an error, and in no more memory than
// the file has bytes.
func FuzzBlocks(f *testing.F) {
	file := spoken(80, said{0, "GET / HTTP/1.1\r\n\r\n"}).file.Bytes()
	f.Add(ng(file, binary.LittleEndian, 101, "CLIENT_RANDOM 00 00"))
	f.Add(ng(file, binary.BigEndian, 1, ""))
	f.Add(file)
	f.Fuzz(func(t *testing.T, file []byte) {
		packets, err := all(file)
		if err == nil {
			t.Error("no end")
		}
		n := 0
		for _, p := range packets {
			if n += len(p.Data); p.Size < len(p.Data) {
				t.Errorf("%d bytes of %d", len(p.Data), p.Size)
			}
		}
		if n > len(file) {
			t.Errorf("%d bytes in a file of %d", n, len(file))
		}
	})
}

// ip6 is an IPv6 packet with extension headers.
func ip6(payload []byte) []byte {
	ext := []byte{60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0}
	b := []byte{0x60, 0, 0, 0, 0, 0, 0, 64}
	binary.BigEndian.PutUint16(b[4:], uint16(len(ext)+len(payload)))
	b = append(b, bytes.Repeat([]byte{0x20}, 16)...)
	return append(append(append(b, bytes.Repeat([]byte{0x21}, 16)...), ext...), payload...)
}

// The same datagram is found on every link, whatever stands before and behind
// it, and in fragments that come in any order.
func TestLinks(t *testing.T) {
	segment := tcp(1, 2, [2]uint32{3, 4}, ack, []byte("payload"))
	ip := ip4(phone, origin, 6, segment)
	mac := make([]byte, 12)
	trailer := append([]byte{1, 7, 0x20, 0x21, 0, 0, 0x27, 0x7a}, append([]byte("org.example.app"), make([]byte, 9)...)...)
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
	for name, c := range map[string]struct {
		link packet.Link
		data []byte
		app  string
	}{
		"raw":       {packet.Raw, ip, ""},
		"ethernet":  {packet.Ethernet, slices.Concat(mac, []byte{8, 0}, ip, make([]byte, 6)), ""},
		"vlan":      {packet.Ethernet, slices.Concat(mac, []byte{0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0}, ip), ""},
		"pppoe":     {packet.Ethernet, slices.Concat(mac, []byte{0x88, 0x64, 0x11, 0, 0, 1, 0, 99, 0, 0x21}, ip), ""},
		"pcapdroid": {packet.Ethernet, slices.Concat(mac, []byte{8, 0}, ip, trailer), "org.example.app"},
		"null":      {packet.Null, slices.Concat([]byte{2, 0, 0, 0}, ip), ""},
		"cooked":    {packet.Cooked, slices.Concat(make([]byte, 14), []byte{8, 0}, ip), ""},
		"cooked2":   {packet.Cooked2, slices.Concat([]byte{8, 0}, make([]byte, 18), ip), ""},
		"wifi":      {packet.WiFi, slices.Concat([]byte{0x88, 1}, make([]byte, 24), snap, ip), ""},
		"radiotap":  {packet.Radiotap, slices.Concat([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x08, 1}, make([]byte, 22), snap, ip), ""},
		"ppp":       {packet.PPP, slices.Concat([]byte{0xff, 3, 0, 0x21}, ip), ""},
		"mpls":      {packet.Ethernet, slices.Concat(mac, []byte{0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64}, ip), ""},
		"sll vlan":  {packet.Cooked, slices.Concat(make([]byte, 14), []byte{0x81, 0, 0, 2, 8, 0}, ip), ""},
		"ppi":       {packet.PPI, slices.Concat([]byte{0, 0, 8, 0, 105, 0, 0, 0, 0x08, 1}, make([]byte, 22), snap, ip), ""},
		"datapad":   {packet.Radiotap, slices.Concat([]byte{0, 0, 17, 0, 3, 0, 0, 0}, make([]byte, 8), []byte{0x20, 0x88, 1}, make([]byte, 24), []byte{0, 0}, snap, ip), ""},
		"ipv6":      {packet.IPv6, ip6(segment), ""},
	} {
		var d packet.Decoder
		g, why := d.Decode(packet.Packet{Link: c.link, Data: c.data, Size: len(c.data)})
		if why != "" || !bytes.Equal(g.Payload, segment) || g.Proto != packet.TCP || g.App != c.app {
			t.Errorf("%s: %q, app %q, payload % x", name, why, g.App, g.Payload)
		}
	}
	if _, why := new(packet.Decoder).Decode(packet.Packet{Link: packet.WiFi, Data: slices.Concat([]byte{0x88, 0x41}, make([]byte, 24), snap, ip)}); why != packet.SealedWiFi {
		t.Errorf("encrypted 802.11: %q", why)
	}
	if _, why := new(packet.Decoder).Decode(packet.Packet{Link: packet.WiFi, Data: slices.Concat([]byte{0x88, 1}, make([]byte, 22), []byte{0x80, 0}, snap, ip)}); why != packet.Aggregated {
		t.Errorf("aggregated 802.11: %q", why)
	}
}

func FuzzFragments(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789"), uint8(0), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, size uint8, order uint64) {
		if len(data) == 0 || len(data) > 4000 {
			return
		}
		var pieces [][]byte
		step := 8 * (int(size)%8 + 1)
		for at := 0; at < len(data); at += step {
			p := ip4(phone, origin, 17, data[at:min(at+step, len(data))])
			flags := uint16(at / 8)
			if at+step < len(data) {
				flags |= 0x2000
			}
			binary.BigEndian.PutUint16(p[6:], flags)
			pieces = append(pieces, p)
		}
		for i := range pieces { // in some order, each a second time
			j := int(order>>(i%60)) % len(pieces)
			if j < 0 {
				j = -j
			}
			pieces[i], pieces[j] = pieces[j], pieces[i]
		}
		var d packet.Decoder
		whole := 0
		for _, p := range pieces {
			g, why := d.Decode(packet.Packet{Link: packet.Raw, Data: p, Size: len(p)})
			if why != "" {
				t.Fatal(why)
			}
			if g.Payload != nil {
				whole++
				if !bytes.Equal(g.Payload, data) {
					t.Errorf("got %q, want %q", g.Payload, data)
				}
			}
		}
		if n, _ := d.Waiting(); whole != 1 || n != 0 {
			t.Errorf("%d datagrams, %d fragments wait", whole, n)
		}
	})
}

// Keys stand in a pcapng file, behind the packets that they open. With -update
// the files become those of the command's transcript.
func TestKeysInFile(t *testing.T) {
	tape, log := newTape(), &keyLog{}
	session{name: "sink", version: tls.VersionTLS13, h2: true}.record(t, tape, log)
	file := ng(tape.file.Bytes(), binary.LittleEndian, 101, log.buf.String())
	m, _ := read(t, file, "")
	if got := summary(t, m); len(got.Requests) != 16 {
		t.Errorf("%d requests, want 16", len(got.Requests))
	}
	if !*update {
		return
	}
	small, keys := newTape(), &keyLog{}
	session{name: "sink", version: tls.VersionTLS13, h2: true, few: true}.record(t, small, keys)
	spoken := small.connect(80)
	spoken.say(0, []byte("GET /plain HTTP/1.1\r\nHost: plain.example\r\n\r\n"))
	spoken.say(1, []byte(ok+"ok"))
	dir := filepath.Join("..", "..", "..", "cmd", "telltale", "testdata", "captures")
	for name, data := range map[string][]byte{
		"keys.pcapng": ng(small.file.Bytes(), binary.BigEndian, 101, keys.buf.String()),
		"plain.pcap":  small.file.Bytes(),
		"keys.log":    keys.buf.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("written:", dir)
}
