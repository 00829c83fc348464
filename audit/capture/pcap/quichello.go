package pcap

// A QUICHello reads the server's name out of the first datagrams of a QUIC
// connection, which are sealed with keys that anyone can derive.
type QUICHello struct{ in initial }

// Take reads a datagram of the client. It reports whether there is no more to
// come; the name may be empty then.
func (q *QUICHello) Take(datagram []byte) (sni string, over bool) {
	q.in.take(datagram)
	return q.in.hello.SNI, q.in.over
}

// IsQUIC reports whether a datagram to a port looks like the begin of a QUIC
// connection.
func IsQUIC(port uint16, datagram []byte) bool { return isQUIC(port, datagram) }
