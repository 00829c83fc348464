package stamp_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/audit/evidence/stamp"
	"telltale/audit/evidence/stamp/stamptest"
)

var data = []byte("what is stamped")

func get(t testing.TB, a *stamptest.Authority) []byte {
	t.Helper()
	token, _, err := stamp.Get(context.Background(), http.DefaultClient, a.URL, data, a.Roots)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A stamp of OpenSSL's authority holds for these data, this root and nothing
// else, whatever it is signed with; and openssl says so too.
func TestStamp(t *testing.T) {
	for name, o := range map[string]stamptest.Options{
		"ECDSA": {}, "RSA": {Key: "RSA"}, "RSA, SHA-512": {Key: "RSA", Digest: "sha512"}, "ECDSA, SHA-384": {Digest: "sha384"},
	} {
		t.Run(name, func(t *testing.T) {
			a, other := stamptest.New(t, o), stamptest.New(t, stamptest.Options{})
			before := time.Now()
			token := get(t, a)
			got, err := stamp.Verify(token, data, a.Roots)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Anchored || got.Policy != "1.2.3.4.1" || got.Authority != "CN=Test Time Stamps" || got.Serial != "2" ||
				got.Accuracy != 1500100*time.Microsecond || got.Time.Before(before.Add(-2*time.Second)) || stamp.Near(got, before) != nil {
				t.Errorf("got %+v", got)
			}
			if err := a.Agrees(token, data); err != nil {
				t.Error(err)
			}
			changed := append(bytes.Clone(data), '!')
			if _, err := stamp.Verify(token, changed, a.Roots); !errors.Is(err, stamp.ErrImprint) {
				t.Errorf("other data: got %v", err)
			}
			if a.Agrees(token, changed) == nil {
				t.Error("openssl takes other data")
			}
			if _, err := stamp.Verify(token, data, other.Roots); !errors.Is(err, stamp.ErrAuthority) {
				t.Errorf("another root: got %v", err)
			}
			if free, err := stamp.Verify(token, data, nil); err != nil || free.Anchored {
				t.Errorf("no root: got %+v, %v", free, err)
			}
		})
	}
}

// An answer to another question about the same data is not taken.
func TestNonce(t *testing.T) {
	a := stamptest.New(t, stamptest.Options{})
	query, err := stamp.Query(data)
	if err != nil {
		t.Fatal(err)
	}
	query[len(query)-5] ^= 1 // within the nonce, which stands before the last three bytes
	token, err := a.Answer(query)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stamp.Verify(token, data, a.Roots); !errors.Is(err, stamp.ErrNonce) {
		t.Errorf("got %v, want %v", err, stamp.ErrNonce)
	}
}

// A certificate that is not for time stamps alone, and critically so, is no
// authority's. openssl refuses to sign with some of them; those are not tried.
func TestCertificate(t *testing.T) {
	for _, extensions := range []string{
		"extendedKeyUsage=timeStamping\n",
		"extendedKeyUsage=critical,timeStamping,serverAuth\n",
		"extendedKeyUsage=critical,serverAuth\n",
		"keyUsage=critical,digitalSignature\n",
		"extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,keyAgreement\n",
	} {
		a, err := stamptest.Start(t.TempDir(), stamptest.Options{Extensions: extensions})
		if err != nil {
			t.Fatal(err)
		}
		query, err := stamp.Query(data)
		if err != nil {
			t.Fatal(err)
		}
		token, err := a.Answer(query)
		if err != nil {
			t.Logf("%q: openssl does not sign with it", extensions)
			continue
		}
		if _, err := stamp.Verify(token, data, a.Roots); !errors.Is(err, stamp.ErrAuthority) {
			t.Errorf("%q: got %v", extensions, err)
		}
	}
}

// No byte that the stamp rests on can change: what is changed is refused, or
// says the same. The copy of the root in the stamp is nothing that it rests on,
// since the roots are given. (All bytes are the caller's to cover.)
func TestEveryByte(t *testing.T) {
	a := stamptest.New(t, stamptest.Options{})
	token := get(t, a)
	want, err := stamp.Verify(token, data, a.Roots)
	if err != nil {
		t.Fatal(err)
	}
	pemText, err := os.ReadFile(a.RootsFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(pemText)
	root := bytes.Index(token, block.Bytes)
	if root < 0 {
		t.Fatal("the root is not in the stamp")
	}
	same := 0
	for i := range token {
		if root <= i && i < root+len(block.Bytes) {
			continue
		}
		for _, bit := range []byte{1, 0x20, 0x80} {
			bad := bytes.Clone(token)
			bad[i] ^= bit
			got, err := stamp.Verify(bad, data, a.Roots)
			if err != nil {
				continue
			}
			if same++; got != want {
				t.Errorf("byte %d: it holds and says %+v", i, got)
			}
		}
	}
	if rest := 3 * (len(token) - len(block.Bytes)); same > rest/50 {
		t.Errorf("%d of %d changes were taken", same, rest)
	}
}

// What is no good answer is an error that says what came.
func TestGetFails(t *testing.T) {
	a := stamptest.New(t, stamptest.Options{})
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   string
	}{
		"error":   {func(w http.ResponseWriter) { http.Error(w, "busy", http.StatusServiceUnavailable) }, "503 Service Unavailable"},
		"page":    {func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }, stamp.ErrForm.Error()},
		"refusal": {func(w http.ResponseWriter) { _, _ = w.Write(unhex(t, "300c300a02010230050c036e6f21")) }, `the authority refused: status 2 "no!"`},
		"empty":   {func(http.ResponseWriter) {}, stamp.ErrForm.Error()},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.answer(w) }))
		_, _, err := stamp.Get(t.Context(), server.Client(), server.URL, data, a.Roots)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A stamp and the clock of who asked must agree to minutes.
func TestNear(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for d, ok := range map[time.Duration]bool{0: true, 9 * time.Minute: true, -9 * time.Minute: true, 11 * time.Minute: false, -time.Hour: false} {
		if err := stamp.Near(stamp.Token{Time: now.Add(d)}, now); (err == nil) != ok {
			t.Errorf("%s: got %v", d, err)
		}
	}
}

// FuzzVerify: no bytes make the reader fail otherwise than with an error, and
// only a stamp over the data with the root's signature is ever taken.
func FuzzVerify(f *testing.F) {
	token, err := os.ReadFile(filepath.Join("testdata", "token.tsr"))
	if err != nil {
		f.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join("testdata", "root.pem"))
	if err != nil {
		f.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	want, err := stamp.Verify(token, data, roots)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := stamp.Verify(b, data, roots)
		if err == nil && got != want {
			t.Errorf("it holds and says %+v", got)
		}
		if _, err := stamp.Verify(b, data[1:], roots); err == nil {
			t.Error("it holds for other data")
		}
	})
}
