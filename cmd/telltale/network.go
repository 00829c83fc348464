package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"time"

	"telltale/audit"
	"telltale/audit/capture/mitm"
	"telltale/audit/lab"
	"telltale/audit/lab/specimen"
	"telltale/audit/lab/stage"
)

// A network is the proxy in the eyes of the lab.
type network struct {
	proxy *mitm.Proxy
	addr  string
}

func newNetwork(t *trial, r audit.Recorder) (*network, error) {
	c := mitm.Config{
		Recorder: r, CA: t.ca, Now: t.env.now,
		Stage: sites{stage.New(), specimen.Gate(t.lab.Token)},
	}
	if t.options.online {
		dialer := &net.Dialer{Timeout: 30 * time.Second}
		c.Dial = dialer.DialContext
		c.Online = &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true}
	}
	p, err := mitm.New(c)
	if err != nil {
		return nil, err
	}
	return &network{p, t.options.listen}, nil
}

// Join opens a listener of its own for a place.
func (n *network) Join(place audit.Place) (lab.Link, error) {
	s, err := n.proxy.Listen(place, n.addr)
	if err != nil {
		return nil, cannotListen(n.addr, err)
	}
	return s, nil
}

func (n *network) Failed() <-chan struct{} { return n.proxy.Failed() }
func (n *network) Err() error              { return n.proxy.Err() }

// sites are the lab's own hosts: the stage and the gate of the specimens.
type sites struct {
	stage *stage.Stage
	gate  http.Handler
}

func (s sites) Answers(r *http.Request) bool {
	return hostOf(r) == specimen.Host || s.stage.Answers(r)
}

func (s sites) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if hostOf(r) == specimen.Host {
		s.gate.ServeHTTP(w, r)
		return
	}
	s.stage.ServeHTTP(w, r)
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
