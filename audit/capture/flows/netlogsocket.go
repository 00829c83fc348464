package flows

import (
	"net/netip"
	"strings"
	"time"

	"telltale/audit"
	"telltale/audit/capture/pcap"
	"telltale/audit/capture/pcap/tlsread"
)

// A logSocket is a TCP connection in a log that has its bytes.
type logSocket struct {
	log    *netLog
	to     netip.AddrPort
	socket *pcap.Socket
	tls    bool // a handshake has begun: bytes of the socket itself are sealed
	sealed [2]int64
	last   time.Time
	broken string // why the handshake failed
	told   int64  // bytes that came without their TLS
}

// transferred are the parameters of an event about bytes.
type transferred struct {
	Count   int64  `json:"byte_count"`
	Bytes   []byte `json:"bytes"` // in base64, as package json reads them
	Address string `json:"address"`
}

func (s *logSocket) event(e logged) error {
	s.last = e.at
	switch e.name {
	case "TCP_CONNECT", "TCP_CONNECT_ATTEMPT":
		var p struct {
			Address string `json:"address"`
			Remote  string `json:"remote_address"`
		}
		e.decode(&p)
		for _, a := range []string{p.Address, p.Remote} {
			if to, err := netip.ParseAddrPort(a); err == nil {
				s.to = to
			}
		}
	case "SSL_CONNECT":
		return s.handshake(e)
	case "SOCKET_BYTES_SENT", "SOCKET_BYTES_RECEIVED":
		return s.bytes(e, s.tls)
	case "SSL_SOCKET_BYTES_SENT", "SSL_SOCKET_BYTES_RECEIVED":
		return s.bytes(e, false)
	}
	return nil
}

// handshake notes where TLS begins. What was said before stays a talk of its
// own, such as with a proxy.
func (s *logSocket) handshake(e logged) error {
	var p struct {
		Error int `json:"net_error"`
	}
	e.decode(&p)
	if p.Error < 0 {
		s.broken = "the browser ended the handshake: " + netError(p.Error)
	}
	if !e.begins || s.tls {
		return nil
	}
	s.tls = true
	old := s.socket
	s.socket = nil
	if old == nil {
		return nil
	}
	return s.log.stop(old.End(e.at, nil))
}

// bytes takes what a side said.
func (s *logSocket) bytes(e logged, sealed bool) error {
	var p transferred
	e.decode(&p)
	side := tlsread.Client
	if strings.HasSuffix(e.name, "_RECEIVED") {
		side = tlsread.Server
	}
	if sealed {
		s.sealed[side] += p.Count
		return nil
	}
	if s.socket == nil {
		s.socket = s.log.sockets.Socket(pcap.Peer{Host: s.to.Addr().String(), Port: s.to.Port(), Secure: s.tls})
	}
	s.told += p.Count
	if int64(len(p.Bytes)) < p.Count {
		return s.log.stop(s.socket.Lost(e.at, side, p.Count-int64(len(p.Bytes))))
	}
	return s.log.stop(s.socket.Said(e.at, side, p.Bytes))
}

// close ends the connection.
func (s *logSocket) close(why error) error {
	if s.socket != nil {
		return s.log.stop(s.socket.End(s.last, why))
	}
	if !s.tls || s.sealed[0]+s.sealed[1] == 0 {
		return nil
	}
	e := audit.Event{Time: s.last}
	conn, host := s.log.conn(""), s.to.Addr().String()
	if s.broken != "" {
		e.Refused = &audit.Refused{Conn: conn, Host: host, Alert: s.broken}
	} else {
		e.Refused = &audit.Refused{Conn: conn, Host: host, Alert: audit.ClosedWithoutReason}
	}
	return s.log.record(e)
}

// A logDatagrams is a UDP socket.
type logDatagrams struct {
	log         *netLog
	local, peer netip.AddrPort
}

func (s *logDatagrams) event(e logged) error {
	var p transferred
	e.decode(&p)
	address, err := netip.ParseAddrPort(p.Address)
	switch e.name {
	case "UDP_CONNECT":
		if err == nil {
			s.peer = address
		}
	case "UDP_LOCAL_ADDRESS":
		if err == nil {
			s.local = address
		}
	case "UDP_BYTES_SENT", "UDP_BYTES_RECEIVED":
		peer := s.peer
		if err == nil {
			peer = address
		}
		if !peer.IsValid() {
			s.log.pass("datagrams to an address that is not in the log", p.Count)
			return nil
		}
		local := s.local
		if !local.IsValid() {
			local = netip.AddrPortFrom(netip.AddrFrom4([4]byte{}), 1)
		}
		from, to := local, peer
		if e.name == "UDP_BYTES_RECEIVED" {
			from, to = peer, local
		}
		return s.log.stop(s.log.sockets.Datagram(e.at, from, to, p.Bytes))
	}
	return nil
}

func (s *logDatagrams) close(error) error { return nil }
