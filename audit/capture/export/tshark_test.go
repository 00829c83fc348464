package export_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/capture/export"
)

// tshark reads the packets, with the keys that the file carries: method, URL
// and status of requests, the text of WebSocket messages, names that were asked
// for, and no packet that it finds fault with.
func TestTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("starts tshark ten times")
	}
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed; setup.sh installs it")
	}
	file, _ := talk().write(t, export.PCAPNG)
	name := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append([]string{"-r", name, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tshark %s: %v", strings.Join(args, " "), err)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	fields := func(filter string, names ...string) []string {
		args := []string{"-Y", filter, "-T", "fields", "-E", "aggregator=|"}
		for _, n := range names {
			args = append(args, "-e", n)
		}
		return run(args...)
	}
	for _, c := range []struct {
		filter string
		fields []string
		want   []string
	}{
		{"http.request", []string{"http.request.method", "http.request.full_uri"}, []string{
			"POST\thttp://a.example/p?q=one%20two&x", "PUT\thttp://a.example/large", "HEAD\thttp://a.example/head", "GET\thttp://a.example/empty", "GET\thttps://c.example/ws", "CONNECT\td.example:443",
		}},
		{"http.response", []string{"http.response.code"}, []string{"200", "200", "200", "204", "101", "403"}},
		{"http2.headers.method", []string{"http2.headers.method", "http2.headers.authority", "http2.headers.path"}, []string{"POST\tb.example:8443\t/one", "POST\tb.example:8443\t/two?x=y"}},
		{"http2.headers.status", []string{"http2.headers.status"}, []string{"200", "200"}},
		{"dns", []string{"dns.qry.name"}, []string{"a.example", "a.example", "gone.example", "gone.example", "lost.example"}},
		{"tls.alert_message", []string{"tls.alert_message.desc"}, []string{"48"}},
		{"tcp.checksum.status == 0 or ip.checksum.status == 0 or udp.checksum.status == 0", []string{"frame.number"}, []string{""}},
		{"_ws.malformed", []string{"frame.number"}, []string{""}},
	} {
		if diff := cmp.Diff(c.want, fields(c.filter, c.fields...)); diff != "" {
			t.Errorf("%s: -want +tshark\n%s", c.filter, diff)
		}
	}
	if n := len(fields("websocket", "websocket.opcode")); n != 3 {
		t.Errorf("tshark reads %d WebSocket messages, want 3", n)
	}
}
