package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"telltale/audit"
	"telltale/audit/capture/blocked"
	"telltale/audit/capture/dns"
	"telltale/audit/capture/http3"
	"telltale/audit/capture/mitm"
	"telltale/audit/capture/owner"
	"telltale/audit/capture/replay"
	"telltale/audit/capture/transparent"
	"telltale/audit/capture/wireguard"
	"telltale/audit/evidence"
)

// A stand is a capture that is ready to take what comes: its sockets are open
// before the case is made.
type stand struct {
	env     *env
	options capturing
	ca      *mitm.CA

	ways     []way
	names    *dns.Server
	blocked  *blocked.Counter
	network  *wireguard.Network
	upstream *mitm.Upstream
	replay   *replay.Replay
	owners   *owner.Finder
	recorder audit.Recorder
	datagram net.PacketConn               // of HTTP/3 beside --reverse
	quic     atomic.Pointer[mitm.Session] // that takes the phones' HTTP/3
	ctx      context.Context
	cancel   context.CancelFunc
	fronts   sync.WaitGroup
}

// A way is how programs reach the capture.
type way struct {
	says     string
	listener net.Listener
	way      mitm.Way // nil: they use it as their HTTP proxy
}

// refusal is why datagrams are not let through.
const refusal = "refused, so that the client would take TCP"

func newStand(e *env, o capturing, ca *mitm.CA) (*stand, error) {
	s := &stand{env: e, options: o, ca: ca, owners: owner.New("/proc"), blocked: &blocked.Counter{Why: refusal}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.names = &dns.Server{Own: []string{labHost}, Address: wireguard.Gateway, Told: s.looked}
	s.blocked.Name = s.names.Name
	if o.online {
		s.upstream = mitm.NewUpstream(s.dial, nil)
		server := o.nameServer
		if server == "" && o.wireguard != "" {
			var err error
			if server, err = systemNameServer(); err != nil {
				return nil, err
			}
		}
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "53")
		}
		s.names.Ask = dns.Forward(s.dial, server)
	}
	if o.replay != "" {
		r, err := evidence.Open(o.replay)
		if err != nil {
			return nil, usageError{err}
		}
		if s.replay, err = replay.Load(r.Events(), r.Body); err != nil && !errors.Is(err, evidence.ErrCut) {
			return nil, fmt.Errorf("--replay %s: %w", o.replay, err)
		}
	}
	return s, nil
}

// open opens all sockets.
func (s *stand) open() error {
	o := s.options
	for _, open := range []func() error{s.openProxy, s.openSOCKS, s.openTransparent, s.openWireGuard} {
		if err := open(); err != nil {
			return err
		}
	}
	if len(s.ways) == 0 {
		return usagef("--listen %q: no way in", o.listen)
	}
	return nil
}

func (s *stand) openProxy() error {
	o := s.options
	if o.listen == "" {
		return nil
	}
	l, err := net.Listen("tcp", o.listen) //nolint:noctx // closed with the stand
	if err != nil {
		return cannotListen(o.listen, err)
	}
	w := way{says: "HTTP proxy: http://" + l.Addr().String(), listener: l}
	if o.reverse != "" {
		u, err := url.Parse(o.reverse)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			_ = l.Close() // the error that counts is the other
			return usagef("--reverse %q: want a URL such as https://api.example", o.reverse)
		}
		w.says, w.way = "server: "+l.Addr().String()+" for "+o.reverse, mitm.Reverse(u)
		if o.http3 {
			if s.datagram, err = net.ListenPacket("udp", l.Addr().String()); err != nil { //nolint:noctx // closed with the stand
				_ = l.Close() // the error that counts is the other
				return cannotListen(o.listen, err)
			}
		}
	}
	s.ways = append(s.ways, w)
	return nil
}

func (s *stand) openSOCKS() error {
	o := s.options
	if o.socks == "" {
		return nil
	}
	l, err := net.Listen("tcp", o.socks) //nolint:noctx // closed with the stand
	if err != nil {
		return cannotListen(o.socks, err)
	}
	user, password, _ := strings.Cut(o.socksUser, ":")
	s.ways = append(s.ways, way{"SOCKS5 proxy: " + l.Addr().String(), l, mitm.SOCKS(user, password)})
	return nil
}

func (s *stand) openTransparent() error {
	o := s.options
	if o.transparent == "" {
		return nil
	}
	l, err := transparent.Listen(o.transparent)
	if errors.Is(err, transparent.ErrUnsupported) {
		return usageError{err}
	}
	if err != nil {
		return cannotListen(o.transparent, err)
	}
	says := "transparent: lead connections to " + l.Addr().String() + " with REDIRECT or TPROXY"
	if !l.TPROXY {
		says = "transparent: lead connections to " + l.Addr().String() + " with REDIRECT (TPROXY needs root)"
	}
	s.ways = append(s.ways, way{says, l, l.Way})
	return nil
}

