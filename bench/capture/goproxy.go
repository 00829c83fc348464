package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"sync"

	"github.com/elazarl/goproxy"
)

// peer is goproxy with TLS opened for every host, as its README shows it.
func peer(addr, originCA string) error {
	b, err := os.ReadFile(originCA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b)
	p := goproxy.NewProxyHttpServer()
	p.Tr = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 256, DisableCompression: true}
	p.OnRequest().HandleConnect(goproxy.AlwaysMitm)
	p.CertStore = &store{certs: map[string]*tls.Certificate{}}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: goproxy.GoproxyCa.Certificate[0]})
	if err := os.WriteFile("goproxy-ca.pem", ca, 0o600); err != nil {
		return err
	}
	return http.ListenAndServe(addr, p)
}

// A store keeps the certificates that goproxy made: without one it makes a new
// one for every connection.
type store struct {
	mu    sync.Mutex
	certs map[string]*tls.Certificate
}

// Fetch implements [goproxy.CertStorage].
func (s *store) Fetch(host string, make func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.certs[host]; c != nil {
		return c, nil
	}
	c, err := make()
	if err == nil {
		s.certs[host] = c
	}
	return c, err
}
