package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/capture/mitm"
	"telltale/audit/evidence"
	"telltale/audit/lab"
	"telltale/claims"
)

const captureHelp = `capture records what any browser, phone or app sends, until it is stopped.

Programs reach it in several ways, also at the same time: as an HTTP proxy, as a
SOCKS5 proxy, as the server itself (--reverse), over WireGuard with the stock
app of a phone, or without knowing of it, if the router leads their packets to
it (--transparent, Linux). What could not be read is counted: refused
certificates, protocols that are not known, datagrams that were not let through.

Nothing leaves this machine unless you say --online: without it every request
gets an empty answer, and with --replay the one of an earlier case.

The case has an authority of its own for certificates. Its key is never written
and is gone when the capture ends. Devices have to trust it first: open
http://telltale.lab/ on them, or see telltale capture ca.

End it with Ctrl-C. Then telltale report, analyze and explain read the case.`

// A capturing is what the command line of capture asks for.
type capturing struct {
	dir                 string
	listen              string
	socks, socksUser    string
	reverse             string
	transparent         string
	wireguard, endpoint string
	phones              []string
	online, sinkhole    bool
	replay              string
	nameServer          string
	passthrough         []string
	http3               bool
	duration            time.Duration
	mode, consent       string
	claims, subject     string
	given               analysis // its seeds
}

func newCapture(e *env) *cobra.Command {
	var o capturing
	c := &cobra.Command{
		Use:   "capture",
		Short: "record what any browser, phone or app sends",
		Long:  captureHelp,
		Example: `  telltale capture -o cases/app                        # proxy on 127.0.0.1:8080; nothing leaves this machine
  telltale capture --online --seed me=k7f3q9w2@post.example -o cases/app
  telltale capture --online --wireguard -o cases/phone # a phone joins with the WireGuard app
  telltale capture --replay cases/app -o cases/again   # answers come from an earlier case`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context(), e) },
	}
	f := c.Flags()
	f.StringVarP(&o.dir, "case", "o", "", "`FOLDER` of the case; new or empty (default cases/TIME-capture)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDRESS` of the HTTP proxy; empty for none")
	f.StringVar(&o.socks, "socks", "", "also be a SOCKS5 proxy on `ADDRESS`")
	f.Lookup("socks").NoOptDefVal = "127.0.0.1:1080"
	f.StringVar(&o.socksUser, "socks-user", "", "let in only clients of SOCKS5 that say `NAME:PASSWORD`")
	f.StringVar(&o.reverse, "reverse", "", "take all that comes to --listen as requests to the server at `URL`")
	f.StringVar(&o.transparent, "transparent", "", "also take connections that the firewall leads to `ADDRESS` (Linux)")
	f.Lookup("transparent").NoOptDefVal = "0.0.0.0:8081"
	f.StringVar(&o.wireguard, "wireguard", "", "also let phones join over WireGuard at UDP `ADDRESS`; shows a QR code for each")
	f.Lookup("wireguard").NoOptDefVal = "0.0.0.0:51820"
	f.StringVar(&o.endpoint, "endpoint", "", "`ADDRESS` at which phones reach the WireGuard server (default this machine's)")
	f.StringSliceVar(&o.phones, "phone", []string{"phone"}, "`NAME` of a phone that may join over WireGuard; may be repeated")
	f.BoolVar(&o.online, "online", false, "let requests go on to the real servers and record their answers")
	f.BoolVar(&o.sinkhole, "sinkhole", false, "answer everything here, with nothing; this is the default")
	f.StringVar(&o.replay, "replay", "", "answer with what the servers said in an earlier `CASE`")
	f.StringVar(&o.nameServer, "name-server", "", "with --online, ask the name server at `ADDRESS` (default this machine's)")
	f.StringSliceVar(&o.passthrough, "passthrough", nil, "do not open TLS to `HOST` and its subdomains: record sizes and times only; may be repeated")
	f.BoolVar(&o.http3, "http3", false, "read HTTP/3 too, where clients accept our certificate for it; without it QUIC is refused and counted")
	f.DurationVar(&o.duration, "for", 0, "end by itself after a time such as 10m")
	f.StringVar(&o.mode, "mode", string(claims.Normal), "mode that the software runs in: normal or private")
	f.StringVar(&o.consent, "consent", string(claims.None), "consent that was given to it: none, given or withdrawn")
	f.StringVar(&o.claims, "claims", "browser-baseline", "claims `FILE`, or the name of a built-in one")
	f.StringVar(&o.subject, "software", "software", "`NAME` of the software that is captured")
	f.StringArrayVar(&o.given.seeds, "seed", nil, "a value that was planted, given as `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&o.given.seedFiles, "seeds", nil, "the planted values of a JSON `FILE`; may be repeated")
	c.AddCommand(newCaptureCA(e))
	return c
}

// check finds what is wrong with the ways in.
func (o capturing) check() error {
	switch {
	case o.listen == "" && o.socks == "" && o.transparent == "" && o.wireguard == "":
		return usagef("--listen is empty and no other way is given; nothing could be captured")
	case o.reverse != "" && o.listen == "":
		return usagef("--reverse needs --listen: the address that clients take for the server")
	case o.socksUser != "" && o.socks == "":
		return usagef("--socks-user needs --socks")
	case o.http3 && o.wireguard == "" && o.reverse == "":
		return usagef("--http3 needs --wireguard or --reverse: a client that knows of a proxy does not use HTTP/3")
	case o.duration < 0:
		return usagef("--for %s: a time from now on is needed, such as 10m", o.duration)
	}
	return nil
}

