package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/evidence"
)

// asIs runs the command line in the namespaces that the process has.
const asIs = "as-is"

// A village is two network namespaces: a phone, whose only way out is a
// router, and that router. Neither is connected to anything else.
type village struct{ phone, router string }

const (
	routerAddr = "192.0.2.1"
	phoneAddr  = "192.0.2.2"
)

// newVillage makes the namespaces, or skips the test where that is not allowed.
func newVillage(t *testing.T) *village {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces with addresses of their own need root")
	}
	for _, tool := range []string{"ip", "nft", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	v := &village{phone: fmt.Sprintf("telltale-p%d", os.Getpid()), router: fmt.Sprintf("telltale-r%d", os.Getpid())}
	t.Cleanup(func() {
		for _, ns := range []string{v.phone, v.router} {
			_ = exec.Command("ip", "netns", "del", ns).Run() // perhaps it was never made
		}
	})
	if out, err := exec.Command("ip", "netns", "add", v.phone).CombinedOutput(); err != nil {
		t.Skipf("this system allows no network namespaces: %s", out)
	}
	v.do(t, "ip netns add "+v.router)
	v.do(t, "ip link add tt-phone netns "+v.phone+" type veth peer name tt-router netns "+v.router)
	for ns, lines := range map[string][]string{
		v.router: {"ip addr add " + routerAddr + "/24 dev tt-router", "ip link set tt-router up", "ip link set lo up"},
		v.phone:  {"ip addr add " + phoneAddr + "/24 dev tt-phone", "ip link set tt-phone up", "ip link set lo up", "ip route add default via " + routerAddr},
	} {
		for _, line := range lines {
			v.do(t, "ip netns exec "+ns+" "+line)
		}
	}
	return v
}

// do runs a command that has to work.
func (v *village) do(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// rules loads rules of the firewall into the router.
func (v *village) rules(t *testing.T, rules string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", v.router, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("this kernel does not know these rules: %s", out)
	}
}

// curl runs curl in the phone.
func (v *village) curl(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"netns", "exec", v.phone, "curl", "-sS", "--max-time", "20"}, args...)
	out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %s", err, out)
	}
	return string(out)
}

// A running is a capture in the background.
type running struct {
	dir    string
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	errs   bytes.Buffer
	said   []string
	waited bool
}

// startCapture starts telltale capture, in a namespace if that is not empty,
// and waits until it takes connections.
func startCapture(t *testing.T, ns string, args ...string) *running {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{dir: filepath.Join(t.TempDir(), "case")}
	args = append([]string{self, "capture", "-o", r.dir}, args...)
	if ns != "" {
		args = append([]string{"ip", "netns", "exec", ns}, args...)
	}
	r.cmd = exec.CommandContext(t.Context(), args[0], args[1:]...)
	r.cmd.Env = append(os.Environ(), isolation+"="+asIs)
	r.cmd.Stderr = &r.errs
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.end(t) })
	r.lines = bufio.NewScanner(out)
	for r.lines.Scan() {
		r.said = append(r.said, r.lines.Text())
		if strings.HasPrefix(r.lines.Text(), "offline: ") || strings.HasPrefix(r.lines.Text(), "online: ") {
			return r
		}
	}
	_ = r.cmd.Wait()
	t.Fatalf("the capture did not start:\n%s%s", strings.Join(r.said, "\n"), r.errs.String())
	return nil
}

// address is what the capture says after a word, such as "HTTP proxy: ".
func (r *running) address(t *testing.T, word string) string {
	t.Helper()
	for _, line := range r.said {
		if rest, ok := strings.CutPrefix(line, word); ok {
			return rest
		}
	}
	t.Fatalf("%q was not said:\n%s", word, strings.Join(r.said, "\n"))
	return ""
}

// end stops the capture as Ctrl-C does and waits for it.
func (r *running) end(t *testing.T) {
	t.Helper()
	if r.waited {
		return
	}
	r.waited = true
	_ = r.cmd.Process.Signal(syscall.SIGINT) // it may have ended
	for r.lines.Scan() {
		r.said = append(r.said, r.lines.Text())
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("the capture ended with %v\n%s", err, r.errs.String())
	}
}

