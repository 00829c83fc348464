package export

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"strings"

	"telltale/audit"
)

// A session is the TLS of a connection: version 1.2 with a shared key that was
// never agreed on, since both ends are us (RFC 5246, RFC 5487). Its secrets
// follow from the case and the number of the connection.
type session struct {
	clientRandom, serverRandom [32]byte
	master                     []byte
	sides                      [2]sealer
}

// A sealer seals the records of one side.
type sealer struct {
	aead cipher.AEAD
	salt []byte
	seq  uint64
}

// The cipher suite, TLS_PSK_WITH_AES_128_GCM_SHA256, and the version.
const (
	suitePSK = 0x00a8
	tls12    = 0x0303
)

// Types of records.
const (
	typeChange    = 20
	typeAlert     = 21
	typeHandshake = 22
	typeData      = 23
)

// maxPlain is the most that a record carries.
const maxPlain = 1 << 14

// session makes the secrets of a connection.
func (p *packets) session(conn int) *session {
	n := fmt.Sprint(conn)
	t := &session{clientRandom: p.id("client", n), serverRandom: p.id("server", n)}
	a, b := p.id("master", n), p.id("master", n, "2")
	t.master = append(a[:], b[:16]...)
	seed := append(append([]byte("key expansion"), t.serverRandom[:]...), t.clientRandom[:]...)
	keys := prf(t.master, seed, 2*16+2*4)
	for i := range t.sides {
		t.sides[i] = newSealer(keys[16*i:16*i+16], keys[32+4*i:32+4*i+4])
	}
	return t
}

func newSealer(key, salt []byte) sealer {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a key of 16 bytes is one
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the blocks that GCM wants
	}
	return sealer{aead: aead, salt: salt}
}

// prf is that of TLS 1.2 (RFC 5246 section 5), of a label with its seed.
func prf(secret, seed []byte, n int) []byte {
	sum := func(parts ...[]byte) []byte {
		m := hmac.New(sha256.New, secret)
		for _, b := range parts {
			m.Write(b)
		}
		return m.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

// seal makes a record (RFC 5288).
func (t *session) seal(s side, kind byte, data []byte) []byte {
	k := &t.sides[s]
	number := binary.BigEndian.AppendUint64(nil, k.seq)
	k.seq++
	about := append(number[:8:8], kind, 3, 3)
	about = binary.BigEndian.AppendUint16(about, uint16(len(data))) //nolint:gosec // at most maxPlain
	sealed := k.aead.Seal(number[:8:8], append(k.salt[:4:4], number...), data, about)
	return record(kind, sealed)
}

func record(kind byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(len(data))) //nolint:gosec // a record's length
	return append(b, data...)
}

// handshakes puts messages into a record.
func handshakes(messages ...[]byte) []byte {
	var all []byte
	for _, m := range messages {
		all = append(all, m...)
	}
	return record(typeHandshake, all)
}

// handshake is a message with its head.
func handshake(kind byte, body []byte) []byte {
	n := len(body)
	return append([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)}, body...) //nolint:gosec // cut into bytes
}

// vector is bytes with their length in front, in n bytes.
func vector(n int, b []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(b))) //nolint:gosec // short
	return append(head[4-n:], b...)
}

// clientHello names the host and, where it is spoken, HTTP/2.
func (t *session) clientHello(host string, protocols []string) []byte {
	b := binary.BigEndian.AppendUint16(nil, tls12)
	b = append(b, t.clientRandom[:]...)
	b = append(b, 0)                                             // no session to resume
	b = append(b, vector(2, []byte{suitePSK >> 8, suitePSK})...) // the one suite
	b = append(b, 1, 0)                                          // no compression
	var ext []byte
	if host != "" {
		ext = append(ext, extension(0, vector(2, append([]byte{0}, vector(2, []byte(host))...)))...)
	}
	ext = append(ext, alpn(protocols)...)
	return handshake(1, append(b, vector(2, ext)...))
}

func (t *session) serverHello(protocols []string) []byte {
	b := binary.BigEndian.AppendUint16(nil, tls12)
	b = append(b, t.serverRandom[:]...)
	b = append(b, 0, suitePSK>>8, suitePSK, 0)
	return handshake(2, append(b, vector(2, alpn(protocols))...))
}

func extension(kind uint16, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, kind), vector(2, body)...)
}

// alpn is the extension that names the protocol inside (RFC 7301).
func alpn(protocols []string) []byte {
	var list []byte
	for _, p := range protocols {
		list = append(list, vector(1, []byte(p))...)
	}
	if list == nil {
		return nil
	}
	return extension(16, vector(2, list))
}

// secure does the handshake, and seals from there on.
func (c *connection) secure(t *session, host string, h2 bool) {
	c.p.secrets(fmt.Sprintf("CLIENT_RANDOM %x %x\n", t.clientRandom, t.master))
	protocols := []string{"http/1.1"}
	if h2 {
		protocols = []string{"h2"}
	}
	name := host
	if isAddress(host) {
		name = ""
	}
	hello, answer, done := t.clientHello(name, protocols), t.serverHello(protocols), handshake(14, nil)
	key := handshake(16, vector(2, []byte("telltale")))
	c.bytes(client, handshakes(hello))
	c.bytes(server, handshakes(answer, done))
	said := append(append(append(append([]byte{}, hello...), answer...), done...), key...)
	finished := func(s side, label string) []byte {
		sum := sha256.Sum256(said)
		m := handshake(20, prf(t.master, append([]byte(label), sum[:]...), 12))
		said = append(said, m...)
		return append(record(typeChange, []byte{1}), t.seal(s, typeHandshake, m)...)
	}
	c.bytes(client, append(handshakes(key), finished(client, "client finished")...))
	c.bytes(server, finished(server, "server finished"))
	c.tls = t
}

// isAddress reports whether a host is no name: names alone are named in a hello.
func isAddress(host string) bool {
	return strings.Contains(host, ":") || strings.Trim(host, "0123456789.") == ""
}

// refuse does the handshake up to the client's alert.
func (c *connection) refuse(t *session, r *audit.Refused) {
	c.bytes(client, handshakes(t.clientHello(r.SNI, r.ALPN)))
	c.bytes(server, handshakes(t.serverHello(nil), handshake(14, nil)))
	const fatal = 2
	c.bytes(client, record(typeAlert, []byte{fatal, alertOf(r.Alert)}))
}

// alertOf is the number of an alert by its words; one that is not known is
// certificate_unknown, which says that the certificate was not taken for some
// other reason (RFC 8446 section 6.2).
func alertOf(words string) byte {
	const unknown = 46
	for n := range 256 {
		if said := tls.AlertError(uint8(n)).Error(); strings.HasSuffix(words, said) && !strings.Contains(said, "alert(") {
			return byte(n)
		}
	}
	return unknown
}
