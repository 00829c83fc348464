package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/capture/pcap"
	"telltale/audit/capture/pcap/tlsread"
	"telltale/audit/evidence"
	"telltale/audit/judge"
	"telltale/audit/lab"
	"telltale/claims"
)

const importHelp = `import makes a case out of packet captures that others made.

FILE is a capture in pcap or pcapng, also compressed with gzip or zstd; several
are taken for one capture in the order given. TLS is decrypted with the keys
that a pcapng file carries, and those of --keys: the file that browsers, curl
and others write where the environment variable SSLKEYLOGFILE says.

HTTP/1, HTTP/2 and WebSockets become what the proxy records, and answers of name
servers are kept. What cannot be read (no key, QUIC, a protocol that is not
known, packets that the capture lacks) is counted by host, and no claim is said
to hold where something could not be read.

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
		Short: "make a case out of packet captures",
		Long:  importHelp,
		Example: `  telltale import phone.pcapng -o cases/phone
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
	keys, err := o.secrets()
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
	i := &intake{env: e, writer: w, importer: pcap.New(pcap.Config{Recorder: w, Place: importPlace, Keys: keys})}
	err = i.all(ctx, o.files, plan.Seeds)
	if err == nil && i.damaged != "" {
		err = fmt.Errorf("%s; what was read is in the case", i.damaged)
	}
	last := i.importer.Last()
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
		_, _ = fmt.Fprintf(out, "not read: %d packets, %d bytes: %s\n", p.Packets, p.Bytes, p.Why)
	}
	_, _ = fmt.Fprintf(out, "Case: %s\n", dir)
	return nil
}

// importPlace is where events of a capture belong: one arm and one run.
var importPlace = audit.Place{Arm: "import", Run: 1, Session: 1}

// secrets reads the key logs, and the keys that the captures carry.
func (o importing) secrets() (*tlsread.Keys, error) {
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
	for _, path := range o.files {
		f, err := openCapture(path)
		if err != nil {
			return nil, usagef("the capture: %w", err)
		}
		head, _ := f.in.Peek(4)
		if !pcap.Is(head) {
			_ = f.Close()
			return nil, usagef("%s is no packet capture: pcap and pcapng can be imported; HTTP archives are read by telltale analyze", path)
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
	env      *env
	writer   *evidence.Writer
	importer *pcap.Importer
	passed   []audit.Passed
	damaged  string
}

// all reads the files, one after the other.
func (i *intake) all(ctx context.Context, files []string, seeds []audit.Seed) error {
	var names []string
	for _, s := range seeds {
		names = append(names, s.Name)
	}
	for n, path := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := i.file(path, n == len(files)-1); err != nil {
			return err
		}
	}
	return i.writer.Record(audit.Event{Time: i.importer.Last(), Place: importPlace, Step: &audit.Step{Action: audit.Done, Seeds: names}})
}

// file reads one, and records what it was.
func (i *intake) file(path string, last bool) error {
	f, err := openCapture(path)
	if err != nil {
		return fmt.Errorf("the capture: %w", err)
	}
	defer func() { _ = f.Close() }()
	s, err := i.importer.Read(f)
	if err != nil {
		return err
	}
	if last {
		more, err := i.importer.Close()
		if err != nil {
			return err
		}
		s.Passed = append(s.Passed, more...)
	}
	i.passed = append(i.passed, s.Passed...)
	s.Name = filepath.Base(path)
	if s.SHA256, s.Size, err = f.rest(); err != nil && s.Error == "" {
		s.Error = err.Error()
	}
	if s.Error != "" {
		i.damaged = path + ": " + s.Error
	}
	return i.writer.Record(audit.Event{Time: i.importer.Last(), Place: importPlace, Source: &s})
}

// A captureFile is a file that is read, decompressed if need be, and hashed as
// it stands.
type captureFile struct {
	io.Reader
	in   *bufio.Reader // what Reader reads
	file *os.File
	sum  hash.Hash
	size int64
}

// maxZstdWindow bounds the memory that a compressed capture asks for.
const maxZstdWindow = 128 << 20

// openCapture opens a file.
func openCapture(path string) (*captureFile, error) {
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	c := &captureFile{file: file, sum: sha256.New()}
	in := bufio.NewReaderSize(io.TeeReader(file, c), 256<<10)
	var plain io.Reader = in
	head, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow)); err == nil {
			plain = z.IOReadCloser()
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c.in = bufio.NewReader(plain)
	c.Reader = c.in
	return c, nil
}

// Write takes the bytes of the file as they are read.
func (c *captureFile) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	return c.sum.Write(p)
}

// rest reads the file to its end, whatever is there, and returns what it is.
func (c *captureFile) rest() (sum string, size int64, err error) {
	_, err = io.Copy(c, c.file)
	return hex.EncodeToString(c.sum.Sum(nil)), c.size, err
}

// Close closes the file.
func (c *captureFile) Close() error { return c.file.Close() }
