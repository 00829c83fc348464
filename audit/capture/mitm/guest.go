package mitm

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"telltale/audit/capture/hello"
)

// A Guest is a connection of a session that is served by somebody else, who
// knows its protocol: HTTP/3. The proxy answers and records its requests.
type Guest struct {
	session *Session
	conn    *conn
	start   time.Time
}

// Guest takes in a connection. Closing it from our side closes nc.
func (s *Session) Guest(nc net.Conn, to Destination) *Guest {
	c := &conn{Conn: nc, identity: &identity{number: s.open.enter(nc), target: to.Addr, name: to.Name, base: to.URL}, secure: true}
	if ask := s.proxy.config.Sender; ask != nil {
		c.sender = ask(nc)
	}
	return &Guest{s, c, s.proxy.config.Now()}
}

// TLS chooses the certificate for a client, and the protocols that it is
// offered.
func (g *Guest) TLS(said *tls.ClientHelloInfo, protocols ...string) (*tls.Config, error) {
	c, p := g.conn, g.session.proxy
	c.sni, c.alpn, c.hello = said.ServerName, said.SupportedProtos, described(said)
	cert, err := p.config.CA.leaf(c.host(), p.likeness(said.Context(), c).cert, p.config.Now())
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: protocols, MinVersion: tls.VersionTLS13}, nil
}

// described is the hello as the TLS library tells it.
func described(said *tls.ClientHelloInfo) *hello.Client {
	h := &hello.Client{
		Version: tls.VersionTLS12, Versions: said.SupportedVersions, Ciphers: said.CipherSuites, Extensions: said.Extensions,
		ALPN: said.SupportedProtos, SNI: said.ServerName,
	}
	for _, s := range said.SignatureSchemes {
		h.Signatures = append(h.Signatures, uint16(s))
	}
	h.Note()
	return h
}

// Greeted records that the handshake is over.
func (g *Guest) Greeted(agreed tls.ConnectionState) {
	g.session.greeted(g.conn, g.start, agreed)
}

// Refused records that the handshake failed.
func (g *Guest) Refused(err error) { g.session.refused(g.conn, g.start, err) }

// ServeHTTP implements [http.Handler].
func (g *Guest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := g.session
	if s.proxy.Err() != nil {
		http.Error(w, "the recorder has failed", http.StatusBadGateway)
		return
	}
	s.open.busy(g.conn.number, 1)
	defer s.open.busy(g.conn.number, -1)
	s.exchange(w, r.WithContext(context.WithValue(r.Context(), connKey{}, g.conn)), g.conn, head{})
}

// Leave sees the connection off.
func (g *Guest) Leave() { g.session.open.leave(g.conn.number) }
