package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/capture/flows"
	"telltale/audit/capture/pcap"
	"telltale/audit/capture/pcap/tlsread"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	"telltale/audit/lab"
	"telltale/claims"
)

const importHelp = `import makes a case out of what others captured.

FILE is told by its content: packets (pcap, pcapng, of PCAPdroid too), HTTP
archives (HAR) of browsers and proxies, Chromium's network log (NetLog), flows
of mitmproxy, web archives (WARC), Fiddler's archives (SAZ), Burp's saved items,
and what curl writes with --trace, --trace-ascii or -v. It may be compressed
(.gz, .zst, .br, .zip with one or more captures). docs/import.md says what each
can tell and what it cannot.

Several files of packets are taken for one capture in the order given. Their TLS
is decrypted with the keys that a pcapng file carries, and those of --keys: the
file that browsers, curl and others write where the environment variable
SSLKEYLOGFILE says.

HTTP/1, HTTP/2 and WebSockets become what the proxy records, and answers of name
servers are kept. What cannot be read (no key, QUIC, a protocol that is not
known, packets that the capture lacks, bodies that the writer of the file left
out) is counted by host, and no claim is said to hold where something could not
be read.

The capture is one arm and one run. Say with --mode and --consent how the
software ran, with --seeds what was planted, and with --claims what to hold
against it.`

// An importing is what the command line of import asks for.
type importing struct {
	files   []string
	dir     string
	keys    []string
	mode    string
	consent string
	claims  string
	subject string
	given   analysis // its seeds
}

func newImport(e *env) *cobra.Command {
	var o importing
	c := &cobra.Command{
		Use:   "import FILE...",
		Short: "make a case out of what others captured",
		Long:  importHelp,
		Example: `  telltale import phone.pcapng -o cases/phone
  telltale import browser.har more.har.gz -o cases/browser
  telltale import traffic.pcap --keys sslkeys.log --seed me=k7f3q9w2@post.example -o cases/app
  telltale report cases/app`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.files = args
			return o.run(c.Context(), e)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.dir, "case", "o", "", "`FOLDER` of the case; new or empty (default cases/TIME-import)")
	f.StringArrayVar(&o.keys, "keys", nil, "decrypt TLS with the key log `FILE`; may be repeated")
	f.StringVar(&o.mode, "mode", string(claims.Normal), "mode that the software ran in: normal or private")
	f.StringVar(&o.consent, "consent", string(claims.None), "consent that was given to it: none, given or withdrawn")
	f.StringVar(&o.claims, "claims", "browser-baseline", "claims `FILE`, or the name of a built-in one")
	f.StringVar(&o.subject, "software", "software", "`NAME` of the software that was captured")
	f.StringArrayVar(&o.given.seeds, "seed", nil, "a value that was planted, given as `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&o.given.seedFiles, "seeds", nil, "the planted values of a JSON `FILE`; may be repeated")
	return c
}

// run does the work.
func (o importing) run(ctx context.Context, e *env) error {
	captures, done, err := findCaptures(o.files)
	if err != nil {
		return err
	}
	defer done()
	keys, err := o.secrets(captures)
	if err != nil {
		return err
	}
	plan, err := o.plan(e.now())
	if err != nil {
		return err
	}
	if o.dir == "" {
		o.dir = filepath.Join("cases", plan.Case.Started.Format("2006-01-02-150405")+"-import")
	}
	w, err := evidence.Create(o.dir, plan)
	if err != nil {
		return usageError{err}
	}
	i := newIntake(e, w, keys)
	err = i.all(ctx, captures, plan.Seeds)
	if err == nil && i.damaged != "" {
		err = fmt.Errorf("%s; what was read is in the case", i.damaged)
	}
	last := i.last()
	if last.IsZero() {
		last = plan.Case.Started
	}
	if cerr := w.Close(end(last, err)); cerr != nil {
		return errors.Join(err, cerr)
	}
	if serr := i.summary(o.dir); serr != nil {
		return errors.Join(err, serr)
	}
	return err
}

// summary says what is in the case, and what is not.
func (i *intake) summary(dir string) error {
	r, err := evidence.Open(dir)
	if err != nil {
		return err
	}
	covered, err := capture.Coverage(r.Case.Arms, r.Events())
	if err != nil {
		return err
	}
	c, out := covered[0], i.env.stdout
	_, _ = fmt.Fprintf(out, "read: %d requests on %d connections, %d bytes sent\n", c.Requests, c.Connections, c.Bytes)
	if n := c.Refused + c.Tunnels; n > 0 {
		_, _ = fmt.Fprintf(out, "not read: %d connections, to %s\n", n, strings.Join(c.Unread, ", "))
	}
	for _, p := range i.passed {
		_, _ = fmt.Fprintf(out, "not read: %d %s, %d bytes: %s\n", p.Packets, p.unit, p.Bytes, p.Why)
	}
	_, _ = fmt.Fprintf(out, "Case: %s\n", dir)
	return nil
}

// importPlace is where events of a capture belong: one arm and one run.
var importPlace = audit.Place{Arm: "import", Run: 1, Session: 1}

// secrets reads the key logs, and the keys that the captures carry.
func (o importing) secrets(captures []captured) (*tlsread.Keys, error) {
	keys := &tlsread.Keys{}
	for _, path := range o.keys {
		f, err := openCapture(path)
		if err != nil {
			return nil, usagef("the keys: %w", err)
		}
		n, err := keys.Add(f)
		_ = f.Close()
		if err != nil {
			return nil, usagef("the keys in %s: %w", path, err)
		}
		if n == 0 {
			return nil, usagef("the keys in %s: no line of a key log (CLIENT_RANDOM …); is it the file of SSLKEYLOGFILE?", path)
		}
	}
	for _, c := range captures {
		if !c.hasPackets() {
			continue
		}
		f, err := c.open()
		if err != nil {
			return nil, usagef("the capture: %w", err)
		}
		pcap.Secrets(f, keys)
		_ = f.Close()
	}
	return keys, nil
}

// plan is what the case is said to test.
func (o importing) plan(now time.Time) (evidence.Plan, error) {
	var p evidence.Plan
	arm := audit.Arm{Name: importPlace.Arm, Mode: claims.Mode(o.mode), Consent: claims.Consent(o.consent), Software: o.subject}
	if arm.Mode != claims.Normal && arm.Mode != claims.Private {
		return p, usagef("--mode %q: there are normal and private", o.mode)
	}
	if arm.Consent != claims.None && arm.Consent != claims.Given && arm.Consent != claims.Withdrawn {
		return p, usagef("--consent %q: there are none, given and withdrawn", o.consent)
	}
	file, text, err := loadClaims(auditOptions{claims: o.claims})
	if err != nil {
		return p, err
	}
	seeds, err := o.given.given()
	if err != nil {
		return p, err
	}
	for i := range seeds {
		seeds[i].Arm, seeds[i].Run = arm.Name, importPlace.Run
		seeds[i].Salt = lab.Token()
		seeds[i].Commitment = seeds[i].Commit()
	}
	return evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: lab.Token(), Started: now.UTC().Truncate(time.Millisecond), Subject: file.Subject,
			Arms: []audit.Arm{arm}, Runs: 1, Steps: []string{"import " + strings.Join(o.files, ", ")}, Seeds: lab.Sealed(seeds),
			Tools:   []audit.Tool{{Name: "telltale", Version: version}},
			Machine: runtime.GOOS + "/" + runtime.GOARCH, Online: true, Claims: digest(text), Rules: judge.Edition(),
		},
		Seeds: seeds, Claims: text,
	}, nil
}

