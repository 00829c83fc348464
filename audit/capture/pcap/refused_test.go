package pcap_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A client that does not take the server's certificate says so in an alert,
// which in TLS 1.3 is encrypted. It is a refusal, not a talk that was read.
func TestRefused(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(origins))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	blind := map[uint16]string{tls.VersionTLS12: "tls: bad certificate", tls.VersionTLS13: "an alert that cannot be read without a key"}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		tape, secrets := newTape(), &keyLog{}
		addr, wait := tape.tap(t, srv.Listener.Addr().String(), 443)
		_, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "pinned.example", KeyLogWriter: secrets, MinVersion: version, MaxVersion: version, NextProtos: []string{"http/1.1"}})
		if err == nil {
			t.Fatal("the certificate was taken")
		}
		wait()
		for keys, alert := range map[string]string{secrets.buf.String(): "tls: bad certificate", "": blind[version]} {
			m, _ := read(t, tape.file.Bytes(), keys)
			want := []string{"1 refused pinned.example [http/1.1] remote error: " + alert}
			if diff := cmp.Diff(want, lines(m)); diff != "" {
				t.Errorf("%s, %d bytes of keys: -want +got\n%s", tls.VersionName(version), len(keys), diff)
			}
		}
	}
}
