package pcap_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/pcap/packet"
)

// A carrier is a way in which packets of IP are carried. It makes one or more
// packets of each.
type carrier struct {
	link  packet.Link
	carry func(ip []byte) [][]byte
}

func behind(head ...byte) func([]byte) [][]byte {
	return func(ip []byte) [][]byte { return [][]byte{slices.Concat(head, ip)} }
}

var carriers = map[string]carrier{
	"QinQ":     {packet.Ethernet, behind(slices.Concat([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, []byte{0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0})...)},
	"cooked":   {packet.Cooked, behind(0, 4, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0)},
	"cooked2":  {packet.Cooked2, behind(8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 4, 6, 0, 0, 0, 0, 0, 0, 0, 0)},
	"radiotap": {packet.Radiotap, behind(slices.Concat([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x88, 1}, make([]byte, 24), []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0})...)},
	"IPv6":     {packet.Raw, func(ip []byte) [][]byte { return [][]byte{six(ip)} }},
	"pieces":   {packet.Raw, pieces},
}

// six is an IPv4 packet as one of IPv6 with extension headers.
func six(ip []byte) []byte {
	ext := []byte{60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0}
	b := []byte{0x60, 0, 0, 0, 0, 0, 0, 64}
	binary.BigEndian.PutUint16(b[4:], uint16(len(ext)+len(ip)-20))
	for _, at := range []int{12, 16} {
		b = append(append(b, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0), ip[at:at+4]...)
	}
	return append(append(b, ext...), ip[20:]...)
}

var identification uint16

// pieces are the fragments of a packet, the last one first.
func pieces(ip []byte) [][]byte {
	identification++
	var list [][]byte
	const step = 256
	for at := 20; at < len(ip); at += step {
		b := slices.Concat(ip[:20], ip[at:min(at+step, len(ip))])
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		binary.BigEndian.PutUint16(b[4:], identification)
		flags := uint16((at - 20) / 8)
		if at+step < len(ip) {
			flags |= 0x2000
		}
		binary.BigEndian.PutUint16(b[6:], flags)
		list = append(list, b)
	}
	slices.Reverse(list)
	return list
}

// over is a capture of raw IP as it is on another carrier.
func (c carrier) over(file []byte) []byte {
	head, packets := records(file)
	out := bytes.Clone(head)
	binary.LittleEndian.PutUint32(out[20:], uint32(c.link))
	for _, p := range packets {
		for _, data := range c.carry(p[16:]) {
			out = append(out, p[:8]...)
			out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
			out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
			out = append(out, data...)
		}
	}
	return out
}

// On whatever IP is carried, we read what tshark reads.
func TestCarriersSameAsTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("starts tshark twice for each carrier")
	}
	tape, log := newTape(), &keyLog{}
	session{name: "plain", plain: true}.record(t, tape, log)
	for name, c := range carriers {
		file := c.over(tape.file.Bytes())
		dir := t.TempDir()
		path, keys := filepath.Join(dir, "t.pcap"), filepath.Join(dir, "keys.log")
		for name, data := range map[string][]byte{path: file, keys: nil} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		m, s := read(t, file, "")
		got := summary(t, m)
		if len(got.Requests) != 16 || len(s.Passed) > 0 {
			t.Errorf("%s: %d requests, want 16; passed over: %v", name, len(got.Requests), s.Passed)
		}
		if diff := cmp.Diff(sharks(t, path, keys, filepath.Join(dir, "objects")), got); diff != "" {
			t.Errorf("%s: -tshark +telltale\n%.2000s", name, diff)
		}
	}
}
