package pcap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"telltale/audit/capture/pcap/tlsread"
)

// An initial puts together the client hello of a QUIC connection, which is
// sealed with keys that anyone can derive (RFC 9001 section 5.2).
type initial struct {
	keys   *initialKeys
	hello  tlsread.ClientHello
	pieces map[uint64][]byte // of the CRYPTO stream by offset
	size   int
	over   bool
}

// maxHello bounds a client hello in pieces.
const maxHello = 64 << 10

// isQUIC reports whether a datagram begins a QUIC connection: a long header
// of version 1 or 2, or anything at the port of HTTP/3 with the fixed bit set.
func isQUIC(port uint16, b []byte) bool {
	if len(b) < 7 {
		return false
	}
	version := binary.BigEndian.Uint32(b[1:])
	long := b[0]&0xc0 == 0xc0 && (version == quicV1 || version == quicV2 || version>>8 == 0xff0000 || version == 0)
	return long || port == 443 && b[0]&0x40 != 0
}

// Versions of QUIC (RFC 9000, RFC 9369).
const (
	quicV1 = 0x00000001
	quicV2 = 0x6b3343cf
)

// initialKeys open the client's first packets.
type initialKeys struct {
	aead   cipher.AEAD
	iv     []byte
	header cipher.Block
}

// An initialVersion is what a version of QUIC derives these keys with.
type initialVersion struct {
	kind byte // of an Initial packet, in its first byte
	salt []byte
	name string // in labels
}

var initialVersions = map[uint32]initialVersion{
	quicV1: {0x00, []byte{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}, "quic "},
	quicV2: {0x10, []byte{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9}, "quicv2 "},
}

func newInitialKeys(v initialVersion, id []byte) (*initialKeys, error) {
	secret, err := hkdf.Extract(sha256.New, id, v.salt)
	if err != nil {
		return nil, err
	}
	expand := func(secret []byte, label string, n int) []byte {
		label = "tls13 " + label
		info := append([]byte{0, byte(n), byte(len(label))}, label...)        //nolint:gosec // short
		out, _ := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n) // fails for long keys only
		return out
	}
	secret = expand(secret, "client in", 32)
	block, err := aes.NewCipher(expand(secret, v.name+"key", 16))
	if err != nil {
		return nil, err
	}
	k := &initialKeys{iv: expand(secret, v.name+"iv", 12)}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	k.header, err = aes.NewCipher(expand(secret, v.name+"hp", 16))
	return k, err
}

// take reads a datagram of the client until the hello is whole.
func (q *initial) take(b []byte) {
	if q.over || len(b) < 7 {
		return
	}
	version := binary.BigEndian.Uint32(b[1:])
	v, known := initialVersions[version]
	if !known || b[0]&0xf0 != 0xc0|v.kind {
		return
	}
	payload, ok := q.open(v, slices.Clone(b))
	if !ok || !q.frames(payload) {
		q.over = q.size > maxHello
		return
	}
	q.parse()
}

// open removes the protection of an Initial packet.
func (q *initial) open(v initialVersion, b []byte) ([]byte, bool) {
	r := quicReader{b: b, at: 5}
	id := r.bytes(uint64(r.byte()))
	r.bytes(uint64(r.byte())) // id of the source
	r.bytes(r.varint())       // token
	length := r.varint()
	if r.bad || length > uint64(len(b)-r.at) || //nolint:gosec // never below 0
		length < 4+16 {
		return nil, false
	}
	if q.keys == nil {
		keys, err := newInitialKeys(v, id)
		if err != nil {
			return nil, false
		}
		q.keys = keys
	}
	end := r.at + int(length) //nolint:gosec // checked above
	var mask [16]byte
	q.keys.header.Encrypt(mask[:], b[r.at+4:r.at+20])
	b[0] ^= mask[0] & 0x0f
	n := int(b[0]&3) + 1
	number := uint64(0)
	for i := range n {
		b[r.at+i] ^= mask[1+i] //nolint:gosec // n is 4 at most
		number = number<<8 | uint64(b[r.at+i])
	}
	nonce := slices.Clone(q.keys.iv)
	tail := nonce[4:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^number)
	out, err := q.keys.aead.Open(nil, nonce, b[r.at+n:end], b[:r.at+n])
	return out, err == nil
}

// frames collects the pieces of CRYPTO frames. It reports whether there were any.
func (q *initial) frames(b []byte) bool {
	const padding, ping, ack, ackECN, crypto = 0, 1, 2, 3, 6
	r := quicReader{b: b}
	found := false
	for r.at < len(r.b) && !r.bad {
		switch kind := r.varint(); kind {
		case padding, ping:
		case ack, ackECN:
			r.ack(kind == ackECN)
		case crypto:
			offset := r.varint()
			piece := r.bytes(r.varint())
			q.size += len(piece)
			if r.bad || q.size > maxHello || offset > maxHello {
				return false
			}
			if q.pieces == nil {
				q.pieces = map[uint64][]byte{}
			}
			q.pieces[offset] = piece
			found = true
		default:
			return found
		}
	}
	return found
}

// parse reads the hello if all of it has come.
func (q *initial) parse() {
	var hello []byte
	for {
		piece := q.pieces[uint64(len(hello))]
		if len(piece) == 0 {
			break
		}
		hello = append(hello, piece...)
	}
	if len(hello) < 4 || hello[0] != 1 {
		return
	}
	size := int(binary.BigEndian.Uint32(hello) & 0xffffff)
	if len(hello) < 4+size {
		return
	}
	q.hello, _ = tlsread.ParseClientHello(hello[4 : 4+size])
	q.over, q.pieces, q.keys = true, nil, nil
}

// A quicReader reads the fields of packets and frames.
type quicReader struct {
	b   []byte
	at  int
	bad bool
}

func (r *quicReader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *quicReader) bytes(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)-r.at) { //nolint:gosec // never below 0
		r.bad = true
		return nil
	}
	b := r.b[r.at : r.at+int(n)] //nolint:gosec // checked above
	r.at += int(n)               //nolint:gosec // checked above
	return b
}

// varint reads an integer that says its length in two bits (RFC 9000 section 16).
func (r *quicReader) varint() uint64 {
	if r.bad || r.at >= len(r.b) {
		r.bad = true
		return 0
	}
	b := r.bytes(1 << (r.b[r.at] >> 6))
	if len(b) == 0 {
		return 0
	}
	v := uint64(b[0] & 0x3f)
	for _, c := range b[1:] {
		v = v<<8 | uint64(c)
	}
	return v
}

// ack passes over an ACK frame (RFC 9000 section 19.3).
func (r *quicReader) ack(counts bool) {
	r.varint()
	r.varint()
	ranges := r.varint()
	r.varint()
	for range ranges {
		r.varint()
		r.varint()
		if r.bad {
			return
		}
	}
	if counts {
		r.varint()
		r.varint()
		r.varint()
	}
}