// events ends the capture and returns its log.
func (r *running) events(t *testing.T) []audit.Event {
	t.Helper()
	r.end(t)
	return readEvents(t, r.dir)
}

func readEvents(t *testing.T, dir string) []audit.Event {
	t.Helper()
	c, err := evidence.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var events []audit.Event
	for e, err := range c.Events() {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// told says in short what the events of a log are.
func told(events []audit.Event) []string {
	var lines []string
	for _, e := range events {
		switch {
		case e.Exchange != nil:
			lines = append(lines, fmt.Sprintf("%s %s %s %d by %s", e.Exchange.Proto, e.Exchange.Method, e.Exchange.URL, e.Exchange.Status, e.Exchange.Answered))
		case e.Refused != nil:
			lines = append(lines, "refused "+e.Refused.Host+": "+e.Refused.Alert)
		case e.Tunnel != nil:
			lines = append(lines, fmt.Sprintf("tunnel %s:%s %s %d", e.Tunnel.Host, e.Tunnel.Port, e.Tunnel.Proto, e.Tunnel.Out.Size))
		case e.Lookup != nil:
			lines = append(lines, "lookup "+e.Lookup.Type+" "+e.Lookup.Name)
		case e.Blocked != nil:
			lines = append(lines, "blocked "+e.Blocked.Proto+" "+e.Blocked.Host+":"+e.Blocked.Port)
		}
	}
	return lines
}

// A phone that knows of no proxy is led to it by its router, in both ways that
// Linux has. The proxy learns where each connection was to go.
func TestTransparent(t *testing.T) {
	for name, lead := range map[string]func(*testing.T, *village){
		"redirect": func(t *testing.T, v *village) {
			v.rules(t, `table inet telltale { chain lead { type nat hook prerouting priority dstnat
				iifname "tt-router" meta l4proto tcp redirect to :8081 } }`)
		},
		"tproxy": func(t *testing.T, v *village) {
			v.rules(t, `table ip telltale { chain lead { type filter hook prerouting priority mangle
				iifname "tt-router" meta l4proto tcp tproxy to :8081 meta mark set 1 accept } }`)
			v.do(t, "ip netns exec "+v.router+" ip rule add fwmark 1 lookup 100")
			v.do(t, "ip netns exec "+v.router+" ip route add local default dev lo table 100")
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVillage(t)
			if out := v.curl(t, "--connect-timeout", "0.5", "http://203.0.113.7/"); !strings.HasPrefix(out, "exit status") {
				t.Fatalf("without a proxy there is a way out: %s", out)
			}
			lead(t, v)
			c := startCapture(t, v.router, "--listen", "", "--transparent=0.0.0.0:8081")
			ca := filepath.Join(c.dir, authorityFile)
			for _, args := range [][]string{
				{"http://203.0.113.7/plain"},
				{"--cacert", ca, "--resolve", "a.example:443:203.0.113.8", "https://a.example/named"},
				{"--cacert", ca, "https://203.0.113.9:8443/nameless"},
				{"--resolve", "pinned.example:443:203.0.113.10", "https://pinned.example/"},
			} {
				t.Log(v.curl(t, append(args, "-w", "%{http_code}")...))
			}
			events := c.events(t)
			want := []string{
				"HTTP/1.1 GET http://203.0.113.7/plain 204 by sinkhole",
				"HTTP/2.0 GET https://a.example/named 204 by sinkhole",
				"HTTP/2.0 GET https://203.0.113.9:8443/nameless 204 by sinkhole",
				"refused pinned.example: remote error: tls: unknown certificate authority",
			}
			if diff := cmp.Diff(want, told(events)); diff != "" {
				t.Error(diff)
			}
			if i := slices.IndexFunc(events, func(e audit.Event) bool { return e.Exchange != nil }); i >= 0 && events[i].Device != phoneAddr {
				t.Errorf("device %q", events[i].Device)
			}
		})
	}
}