// checkAnswers finds what is wrong with who is to answer.
func (o capturing) checkAnswers() error {
	switch {
	case o.online && o.sinkhole, o.online && o.replay != "", o.sinkhole && o.replay != "":
		return usagef("--online, --sinkhole and --replay: who answers can be one of them only")
	case len(o.passthrough) > 0 && !o.online:
		return usagef("--passthrough needs --online: offline there is no server that a tunnel could go to")
	case o.nameServer != "" && !o.online:
		return usagef("--name-server needs --online: offline addresses are invented")
	}
	if _, _, ok := strings.Cut(o.socksUser, ":"); o.socksUser != "" && !ok {
		return usagef("--socks-user: want NAME:PASSWORD")
	}
	return nil
}

// captureArm is where the events of a capture belong. Each way in is a session
// of its own.
const captureArm = "capture"

func capturePlace(session int) audit.Place {
	return audit.Place{Arm: captureArm, Run: 1, Session: session}
}

// run does the work.
func (o capturing) run(ctx context.Context, e *env) error {
	if err := errors.Join(o.check(), o.checkAnswers()); err != nil {
		return err
	}
	plan, err := o.plan(e.now())
	if err != nil {
		return err
	}
	ca, err := mitm.NewCA(e.now())
	if err != nil {
		return err
	}
	defer ca.Destroy()
	s, err := newStand(e, o, ca)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.open(); err != nil {
		return err
	}
	o.dir = cmp.Or(o.dir, filepath.Join("cases", plan.Case.Started.Format("2006-01-02-150405")+"-capture"))
	w, err := evidence.Create(o.dir, plan)
	if errors.Is(err, evidence.ErrExists) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	runErr := evidence.WriteFile(filepath.Join(o.dir, authorityFile), ca.PEM())
	if runErr == nil {
		runErr = s.record(ctx, o.dir, w, plan.Seeds)
	}
	if err := w.Close(end(e.now(), runErr)); runErr == nil {
		runErr = err
	}
	return errors.Join(runErr, summary(e, o.dir))
}

// plan is what the case is said to test.
func (o capturing) plan(now time.Time) (evidence.Plan, error) {
	like := importing{mode: o.mode, consent: o.consent, claims: o.claims, subject: o.subject, given: o.given}
	p, err := like.plan(now)
	if err != nil {
		return p, err
	}
	p.Case.Arms[0].Name = captureArm
	for i, seed := range p.Seeds {
		if len(seed.Value) < shortestSeed {
			return p, usagef("the seed %s has %d bytes; a value has %d or more, else it is met by chance", seed.Name, len(seed.Value), shortestSeed)
		}
		p.Seeds[i].Arm = captureArm
	}
	p.Case.Seeds = lab.Sealed(p.Seeds)
	p.Case.Steps, p.Case.Online = o.words(), o.online
	p.Case.Machine = runtime.GOOS + "/" + runtime.GOARCH
	return p, nil
}

// shortestSeed is the least that detection takes: better said before the
// capture than after.
const shortestSeed = 8

// words says what the capture does.
func (o capturing) words() []string {
	words := []string{"capture"}
	for _, way := range []struct{ name, value string }{
		{"proxy on", o.listen},
		{"SOCKS5 on", o.socks},
		{"reverse for", o.reverse},
		{"transparent on", o.transparent},
		{"WireGuard on", o.wireguard},
		{"answers of", o.replay},
		{"passed through:", strings.Join(o.passthrough, ", ")},
	} {
		if way.value != "" {
			words = append(words, way.name+" "+way.value)
		}
	}
	return words
}

// summary says what is in a case, and what is not.
func summary(e *env, dir string) error {
	r, err := evidence.Open(dir)
	if err != nil {
		return err
	}
	covered, err := capture.Coverage(r.Case.Arms, r.Events())
	if err != nil {
		return err
	}
	c, out := covered[0], e.stdout
	_, _ = fmt.Fprintf(out, "read: %d requests on %d connections, %d bytes sent\n", c.Requests, c.Connections, c.Bytes)
	if n := c.Refused + c.Tunnels; n > 0 {
		_, _ = fmt.Fprintf(out, "not read: %d connections, to %s\n", n, strings.Join(c.Unread, ", "))
	}
	for _, a := range c.Alerts {
		_, _ = fmt.Fprintf(out, "refused our certificate: %s, %d times: %s\n", a.Host, a.Count, a.Alert)
	}
	for _, b := range c.Blocked {
		_, _ = fmt.Fprintf(out, "not let through: %d packets, %d bytes: %s\n", b.Packets, b.Bytes, b.Why)
	}
	_, _ = fmt.Fprintf(out, "Case: %s\n", dir)
	return nil
}

// passes reports whether TLS to a host is not to be opened.
func (o capturing) passes(host string) bool {
	return slices.ContainsFunc(o.passthrough, func(p string) bool {
		p = strings.ToLower(strings.TrimPrefix(p, "*."))
		return host == p || strings.HasSuffix(host, "."+p)
	})
}

// listenAddress reads an address for a flag.
func listenAddress(flag, value string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(value)
	if err != nil {
		return a, usagef("--%s %q: want ADDRESS:PORT with an address of this machine, such as 0.0.0.0:51820", flag, value)
	}
	return a, nil
}

// nameServers are read from this file where the system has it.
const resolvConf = "/etc/resolv.conf"

// systemNameServer is the first name server of this machine.
func systemNameServer() (string, error) {
	b, err := os.ReadFile(resolvConf)
	if err != nil {
		return "", fmt.Errorf("the name server of this machine: %w; name one with --name-server", err)
	}
	for line := range strings.Lines(string(b)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("the name server of this machine: %s names none; name one with --name-server", resolvConf)
}
