package owner

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func addr(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }

// The owner of a connection of this test is this test, however many ask.
func TestOwn(t *testing.T) {
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("this system has no /proc")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := New("/proc")
	var answers []func() Program
	for range 20 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		answers = append(answers, f.Of(addr(c.LocalAddr()), addr(c.RemoteAddr())))
	}
	for i, answer := range answers {
		if p := answer(); p.PID != os.Getpid() || p.Name == "" || !strings.HasPrefix(filepath.Base(os.Args[0]), p.Name) {
			t.Errorf("connection %d: %+v, want %d %s", i, p, os.Getpid(), os.Args[0])
		}
	}
	nobody := f.Of(netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2"))
	if p := nobody(); p != (Program{}) {
		t.Errorf("%+v, want nobody", p)
	}
}

// A folder that is no /proc has no owners.
func TestNoProc(t *testing.T) {
	a := netip.MustParseAddrPort("127.0.0.1:1")
	if p := New(t.TempDir()).Of(a, a)(); p != (Program{}) {
		t.Errorf("%+v", p)
	}
}

// What is read as an address is written the same way by the kernel.
func FuzzParse(f *testing.F) {
	f.Add("0100007F:1F90")
	f.Add("0000000000000000FFFF00000100007F:01BB")
	f.Add("B80D0120000000000000000001000000:0050")
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := parse(s)
		if !ok {
			return
		}
		b := a.Addr().AsSlice()
		var again strings.Builder
		for i := 0; i < len(b); i += 4 {
			fmt.Fprintf(&again, "%02X%02X%02X%02X", b[i+3], b[i+2], b[i+1], b[i])
		}
		fmt.Fprintf(&again, ":%04X", a.Port())
		if want := strings.ToUpper(s); again.String() != want && !strings.HasSuffix(want, again.String()) {
			if host, _, _ := strings.Cut(want, ":"); len(host) == 2*len(b) && len(want) == len(again.String()) {
				t.Errorf("%q was read as %s", s, a)
			}
		}
	})
}
