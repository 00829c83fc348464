package main

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/capture/mitm"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	"telltale/audit/lab"
	"telltale/audit/lab/specimen"
	"telltale/claims"
)

const auditHelp = `audit lets a browser run in the laboratory and tests the claims about it.

The browser visits pages, searches, reads, signs in and downloads, in a normal
and in a private window, several times with a fresh profile each time. What it
sends meanwhile goes to the laboratory instead of the internet, is unpacked
layer by layer and searched for what was planted. The verdicts, the evidence
and a report are in the case folder.

A specimen is software that leaks on purpose, rebuilt from public reports; it
shows that the instrument finds what it must find. With one, the same browser
without it is tested beside it, as the control.

With --probe the browser also visits one page by random addresses of 50 to 3000
bytes. If what cannot be read grows with them, the address is inside: such a
finding is statistical and says so. That adds one start and eight visits to
each arm and run, some twenty seconds with the default --settle. Software that
sends late needs a longer --settle.`

const auditExample = `  telltale audit                                   # the installed Chromium, against a strict baseline
  telltale audit --specimen mint-2020              # must be convicted: the browser telemetry of 2020
  telltale audit --specimen sealed --probe         # convicted by the length of what it encrypts
  telltale audit --claims vendor.yaml --runs 5     # against a vendor's own words
  telltale audit --arms private --case /tmp/case   # private windows only`

// auditOptions are the flags of audit.
type auditOptions struct {
	browser, specimen, claims, dir, listen string
	arms                                   []string
	runs, workers                          int
	settle                                 time.Duration
	online, reveal, noControl, probe       bool
	keys                                   []string
	shelf                                  shelf
	signing                                signing
}

func newAudit(e *env) *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:     "audit",
		Short:   "test a browser in the laboratory",
		Long:    auditHelp + sealHelpOf + keyHelp + partyHelp,
		Example: auditExample,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runAudit(c.Context(), e, o) },
	}
	f := c.Flags()
	f.StringVar(&o.browser, "browser", "chromium", "browser to test: "+strings.Join(browserNames(), ", "))
	f.StringVar(&o.specimen, "specimen", "", "positive control to load: "+strings.Join(specimenNames(), ", "))
	f.StringVar(&o.claims, "claims", "", "claims file, or the name of a built-in one: "+strings.Join(claims.Builtins(), ", "))
	f.StringSliceVar(&o.arms, "arms", []string{"normal", "private"}, "modes to test")
	f.IntVar(&o.runs, "runs", 3, "repetitions, each with a fresh profile")
	f.StringVar(&o.dir, "case", "", "folder for the evidence; must be new or empty (default cases/DATE-NAME)")
	f.BoolVar(&o.online, "online", false, "let requests go on to the real servers and record their answers")
	f.BoolVar(&o.noControl, "no-control", false, "leave out the runs without the specimen")
	f.BoolVar(&o.reveal, "reveal", false, "write captured values in clear into facts and report")
	f.BoolVar(&o.probe, "probe", false, "also test whether what cannot be read grows with the visited address; adds some 20 seconds to each arm and run")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of the proxy; a fixed port means one browser at a time")
	f.IntVar(&o.workers, "workers", 2, "browsers at the same time")
	keyFlag(c, &o.keys)
	partyFlags(c, &o.shelf)
	signFlags(c, &o.signing)
	complete(c, "browser", browserNames())
	complete(c, "specimen", specimenNames())
	complete(c, "arms", []string{string(claims.Normal), string(claims.Private)})
	f.DurationVar(&o.settle, "settle", 1500*time.Millisecond, "how long the browser is left alone after each start and before each end")
	return c
}

