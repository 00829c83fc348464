package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun"
)

// joining, with a file of settings behind it, makes the test binary a peer of
// WireGuard with an interface of the kernel, until its input ends.
const joining = "join:"

// joinMain is that peer: WireGuard's own implementation.
func joinMain(settings string) int {
	text, err := os.ReadFile(settings)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	link, err := tun.CreateTUN("tt-wg", device.DefaultMTU)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	d := device.NewDevice(link, conn.NewDefaultBind(), device.NewLogger(device.LogLevelError, "peer: "))
	defer d.Close()
	uapi, err := peerSettings(string(text))
	if err == nil {
		err = d.IpcSet(uapi)
	}
	if err == nil {
		err = d.Up()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("up")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// peerSettings turns what the app would be given into what the device takes.
func peerSettings(text string) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch name {
		case "PrivateKey", "PublicKey":
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "%s=%x\n", strings.ToLower(strings.Replace(name, "Key", "_key", 1)), raw)
		case "AllowedIPs":
			for p := range strings.SplitSeq(value, ", ") {
				fmt.Fprintf(&b, "allowed_ip=%s\n", p)
			}
		case "Endpoint":
			fmt.Fprintf(&b, "endpoint=%s\n", value)
		}
	}
	return b.String(), nil
}

// settings are the lines that the capture showed for the phone's app.
func (r *running) settings() (text string, value func(name string) string) {
	i := slices.Index(r.said, "[Interface]")
	lines := r.said[i:]
	return strings.Join(lines, "\n"), func(name string) string {
		for _, l := range lines {
			if v, ok := strings.CutPrefix(l, name+" = "); ok {
				return v
			}
		}
		return ""
	}
}

// joinVillage lets the phone join with the settings that the capture showed,
// and sends all that it does through the tunnel.
func joinVillage(t *testing.T, v *village, c *running) {
	t.Helper()
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("this system has no TUN interfaces")
	}
	text, value := c.settings()
	file := filepath.Join(t.TempDir(), "phone.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	peer := exec.CommandContext(t.Context(), "ip", "netns", "exec", v.phone, self)
	peer.Env = append(os.Environ(), isolation+"="+joining+file)
	peer.Stderr = os.Stderr
	in, err := peer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = peer.Wait()
	})
	if up, err := io.ReadAll(io.LimitReader(out, 3)); err != nil || string(up) != "up\n" {
		t.Fatalf("the peer is not up: %q, %v", up, err)
	}
	for _, line := range []string{
		"ip addr add " + strings.Split(value("Address"), ", ")[0] + " dev tt-wg", "ip link set tt-wg mtu " + value("MTU") + " up",
		"ip route replace default dev tt-wg",
	} {
		v.do(t, "ip netns exec "+v.phone+" "+line)
	}
	dir := filepath.Join("/etc/netns", v.phone) // ip-netns(8) puts it in place of /etc/resolv.conf
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver "+value("DNS")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A phone joins over WireGuard with the settings that the capture shows, and
// all that it does is captured: names, HTTP, TLS, and QUIC that is refused.
func TestWireGuardPhone(t *testing.T) {
	v := newVillage(t)
	c := startCapture(t, v.router, "--listen", "", "--wireguard="+routerAddr+":51820", "--phone", "pixel")
	joinVillage(t, v, c)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	t.Log(v.curl(t, "http://telltale.lab/ca.pem", "-o", ca))
	t.Log(v.curl(t, "--cacert", ca, "https://api.example/v1?q=7"))
	t.Log(v.curl(t, "https://pinned.example/"))
	quic := exec.CommandContext(t.Context(), "ip", "netns", "exec", v.phone, "bash", "-c",
		`exec 3<>/dev/udp/203.0.113.5/443; for i in 1 2 3 4 5 6 7 8 9; do echo xxxxxxxxx >&3 || break; sleep 0.1; done; exit 0`)
	out, err := quic.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Connection refused") {
		t.Errorf("a datagram to port 443: %v %s, want a refusal", err, out)
	}
	events := c.events(t)
	got := slices.DeleteFunc(told(events), func(line string) bool { return strings.HasPrefix(line, "lookup AAAA") })
	want := []string{
		"lookup A telltale.lab", "HTTP/1.1 GET http://telltale.lab/ca.pem 200 by stage",
		"lookup A api.example", "HTTP/2.0 GET https://api.example/v1?q=7 204 by sinkhole",
		"lookup A pinned.example", "refused pinned.example: remote error: tls: unknown certificate authority",
		"blocked quic 203.0.113.5:443",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, e := range events {
		if (e.Exchange != nil || e.Lookup != nil || e.Blocked != nil) && e.Device != "pixel" {
			t.Errorf("device %q: %+v", e.Device, e)
		}
	}
}