// An intake reads captures into a case.
type intake struct {
	env     *env
	writer  *evidence.Writer
	packets *pcap.Importer
	flows   *flows.Importer
	conns   int // numbers given out
	passed  []passed
	damaged string
}

// A passed counts what was not read, with what is counted: packets or records.
type passed struct {
	audit.Passed
	unit string
}

func newIntake(e *env, w *evidence.Writer, keys *tlsread.Keys) *intake {
	i := &intake{env: e, writer: w}
	number := func() int { i.conns++; return i.conns }
	i.packets = pcap.New(pcap.Config{Recorder: w, Place: importPlace, Keys: keys, Number: number})
	i.flows = flows.New(flows.Config{Recorder: w, Place: importPlace, Number: number})
	return i
}

// last is the time of the latest event, the zero time if there was none.
func (i *intake) last() time.Time {
	if t := i.flows.Last(); t.After(i.packets.Last()) {
		return t
	}
	return i.packets.Last()
}

// all reads the captures, one after the other.
func (i *intake) all(ctx context.Context, captures []captured, seeds []audit.Seed) error {
	var names []string
	for _, s := range seeds {
		names = append(names, s.Name)
	}
	final := -1 // the last that has packets
	for n, c := range captures {
		if c.hasPackets() {
			final = n
		}
	}
	for n, c := range captures {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := i.capture(c, n == final); err != nil {
			return err
		}
	}
	return i.writer.Record(audit.Event{Time: i.last(), Place: importPlace, Step: &audit.Step{Action: audit.Done, Seeds: names}})
}

// capture reads one, and records what it was.
func (i *intake) capture(c captured, last bool) error {
	s, err := i.read(c, last)
	if err != nil {
		return err
	}
	unit := "packets"
	if !c.hasPackets() {
		unit = "records"
	}
	for _, p := range s.Passed {
		i.passed = append(i.passed, passed{p, unit})
	}
	s.Name = c.name()
	if c.sum != "" {
		s.SHA256, s.Size = c.sum, c.size
	}
	if s.Error != "" && i.damaged == "" {
		i.damaged = c.path + ": " + s.Error
	}
	return i.writer.Record(audit.Event{Time: i.last(), Place: importPlace, Source: &s})
}

// read reads a capture.
func (i *intake) read(c captured, last bool) (audit.Source, error) {
	if c.whole != nil {
		return i.flows.ReadZip(c.whole, c.format)
	}
	f, err := c.open()
	if err != nil {
		return audit.Source{}, fmt.Errorf("the capture: %w", err)
	}
	defer func() { _ = f.Close() }()
	var s audit.Source
	if c.hasPackets() {
		s, err = i.readPackets(f, last)
	} else {
		s, err = i.flows.Read(f, c.format)
	}
	if err != nil {
		return s, err
	}
	if s.SHA256, s.Size, err = f.rest(); err != nil && s.Error == "" {
		s.Error = err.Error()
	}
	return s, nil
}

// readPackets reads a file of packets; behind the last one the connections end.
func (i *intake) readPackets(f *captureFile, last bool) (audit.Source, error) {
	s, err := i.packets.Read(f.in) // which it need not buffer once more
	if err != nil || !last {
		return s, err
	}
	more, err := i.packets.Close()
	s.Passed = append(s.Passed, more...)
	return s, err
}