// complete lets the shell complete a flag's values. That the flag is there is
// certain: it was defined a few lines above.
func complete(c *cobra.Command, flag string, values []string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func specimenNames() []string {
	var names []string
	for _, s := range specimen.All() {
		names = append(names, s.Name)
	}
	return names
}

// A trial is an audit that is ready to start.
type trial struct {
	options  auditOptions
	env      *env
	software software
	specimen specimen.Specimen // zero: none
	lab      specimen.Lab
	persona  specimen.Persona
	script   lab.Script
	plan     evidence.Plan
	ca       *mitm.CA
	meter    *meter
}

func runAudit(ctx context.Context, e *env, o auditOptions) error {
	if _, err := o.shelf.open(e.now); err != nil { // not only when the capture is done
		return err
	}
	t, err := prepare(ctx, e, o)
	if err != nil {
		return err
	}
	defer t.ca.Destroy()
	sign, err := o.signing.open(e)
	if err != nil {
		return err
	}
	w, err := evidence.Create(t.options.dir, t.plan)
	if errors.Is(err, evidence.ErrExists) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	t.meter.say("%s", t.plan.Case.Tools[1].Version)
	t.meter.say("arms: %d, runs of each: %d; %s", len(t.plan.Case.Arms), o.runs, where(o.online))
	runErr := t.run(ctx, w)
	t.meter.end()
	closeErr := w.Close(end(e.now(), runErr))
	if runErr == nil {
		runErr = closeErr
	}
	shown := show(e, t.options.dir, showing{reveal: o.reveal}, o.shelf, o.keys...)
	// An interrupted audit is sealed as well.
	unsealed := sign.seal(context.WithoutCancel(ctx), e, t.options.dir, needed(o.keys, o.shelf))
	if unsealed != nil {
		unsealed = fmt.Errorf("the case is not sealed: %w; `telltale seal %s` does it later", unsealed, t.options.dir)
	}
	switch {
	case runErr != nil:
		return fmt.Errorf("%w. The case in %s is partial; what was captured is kept: telltale report %s", errors.Join(because(runErr), unsealed), t.options.dir, t.options.dir)
	case unsealed != nil:
		return unsealed
	}
	return shown
}

func where(online bool) string {
	if online {
		return "online: requests go on to the real servers"
	}
	return "offline: nothing leaves this machine"
}

var errInterrupted = errors.New("interrupted")

// because names an interruption by what the user did.
func because(err error) error {
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return err
}

func end(now time.Time, err error) audit.Event {
	e := audit.End{Reason: audit.Complete}
	switch {
	case errors.Is(err, context.Canceled):
		e = audit.End{Reason: audit.Interrupted, Message: "stopped by the user"}
	case err != nil:
		e = audit.End{Reason: audit.Failed, Message: oneLine(err)}
	}
	return audit.Event{Time: now, End: &e}
}

// prepare checks everything that can be checked before anything is written.
func prepare(ctx context.Context, e *env, o auditOptions) (*trial, error) {
	t := &trial{options: o, env: e, meter: newMeter(e.stderr)}
	if o.runs < 1 || o.workers < 1 {
		return nil, usagef("--runs %d, --workers %d: both have to be 1 or more", o.runs, o.workers)
	}
	if _, err := newLocksmith(o.keys, nil, nil, defaultLimits); err != nil {
		return nil, err
	}
	if o.specimen != "" {
		s, ok := specimen.Find(o.specimen)
		if !ok {
			return nil, usagef("specimen %q is not known; there are %s", o.specimen, strings.Join(specimenNames(), ", "))
		}
		t.specimen = s
	}
	var err error
	if t.ca, err = mitm.NewCA(e.now()); err != nil {
		return nil, err
	}
	t.lab = specimen.Lab{Token: lab.Token()}
	if t.software, err = chooseSoftware(t); err != nil {
		return nil, err
	}
	file, text, err := loadClaims(o)
	if err != nil {
		return nil, err
	}
	if o.probe && t.software.alone {
		return nil, usagef("--probe needs a browser that visits addresses; the specimen %s is none", o.specimen)
	}
	arms, err := t.arms()
	if err != nil {
		return nil, err
	}
	if err := t.checkAddress(); err != nil {
		return nil, err
	}
	return t, t.write(ctx, file, text, arms)
}

// loadClaims reads the claims file that was named, or the one that fits.
func loadClaims(o auditOptions) (claims.File, []byte, error) {
	name := o.claims
	if name == "" {
		name = "browser-baseline"
		if s, ok := specimen.Find(o.specimen); ok {
			name = s.Claims
		}
	}
	return openClaims(name)
}

// openClaims reads a claims file, or takes a built-in one of that name.
func openClaims(name string) (claims.File, []byte, error) {
	if file, text, ok := claims.Builtin(name); ok {
		return file, text, nil
	}
	text, err := os.ReadFile(name) //nolint:gosec // a file that the user named
	if err != nil {
		return claims.File{}, nil, usagef("claims file: %w; built in are %s", err, strings.Join(claims.Builtins(), ", "))
	}
	file, err := claims.Read(name, strings.NewReader(string(text)))
	if err != nil {
		return claims.File{}, nil, usageError{err}
	}
	return file, text, nil
}

// arms makes the arms: the subject's modes, then the control's.
func (t *trial) arms() ([]audit.Arm, error) {
	var arms []audit.Arm
	for _, control := range []bool{false, true} {
		if control && (t.specimen.Name == "" || t.options.noControl || t.software.alone) {
			break
		}
		for _, mode := range t.options.arms {
			m := claims.Mode(mode)
			if !slices.Contains(t.software.modes, m) {
				return nil, usagef("--arms %q: %s knows %s", mode, t.software.name, modeNames(t.software.modes))
			}
			arm := audit.Arm{Name: mode, Mode: m, Consent: claims.None, Software: t.software.name, Specimen: t.specimen.Name}
			if control {
				arm.Name, arm.Specimen, arm.Control = "control/"+mode, "", true
			}
			if !slices.ContainsFunc(arms, func(a audit.Arm) bool { return a.Name == arm.Name }) {
				arms = append(arms, arm)
			}
		}
	}
	if len(arms) == 0 {
		return nil, usagef("--arms names no mode; %s knows %s", t.software.name, modeNames(t.software.modes))
	}
	return arms, nil
}

func modeNames(modes []claims.Mode) string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = string(m)
	}
	return strings.Join(names, " and ")
}

