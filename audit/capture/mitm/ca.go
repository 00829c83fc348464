package mitm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	day        = 24 * time.Hour
	leafLife   = 197 * day // Chromium takes at most 200 days
	caLife     = 365 * day
	mostLeaves = 1024
)

var errDestroyed = errors.New("the key of the CA was destroyed")

// A CA signs the certificates that a proxy shows to its clients. It is made
// for one case; its key is never written anywhere.
type CA struct {
	cert *x509.Certificate

	mu      sync.Mutex
	key     *ecdsa.PrivateKey // nil once destroyed
	leafKey *ecdsa.PrivateKey // all leaves share it
	leaves  map[string]*tls.Certificate
}

// NewCA makes an ECDSA P-256 CA for one case that is valid around now.
func NewCA(now time.Time) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of the CA: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of the certificates: %w", err)
	}
	// Without a serial number x509 draws a random one.
	der, err := sign(&x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"telltale"}, CommonName: "telltale case CA"},
		NotBefore:             now.Add(-day),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}, nil, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate of the CA: %w", err)
	}
	return &CA{cert: cert, key: key, leafKey: leafKey, leaves: make(map[string]*tls.Certificate)}, nil
}

// PEM returns the certificate of the CA, for the trust store of a client.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// SPKI returns the base64 SHA-256 of the CA's public key, as Chromium's
// --ignore-certificate-errors-spki-list takes it.
func (ca *CA) SPKI() string {
	sum := sha256.Sum256(ca.cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Destroy overwrites the private keys as far as Go permits: copies that the
// run-time or the standard library made are out of reach. No certificate can
// be had afterwards. Sessions are closed before.
func (ca *CA) Destroy() {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	for _, key := range []*ecdsa.PrivateKey{ca.key, ca.leafKey} {
		if key != nil {
			clear(key.D.Bits()) //nolint:staticcheck // SA1019: only here the key itself can be reached, and it is not used again
		}
	}
	ca.key, ca.leafKey, ca.leaves = nil, nil, nil
}

// leaf returns a certificate for a host name or an IP address, with the CA's
// behind it: a client that knows the CA by SPKI alone looks for it there. It
// has the names of the real one, like, if that is not nil.
func (ca *CA) leaf(host string, like *x509.Certificate, now time.Time) (*tls.Certificate, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	key := host
	if like != nil {
		key += " " + string(like.Signature)
	}
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if ca.key == nil {
		return nil, errDestroyed
	}
	if cert, ok := ca.leaves[key]; ok {
		return cert, nil
	}
	der, err := sign(template(host, like, now), ca.cert, &ca.leafKey.PublicKey, ca.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", host, err)
	}
	if len(ca.leaves) >= mostLeaves {
		clear(ca.leaves) // rare, and a new one costs little
	}
	cert := &tls.Certificate{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: ca.leafKey}
	ca.leaves[key] = cert
	return cert, nil
}

func template(host string, like *x509.Certificate, now time.Time) *x509.Certificate {
	t := &x509.Certificate{
		Subject:     pkix.Name{Organization: []string{"telltale"}},
		NotBefore:   now.Add(-day),
		NotAfter:    now.Add(leafLife - day),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if like != nil {
		t.Subject = like.Subject
		t.DNSNames, t.IPAddresses = slices.Clone(like.DNSNames), slices.Clone(like.IPAddresses)
		if like.VerifyHostname(host) == nil {
			return t
		}
	}
	if ip := net.ParseIP(host); ip != nil {
		t.IPAddresses = append(t.IPAddresses, ip)
	} else {
		t.DNSNames = append(t.DNSNames, host)
	}
	return t
}

// sign signs a certificate for pub; without a parent it signs itself.
func sign(t, parent *x509.Certificate, pub *ecdsa.PublicKey, key *ecdsa.PrivateKey) ([]byte, error) {
	if parent == nil {
		parent = t
	}
	return x509.CreateCertificate(rand.Reader, t, parent, pub, key)
}
