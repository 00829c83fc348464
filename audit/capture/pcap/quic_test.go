package pcap

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// The keys of the client's first packets are those of RFC 9001 appendix A.1.
func TestInitialKeys(t *testing.T) {
	id, err := hex.DecodeString("8394c8f03e515708")
	if err != nil {
		t.Fatal(err)
	}
	k, err := newInitialKeys(initialVersions[quicV1], id)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hex.EncodeToString(k.iv), "fa044b2f42a3fd3b46fb255c"; got != want {
		t.Errorf("iv %s, want %s", got, want)
	}
	// The mask of appendix A.2 for its sample.
	sample, _ := hex.DecodeString("d1b1c98dd7689fb8ec11d242b123dc9b")
	var mask [16]byte
	k.header.Encrypt(mask[:], sample)
	if got, want := hex.EncodeToString(mask[:5]), "437b9aec36"; got != want {
		t.Errorf("mask %s, want %s", got, want)
	}
}

// clientHello is what Go says first over QUIC.
func clientHello(tb testing.TB) []byte {
	tb.Helper()
	c := tls.QUICClient(&tls.QUICConfig{TLSConfig: &tls.Config{ServerName: "sink.example", NextProtos: []string{"h3"}, MinVersion: tls.VersionTLS13}})
	c.SetTransportParameters([]byte{})
	if err := c.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	for {
		switch e := c.NextEvent(); e.Kind {
		case tls.QUICWriteData:
			return e.Data
		case tls.QUICNoEvent:
			tb.Fatal("no hello")
		}
	}
}

// seal makes an Initial packet with one piece of the hello (RFC 9001 section 5).
func seal(tb testing.TB, id []byte, number byte, offset int, piece []byte) []byte {
	tb.Helper()
	k, err := newInitialKeys(initialVersions[quicV1], id)
	if err != nil {
		tb.Fatal(err)
	}
	payload := binary.BigEndian.AppendUint16([]byte{0, 1, 6}, uint16(0x4000|offset))
	payload = binary.BigEndian.AppendUint16(payload, uint16(0x4000|len(piece)))
	payload = append(payload, piece...)
	head := binary.BigEndian.AppendUint32([]byte{0xc0}, quicV1)
	head = append(append(head, byte(len(id))), id...)
	head = append(head, 0, 0) // no id of the source, no token
	head = binary.BigEndian.AppendUint16(head, uint16(0x4000|(1+len(payload)+16)))
	head = append(head, number)
	nonce := append([]byte{}, k.iv...)
	nonce[11] ^= number
	b := k.aead.Seal(head, nonce, payload, head)
	at := len(head) - 1
	var mask [16]byte
	k.header.Encrypt(mask[:], b[at+4:at+20])
	b[0] ^= mask[0] & 0x0f
	b[at] ^= mask[1]
	return b
}

// The name of the server is read, also if the hello comes in pieces and these
// in another order.
func TestInitial(t *testing.T) {
	hello := clientHello(t)
	id := []byte("conn-id1")
	half := len(hello) / 2
	for name, packets := range map[string][][]byte{
		"one":      {seal(t, id, 0, 0, hello)},
		"two":      {seal(t, id, 0, 0, hello[:half]), seal(t, id, 1, half, hello[half:])},
		"reversed": {seal(t, id, 0, half, hello[half:]), seal(t, id, 1, 0, hello[:half])},
	} {
		q := &initial{}
		for _, p := range packets {
			if !isQUIC(443, p) {
				t.Errorf("%s: not taken for QUIC", name)
			}
			q.take(p)
		}
		if q.hello.SNI != "sink.example" || len(q.hello.ALPN) != 1 {
			t.Errorf("%s: got %+v", name, q.hello)
		}
	}
}

// Any datagram is taken, and a hello is read only if it was sealed whole.
func FuzzInitial(f *testing.F) {
	hello := clientHello(f)
	whole := seal(f, []byte("conn-id1"), 0, 0, hello)
	f.Add(whole, uint16(0), byte(0))
	f.Add(whole, uint16(40), byte(1))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, flip byte) {
		q := &initial{}
		q.take(b)
		if q.size > maxHello {
			t.Errorf("%d bytes are kept", q.size)
		}
		changed := append([]byte{}, whole...)
		changed[int(at)%len(changed)] ^= flip
		q = &initial{}
		q.take(changed)
		if got := q.hello.SNI; flip != 0 && got != "" || flip == 0 && got != "sink.example" {
			t.Errorf("byte %d changed by %#x: SNI %q", at, flip, got)
		}
	})
}