// checkAddress finds out early that a port is taken, and runs one browser at a
// time on a fixed one.
func (t *trial) checkAddress() error {
	_, port, err := net.SplitHostPort(t.options.listen)
	if err != nil {
		return usagef("--listen %q: want HOST:PORT, such as 127.0.0.1:8080", t.options.listen)
	}
	l, err := net.Listen("tcp", t.options.listen) //nolint:noctx // closed at once
	if err != nil {
		return cannotListen(t.options.listen, err)
	}
	if port != "0" {
		t.options.workers = 1
	}
	return l.Close()
}

func cannotListen(addr string, err error) error {
	return fmt.Errorf("the proxy cannot listen on %s: %w; stop what uses the port, or leave --listen out", addr, err)
}

// write makes the plan: what case.json will hold before the first packet.
func (t *trial) write(ctx context.Context, file claims.File, text []byte, arms []audit.Arm) error {
	tool, err := t.software.driver.Tool(ctx)
	if err != nil {
		return err
	}
	plan := t.software.plan(t.options.settle)
	if t.options.probe {
		plan = lab.Probed(plan, t.options.settle, rand.New(rand.NewChaCha8(probeSeed()))) //nolint:gosec // a strong generator from a random start
	}
	script, seeds := lab.Prepare(plan, arms, t.options.runs)
	t.script = script
	if t.specimen.Name != "" {
		p := &lab.Planter{}
		t.persona = persona(p)
		seeds = append(seeds, p.Seeds()...)
	}
	started := t.env.now().UTC().Truncate(time.Millisecond)
	t.plan = evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: lab.Token(), Started: started, Subject: file.Subject,
			Arms: arms, Runs: t.options.runs, Steps: script.Words(arms[0].Name), Seeds: lab.Sealed(seeds),
			Tools:   []audit.Tool{{Name: "telltale", Version: version}, tool},
			Machine: runtime.GOOS + "/" + runtime.GOARCH,
			Online:  t.options.online, Claims: digest(text), Rules: judge.Edition(), Probe: script.Probes(arms, t.options.runs),
		},
		Seeds: seeds, Claims: text,
	}
	if t.options.dir == "" {
		t.options.dir = filepath.Join("cases", started.Format("2006-01-02-150405")+"-"+caseName(t))
	}
	return nil
}

// probeSeed starts the generator of the probe's addresses and their order. It
// is not kept: the order stands in the case.
func probeSeed() (seed [32]byte) {
	_, _ = cryptorand.Read(seed[:]) // never fails, since Go 1.24
	return seed
}

func caseName(t *trial) string {
	if t.specimen.Name != "" {
		return t.specimen.Name
	}
	return t.software.name
}

// run plays the script against the proxy.
func (t *trial) run(ctx context.Context, w *evidence.Writer) error {
	scratch, err := os.MkdirTemp(t.software.scratch, "telltale-")
	if err != nil {
		return fmt.Errorf("making a folder for the browser's profiles: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	n, err := newNetwork(t, w)
	if err != nil {
		return err
	}
	x := &lab.Experiment{
		Arms: t.plan.Case.Arms, Runs: t.options.runs, Script: t.script,
		Driver: t.software.driver, Network: n, Record: w.Record, Body: w.Body, Now: t.env.now,
		Unpack: t.unpack, Progress: t.meter.step, Workers: t.options.workers, Scratch: scratch,
		Offline: !t.options.online,
	}
	return x.Run(ctx)
}

// unpack writes the specimen of an arm for one profile.
func (t *trial) unpack(arm audit.Arm, dir string) (string, error) {
	if arm.Specimen == "" || t.specimen.Kind != specimen.Extension {
		return "", nil
	}
	if err := t.specimen.Unpack(dir, t.lab, t.persona); err != nil {
		return "", fmt.Errorf("unpacking the specimen %s: %w", t.specimen.Name, err)
	}
	return dir, nil
}
