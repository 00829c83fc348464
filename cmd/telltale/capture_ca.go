package main

import (
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"telltale/audit/capture/mitm"
)

// authorityFile is the certificate of the case's authority in its folder.
const authorityFile = "ca.pem"

// labHost is the site that the capture itself answers for.
const labHost = "telltale.lab"

//go:embed capture_ca.html
var authorityPage []byte

// An authority is the site of the capture: how to trust its certificates.
type authority struct{ ca *mitm.CA }

// Answers implements [mitm.Stage].
func (authority) Answers(r *http.Request) bool { return strings.EqualFold(hostOf(r), labHost) }

// ServeHTTP implements [http.Handler].
func (a authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_, _ = w.Write(authorityPage) // a client that has left is no matter of ours
	case "/ca.pem":
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(a.ca.PEM()) // see above
	case "/ca.crt":
		block, _ := pem.Decode(a.ca.PEM())
		w.Header().Set("Content-Type", "application/x-x509-ca-cert")
		_, _ = w.Write(block.Bytes) // see above
	default:
		http.NotFound(w, r)
	}
}

const captureCAHelp = `ca shows how a device comes to trust the authority of a case.

Every capture has an authority of its own for certificates. A device that trusts
it can be read; remove it from the device when the capture is over. The key is
never written anywhere and is gone with the capture.

While the capture runs, a device that goes through it finds the certificate and
these steps at http://telltale.lab/.`

const captureCAText = `The certificate: %[1]s
Devices that go through the capture find it at http://telltale.lab/ca.crt.

Android     Open http://telltale.lab/ca.crt, save it, then Settings, Security, Encryption and
            credentials, Install a certificate, CA certificate. Browsers trust it then. Other apps
            trust it only if their makers allow it; those that do not are counted as refused.
iOS         Open http://telltale.lab/ca.crt in Safari and allow the profile. Then Settings, Profile
            downloaded, Install; then General, About, Certificate Trust Settings, switch it on.
Firefox     Settings, Privacy and Security, Certificates, View certificates, Authorities, Import
            %[1]s, trust it to identify websites. For a profile on the command line:
            certutil -A -d sql:PROFILE -n telltale -t C,, -i %[1]s
Chromium    Settings, Privacy and security, Security, Manage certificates, Installed by you, Import.
            On Linux, for the user's store:
            certutil -A -d sql:$HOME/.pki/nssdb -n telltale -t C,, -i %[1]s
curl        curl --cacert %[1]s
Node        NODE_EXTRA_CA_CERTS=%[1]s
Go          SSL_CERT_FILE=%[1]s
Python      REQUESTS_CA_BUNDLE=%[1]s

Remove it again when the capture is over.
`

func newCaptureCA(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "ca CASE",
		Short:   "show how a device comes to trust the authority of a case",
		Long:    captureCAHelp,
		Example: "  telltale capture ca cases/phone",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return showCA(e, args[0]) },
	}
}

func showCA(e *env, dir string) error {
	path := filepath.Join(dir, authorityFile)
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return usagef("%s has no %s: only cases of telltale capture have one", dir, authorityFile)
		}
		return usageError{err}
	}
	_, err := fmt.Fprintf(e.stdout, captureCAText, path)
	return err
}
