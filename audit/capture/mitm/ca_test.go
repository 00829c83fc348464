package mitm

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"
)

// A leaf is valid for its host alone, for no longer than browsers allow, and
// brings its CA along.
func TestLeaf(t *testing.T) {
	ca, err := NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca.PEM()) {
		t.Fatal("no certificate in PEM")
	}
	for _, host := range []string{"sa.example.com", "a_b.example", "127.0.0.1", "::1"} {
		cert, err := ca.leaf(host, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Duration]bool{-2 * day: false, -time.Hour: true, 195 * day: true, 197 * day: false} {
			_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: noon.Add(at)})
			if got := err == nil; got != want {
				t.Errorf("%s after %s: %v", host, at, err)
			}
		}
		if err := leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
		if err := leaf.VerifyHostname("other.example"); err == nil {
			t.Errorf("%s: valid for another host", host)
		}
		parent, err := x509.ParseCertificate(cert.Certificate[1])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(parent.RawSubjectPublicKeyInfo)
		if got, want := ca.SPKI(), base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Errorf("SPKI %s, want %s", got, want)
		}
	}
}

// Names are folded, the cache is bounded.
func TestLeafCache(t *testing.T) {
	ca, err := NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := ca.leaf("Example.com.", nil, noon)
	if b, _ := ca.leaf("example.com", nil, noon); a != b {
		t.Error("two certificates for one host")
	}
	for i := range mostLeaves + 10 {
		if _, err := ca.leaf(fmt.Sprintf("h%d.example", i), nil, noon); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(ca.leaves); n > mostLeaves {
		t.Errorf("%d leaves, at most %d", n, mostLeaves)
	}
}

// A destroyed key is gone from memory that we can reach, and signs no more,
// not even for a host that was seen.
func TestDestroy(t *testing.T) {
	ca, err := NewCA(noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.leaf("a.example", nil, noon); err != nil {
		t.Fatal(err)
	}
	words := ca.key.D.Bits() //nolint:staticcheck // SA1019: it is the memory itself that counts
	ca.Destroy()
	ca.Destroy() // a second time does nothing
	for _, w := range words {
		if w != 0 {
			t.Fatal("the key is still there")
		}
	}
	if _, err := ca.leaf("a.example", nil, noon); !errors.Is(err, errDestroyed) {
		t.Errorf("got %v, want %v", err, errDestroyed)
	}
}