func (s *stand) openWireGuard() error {
	o := s.options
	if o.wireguard == "" {
		return nil
	}
	at, err := listenAddress("wireguard", o.wireguard)
	if err != nil {
		return err
	}
	server, err := wireguard.NewKey()
	if err != nil {
		return err
	}
	phones, err := wireguard.NewPhones(o.phones)
	if err != nil {
		return usageError{err}
	}
	c := wireguard.Config{Listen: at, Server: server, Phones: phones, Names: s.names, Blocked: s.blocked, Now: s.env.now}
	if o.http3 {
		c.QUIC = s.takeQUIC
	}
	s.network, err = wireguard.Start(c)
	if err != nil {
		return cannotListen(o.wireguard, err)
	}
	at = s.network.At()
	endpoint := o.endpoint
	if endpoint == "" {
		endpoint = reachable(at).String()
	} else if _, _, err := net.SplitHostPort(endpoint); err != nil {
		endpoint = net.JoinHostPort(endpoint, fmt.Sprint(at.Port()))
	}
	for _, p := range phones {
		if err := s.invite(p, server, endpoint); err != nil {
			return err
		}
	}
	s.ways = append(s.ways, way{"WireGuard: " + endpoint, s.network, s.phoneWay})
	return nil
}

// reachable is an address of this machine that others can reach, in place of
// one that stands for all.
func reachable(at netip.AddrPort) netip.AddrPort {
	if !at.Addr().IsUnspecified() {
		return at
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return at
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() && p.Addr().Is4() {
			return netip.AddrPortFrom(p.Addr(), at.Port())
		}
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
}

// takeQUIC takes a phone's flow of datagrams to the port of HTTP/3.
func (s *stand) takeQUIC(c net.Conn) {
	session := s.quic.Load()
	if session == nil {
		_ = c.Close() // before the capture began
		return
	}
	s.fronts.Go(func() {
		_ = http3.Serve(s.ctx, session, http3.Connected(c), s.phoneWay) // ends when the flow or the capture does
	})
}

// phoneWay is the way of a phone's connections: where they go, by the name
// that the phone looked up.
func (s *stand) phoneWay(c net.Conn) (mitm.Destination, error) {
	to, err := mitm.Local(c)
	if a, perr := netip.ParseAddrPort(to.Addr); perr == nil {
		to.Name = s.names.Name(a.Addr())
		if a.Addr().Unmap() == wireguard.Gateway {
			to.Name = labHost
		}
	}
	return to, err
}

// close closes what was opened.
func (s *stand) close() {
	s.cancel()
	if s.datagram != nil {
		_ = s.datagram.Close() // for the second time, if it was ever used
	}
	for _, w := range s.ways {
		_ = w.listener.Close() // for the second time, if it was ever used
	}
	if s.network != nil {
		_ = s.network.Close() // never fails
	}
	if s.upstream != nil {
		s.upstream.Close()
	}
}

// dial connects to the real servers, but not to ourselves: a request would go
// round in circles.
func (s *stand) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		for _, w := range s.ways {
			if isOwn(w.listener.Addr(), address) {
				return fmt.Errorf("%s is this capture itself", addr)
			}
		}
		return nil
	}}
	return d.DialContext(ctx, network, addr)
}

// isOwn reports whether an address to be dialled is that of a listener.
func isOwn(listener net.Addr, address string) bool {
	to, err := netip.ParseAddrPort(address)
	own, ownErr := netip.ParseAddrPort(listener.String())
	if err != nil || ownErr != nil || to.Port() != own.Port() || listener.Network() != "tcp" {
		return false
	}
	return to.Addr().Unmap() == own.Addr().Unmap() || own.Addr().IsUnspecified() && to.Addr().IsLoopback()
}

// proxy makes the proxy that all ways lead to.
func (s *stand) proxy(r audit.Recorder) (*mitm.Proxy, error) {
	c := mitm.Config{
		Recorder: r, CA: s.ca, Now: s.env.now, Stage: authority{s.ca}, Hellos: true, Sender: s.sender,
	}
	if s.options.online {
		c.Online, c.Dial = s.upstream, s.dial
	}
	if len(s.options.passthrough) > 0 {
		c.Passthrough = s.options.passes
	}
	if s.replay != nil {
		c.Answer = func(r *http.Request) mitm.Answer {
			if a, ok := s.replay.Answer(r); ok {
				return a
			}
			return mitm.DefaultAnswer(r)
		}
	}
	return mitm.New(c)
}

