// Package stamptest runs a time stamping authority for tests: OpenSSL's, on
// loopback.
package stamptest

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// An Authority answers questions for time stamps until the test ends.
type Authority struct {
	URL       string
	RootsFile string // its root certificate in PEM
	Roots     *x509.CertPool
	dir       string
}

// Options say how an authority differs from one that is as it must be.
type Options struct {
	Key        string // of openssl genpkey, such as "RSA -pkeyopt rsa_keygen_bits:2048"; empty: EC on P-256
	Extensions string // of its certificate; empty: those that RFC 3161 wants
	Digest     string // that it signs with; empty: sha256
}

const config = `
[tsa]
default_tsa = one
[one]
serial = %[1]s/serial
crypto_device = builtin
signer_cert = %[1]s/tsa.pem
certs = %[1]s/root.pem
signer_key = %[1]s/tsa.key
signer_digest = %[2]s
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
`

// New starts an authority. The test is skipped if openssl is not installed.
func New(t testing.TB, o Options) *Authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	a, err := Start(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Start makes an authority with its files in a folder. It answers as an
// [http.Handler]; URL is not set.
func Start(dir string, o Options) (*Authority, error) {
	a := &Authority{dir: dir, RootsFile: filepath.Join(dir, "root.pem")}
	key := []string{"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}
	if o.Key == "RSA" {
		key = []string{"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"}
	}
	extensions := o.Extensions
	if extensions == "" {
		extensions = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
	}
	sign := o.Digest
	if sign == "" {
		sign = "sha256"
	}
	for name, text := range map[string]string{
		"tsa.cnf": fmt.Sprintf(config, dir, sign), "ext.cnf": extensions, "serial": "01\n",
		"req.cnf": "[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	for _, args := range [][]string{
		append(key, "-out", "root.key"), append(key, "-out", "tsa.key"),
		{"req", "-new", "-x509", "-config", "req.cnf", "-key", "root.key", "-subj", "/CN=Test Root", "-days", "30", "-out", "root.pem"},
		{"req", "-new", "-config", "req.cnf", "-key", "tsa.key", "-subj", "/CN=Test Time Stamps", "-out", "tsa.csr"},
		{"x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30", "-extfile", "ext.cnf", "-out", "tsa.pem"},
	} {
		if err := a.openssl(args...); err != nil {
			return nil, err
		}
	}
	pem, err := os.ReadFile(a.RootsFile)
	a.Roots = x509.NewCertPool()
	a.Roots.AppendCertsFromPEM(pem)
	return a, err
}

func (a *Authority) openssl(args ...string) error {
	cmd := exec.Command("openssl", args...) //nolint:gosec,noctx // a test's own arguments, and it ends by itself
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("openssl %v: %w: %s", args, err, out)
	}
	return nil
}

// Answer returns the authority's answer to a question.
func (a *Authority) Answer(query []byte) ([]byte, error) {
	if err := os.WriteFile(filepath.Join(a.dir, "query.tsq"), query, 0o600); err != nil {
		return nil, err
	}
	if err := a.openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr"); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(a.dir, "reply.tsr"))
}

// ServeHTTP answers as RFC 3161, section 3.4, says.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		query, err = a.Answer(query)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(query)
}

// Agrees reports whether openssl takes a stamp over data.
func (a *Authority) Agrees(token, data []byte) error {
	for name, b := range map[string][]byte{"check.tsr": token, "check.data": data} {
		if err := os.WriteFile(filepath.Join(a.dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return a.openssl("ts", "-verify", "-data", "check.data", "-in", "check.tsr", "-CAfile", "root.pem")
}