// sender finds out who connected: a phone, a program of this machine, or
// another device by its address.
func (s *stand) sender(c net.Conn) func() mitm.Sender {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return nil
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if s.network != nil {
		if phone := s.network.Phone(from.Addr()); phone != "" {
			return func() mitm.Sender { return mitm.Sender{Device: phone} }
		}
	}
	if !from.Addr().IsLoopback() {
		device := from.Addr().String()
		return func() mitm.Sender { return mitm.Sender{Device: device} }
	}
	to, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return nil
	}
	program := s.owners.Of(from, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()))
	return func() mitm.Sender {
		p := program()
		return mitm.Sender{App: p.Name, PID: p.PID}
	}
}

// looked records a lookup of a name.
func (s *stand) looked(from netip.Addr, l audit.Lookup) {
	if s.recorder == nil {
		return // before the capture began
	}
	e := audit.Event{Time: s.env.now(), Place: capturePlace(len(s.ways)), Lookup: &l}
	if s.network != nil {
		e.Device = s.network.Phone(from)
	}
	_ = s.recorder.Record(e) // the proxy stops on an error of the recorder, too
}

// record takes what comes until it is told to end.
func (s *stand) record(ctx context.Context, dir string, w *evidence.Writer, seeds []audit.Seed) error {
	view, stop, err := s.view(ctx, dir, w)
	if err != nil {
		return err
	}
	defer stop()
	s.recorder = view
	p, err := s.proxy(view)
	if err != nil {
		return err
	}
	var sessions []*mitm.Session
	out := s.env.stdout
	for i, way := range s.ways {
		session, err := p.Serve(capturePlace(i+1), way.listener, way.way)
		if err != nil {
			return err
		}
		sessions = append(sessions, session)
		s.serveQUIC(way, session)
		_, _ = fmt.Fprintln(out, way.says)
	}
	_, _ = fmt.Fprintf(out, "%s\n", s.where())
	failed := s.wait(ctx, p)
	s.cancel()
	s.fronts.Wait()
	for _, session := range slices.Backward(sessions) {
		if err := session.Close(); err != nil && failed == nil {
			failed = err
		}
	}
	if err := s.blockedSince(s.env.now().Add(time.Hour)); err != nil && failed == nil {
		failed = err
	}
	if failed != nil {
		return failed
	}
	done := audit.Event{Time: s.env.now(), Place: capturePlace(1), Step: &audit.Step{Action: audit.Done}}
	for _, seed := range seeds {
		done.Step.Seeds = append(done.Step.Seeds, seed.Name)
	}
	return w.Record(done)
}

// view starts the live view. stop ends it.
func (s *stand) view(ctx context.Context, dir string, w *evidence.Writer) (b *board, stop func(), err error) {
	r, err := evidence.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	seen := terminalWidth(s.env.stderr) > 0
	b = newBoard(w, seen && len(r.Seeds) > 0)
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	parts.Go(func() { b.show(ctx, s.env) })
	if b.queue != nil {
		parts.Go(func() { b.search(ctx, r) })
	}
	return b, func() {
		cancel()
		parts.Wait()
	}, nil
}

// serveQUIC lets HTTP/3 in by the ways that can have it.
func (s *stand) serveQUIC(w way, session *mitm.Session) {
	if !s.options.http3 {
		return
	}
	if w.listener == net.Listener(s.network) {
		s.quic.Store(session)
	}
	if s.datagram != nil && w.way != nil && strings.HasPrefix(w.says, "server: ") {
		s.fronts.Go(func() {
			_ = http3.Serve(s.ctx, session, s.datagram, w.way) // ends when the capture does
		})
	}
}

func (s *stand) where() string {
	if s.replay != nil {
		return fmt.Sprintf("offline: %d answers of %s; nothing leaves this machine", s.replay.Len(), s.options.replay)
	}
	return where(s.options.online)
}

// quietAfter is how long a flow of datagrams that are not let through has been
// over when it is recorded.
const quietAfter = 10 * time.Second

// wait returns when the capture is to end: nil if that was asked for.
func (s *stand) wait(ctx context.Context, p *mitm.Proxy) error {
	var over <-chan time.Time
	if s.options.duration > 0 {
		over = time.After(s.options.duration)
	}
	tick := time.NewTicker(quietAfter / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-over:
			return nil
		case <-p.Failed():
			return p.Err()
		case <-tick.C:
			if err := s.blockedSince(s.env.now().Add(-quietAfter)); err != nil {
				return err
			}
		}
	}
}

// blockedSince records the flows that were not let through and are quiet since
// a moment.
func (s *stand) blockedSince(moment time.Time) error {
	for _, r := range s.blocked.Quiet(moment) {
		e := audit.Event{Time: r.First, Place: capturePlace(len(s.ways)), Blocked: &r.Blocked}
		if s.network != nil {
			e.Device = cmp.Or(s.network.Phone(r.From.Addr()), r.From.Addr().String())
		}
		if err := s.recorder.Record(e); err != nil {
			return err
		}
	}
	return nil
}
