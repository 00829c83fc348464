package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/seal"
	"telltale/audit/evidence/sshsig"
	"telltale/audit/evidence/stamp"
	"telltale/audit/evidence/stamp/stamptest"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// random is a source of bytes that are the same in every run of the test.
func random(n byte) io.Reader { return rand.NewChaCha8([32]byte{n}) }

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// newCase makes a case with steps, exchanges with bodies, facts and a report.
func newCase(t testing.TB, id string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	seed := audit.Seed{Name: "page", Kind: "behaviour/navigation/url", Value: "k7f3q9w2m4x8abcd", Salt: "00"}
	seed.Commitment = seed.Commit()
	closed := seed
	closed.Value, closed.Salt = "", ""
	text := []byte("telltale: claims/v1\n")
	w, err := evidence.Create(dir, evidence.Plan{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: id, Started: start, Runs: 1, Arms: []audit.Arm{{Name: "private"}},
			Seeds: []audit.Seed{closed}, Claims: fmt.Sprintf("%x", sha256.Sum256(text)),
		},
		Seeds: []audit.Seed{seed}, Claims: text,
	})
	check(t, err)
	for i := range 5 {
		b, err := w.Body()
		check(t, err)
		_, err = fmt.Fprintf(b, "body %d of %s with k7f3q9w2m4x8abcd", i, id)
		check(t, err)
		body, err := b.Close(nil)
		check(t, err)
		check(t, w.Record(audit.Event{
			Time: start.Add(time.Duration(i) * time.Second), Place: audit.Place{Arm: "private", Run: 1, Session: 1},
			Exchange: &audit.Exchange{
				Proto: "HTTP/1.1", Method: "POST", Host: "sink.example", URL: fmt.Sprintf(`https://sink.example/?q=k7f3q9w2m4x8abcd&n=%d\"`, i),
				Header: []audit.Field{{Name: "Cookie", Value: "id=secret-cookie"}, {Name: "Content-Type", Value: "text/plain"}},
				Body:   body, Answered: audit.BySinkhole, Status: 200,
			},
		}))
	}
	check(t, w.Close(audit.Event{Time: start.Add(time.Minute), End: &audit.End{Reason: audit.Complete}}))
	check(t, evidence.WriteFile(filepath.Join(dir, evidence.FactsFile), []byte(`{"config":{"format":"facts/v1","tool":"telltale","version":"1","reveal":false}}`+"\n")))
	check(t, evidence.WriteFile(filepath.Join(dir, evidence.ReportFile), []byte("<html>report</html>")))
	return dir
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func maker(n byte) seal.Maker {
	return seal.Maker{Key: key(n), Now: start.Add(time.Hour), Version: "test", Random: random(n), Workers: 2}
}

func sealed(t testing.TB, id string, n byte) string {
	t.Helper()
	dir := newCase(t, id)
	_, err := maker(n).Make(dir)
	check(t, err)
	return dir
}

// changes returns the names of the files that a check names.
func changes(t testing.TB, dir string) []string {
	t.Helper()
	c, err := seal.Check(dir, nil, 2)
	check(t, err)
	var names []string
	for _, change := range append(c.Changes, c.Unread...) {
		if !slices.Contains(names, change.File) {
			names = append(names, change.File)
		}
	}
	slices.Sort(names)
	return names
}

// files lists the files of a case.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	check(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	return names
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	check(t, err)
	return b
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
	check(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
}

// A case that was sealed holds, and says what it has.
func TestHolds(t *testing.T) {
	dir := sealed(t, "c1", 1)
	c, err := seal.Check(dir, nil, 2)
	check(t, err)
	if len(c.Changes)+len(c.Unread) > 0 {
		t.Fatalf("changes: %v %v", c.Changes, c.Unread)
	}
	n, size := 0, int64(0)
	for _, name := range files(t, dir) {
		if !strings.HasPrefix(name, seal.ManifestFile) && name != seal.LeavesFile && name != seal.JournalFile {
			n++
			size += int64(len(read(t, dir, name)))
		}
	}
	if int(c.Files) != n || c.Bytes != size || c.Manifest.Bytes != size || c.Manifest.Case != "c1" || n < 10 {
		t.Errorf("%d files, %d bytes; want %d, %d", c.Files, c.Bytes, n, size)
	}
	if !c.Signer.Equal(key(1).Public()) || len(c.Journal) != 1 || c.Journal[0].Action != custody.Seal {
		t.Errorf("signer %s, journal %v", sshsig.Fingerprint(c.Signer), c.Journal)
	}
}

// Every byte of every file counts: each change of one is found, and named by
// its file. Small files are tried byte by byte, larger ones at places that are
// spread over them.
func TestEveryByte(t *testing.T) {
	dir := sealed(t, "c1", 1)
	for _, name := range files(t, dir) {
		good := read(t, dir, name)
		step := max(1, len(good)/150)
		for at := 0; at < len(good); at += step {
			bad := bytes.Clone(good)
			bad[at] ^= 1 << (at % 8)
			write(t, dir, name, bad)
			if got := changes(t, dir); !slices.Contains(got, name) {
				t.Errorf("%s, byte %d of %d: got %v", name, at, len(good), got)
			} else if len(got) > 1 && name != seal.ManifestFile && name != seal.LeavesFile {
				t.Errorf("%s, byte %d: others are named too: %v", name, at, got)
			}
		}
		for what, bad := range map[string][]byte{"longer": append(bytes.Clone(good), '\n'), "shorter": good[:len(good)-1], "empty": {}} {
			write(t, dir, name, bad)
			if got := changes(t, dir); !slices.Contains(got, name) {
				t.Errorf("%s, %s: got %v", name, what, got)
			}
		}
		write(t, dir, name, good)
	}
	if got := changes(t, dir); len(got) > 0 {
		t.Errorf("after all was put back: %v", got)
	}
}

// What is removed, added, renamed or exchanged is named.
func TestFilesThatCameAndWent(t *testing.T) {
	dir := sealed(t, "c1", 1)
	all := files(t, dir)
	for _, name := range all {
		good := read(t, dir, name)
		check(t, os.Remove(filepath.Join(dir, name)))
		if got := changes(t, dir); !slices.Contains(got, name) {
			t.Errorf("%s removed: got %v", name, got)
		}
		check(t, os.Symlink("case.json", filepath.Join(dir, name)))
		if got := changes(t, dir); !slices.Contains(got, name) {
			t.Errorf("%s made a link: got %v", name, got)
		}
		check(t, os.Remove(filepath.Join(dir, name)))
		write(t, dir, name, good)
	}
	for _, name := range []string{"added.txt", "blobs/zz", "a", "zzz", "manifest.json.1.tsr", "manifest.json.x", "redacted/case.json.pieces", "sub/leaves.jsonl"} {
		write(t, dir, name, nil)
		if got := changes(t, dir); !slices.Equal(got, []string{name}) {
			t.Errorf("%s added: got %v", name, got)
		}
		check(t, os.Remove(filepath.Join(dir, name)))
	}
	for i, a := range all {
		b := all[(i+1)%len(all)]
		one, two := read(t, dir, a), read(t, dir, b)
		write(t, dir, a, two)
		write(t, dir, b, one)
		// Without its manifest or its list nothing can be said of the others.
		want := []string{a, b}
		if blind := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return s != seal.ManifestFile && s != seal.LeavesFile }); len(blind) > 0 {
			want = blind[len(blind)-1:]
		}
		if got := changes(t, dir); slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(got, s) }) {
			t.Errorf("%s and %s exchanged: got %v", a, b, got)
		}
		write(t, dir, a, one)
		write(t, dir, b, two)
	}
}

// Lines that are moved, repeated or taken out show in every file that has lines.
func TestLines(t *testing.T) {
	dir := sealed(t, "c1", 1)
	for _, name := range []string{evidence.CaptureFile, seal.LeavesFile} {
		good := read(t, dir, name)
		lines := bytes.SplitAfter(good, []byte("\n"))
		for i := range len(lines) - 2 {
			moved := slices.Clone(lines)
			moved[i], moved[i+1] = moved[i+1], moved[i]
			for what, bad := range map[string][][]byte{
				"moved": moved, "removed": slices.Delete(slices.Clone(lines), i, i+1), "repeated": slices.Insert(slices.Clone(lines), i, lines[i]),
			} {
				write(t, dir, name, bytes.Join(bad, nil))
				if got := changes(t, dir); !slices.Contains(got, name) {
					t.Errorf("%s line %d %s: got %v", name, i+1, what, got)
				}
			}
		}
		write(t, dir, name, good)
	}
}

// A file of the seal of another case, by the same or by another key, fits no
// case but its own.
func TestOfAnotherCase(t *testing.T) {
	for _, n := range []byte{1, 2} {
		dir, other := sealed(t, "c1", 1), sealed(t, "c2", n)
		for _, name := range []string{seal.ManifestFile, seal.RawFile, seal.SSHFile, seal.LeavesFile, seal.JournalFile} {
			good := read(t, dir, name)
			write(t, dir, name, read(t, other, name))
			if got := changes(t, dir); !slices.Contains(got, name) {
				t.Errorf("%s of another case: got %v", name, got)
			}
			write(t, dir, name, good)
		}
		// Both signatures together, then the whole seal.
		for _, name := range []string{seal.RawFile, seal.SSHFile} {
			write(t, dir, name, read(t, other, name))
		}
		if got := changes(t, dir); !slices.Equal(got, []string{seal.RawFile, seal.SSHFile}) {
			t.Errorf("both signatures of another case: got %v", got)
		}
		for _, name := range []string{seal.ManifestFile, seal.LeavesFile, seal.JournalFile} {
			write(t, dir, name, read(t, other, name))
		}
		if got := changes(t, dir); !slices.Contains(got, evidence.CaseFile) || !slices.Contains(got, evidence.CaptureFile) {
			t.Errorf("the seal of another case: got %v", got)
		}
	}
}

// A case is sealed once, and nothing that does not hold is sealed.
func TestMakeRefuses(t *testing.T) {
	dir := sealed(t, "c1", 1)
	if _, err := maker(1).Make(dir); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("sealed again: %v", err)
	}
	check(t, os.Remove(filepath.Join(dir, seal.ManifestFile)))
	if _, err := maker(1).Make(dir); err == nil || !strings.Contains(err.Error(), "was not finished, or was taken off") {
		t.Errorf("without its manifest: %v", err)
	}
	for what, change := range map[string]func(dir string){
		"broken log": func(dir string) {
			write(t, dir, evidence.CaptureFile, bytes.Replace(read(t, dir, evidence.CaptureFile), []byte("POST"), []byte("GETS"), 1))
		},
		"link":       func(dir string) { check(t, os.Symlink("/etc/passwd", filepath.Join(dir, "x"))) },
		"seal's own": func(dir string) { write(t, dir, "redacted/x", nil) },
		"seed":       func(dir string) { write(t, dir, evidence.SeedsFile, []byte("[]")) },
	} {
		dir := newCase(t, "c1")
		change(dir)
		if _, err := maker(1).Make(dir); err == nil {
			t.Errorf("%s: it was sealed", what)
		}
		if _, err := seal.Check(dir, nil, 1); !errors.Is(err, seal.ErrUnsealed) {
			t.Errorf("%s: got %v, want %v", what, err, seal.ErrUnsealed)
		}
	}
}

// A stamp that was asked for and is not got stops the sealing.
func TestNoStampNoSeal(t *testing.T) {
	dir := newCase(t, "c1")
	m := maker(1)
	m.Stamps = []func([]byte) ([]byte, error){func([]byte) ([]byte, error) { return nil, errors.New("no answer") }}
	if _, err := m.Make(dir); err == nil || !strings.Contains(err.Error(), "time stamp 1 was asked for and is missing, so the case is not sealed: no answer") {
		t.Errorf("got %v", err)
	}
	if _, err := seal.Check(dir, nil, 1); !errors.Is(err, seal.ErrUnsealed) {
		t.Errorf("got %v", err)
	}
}

// OpenSSH and OpenSSL agree that the signatures are good, and see a change.
func TestOtherProgramsVerify(t *testing.T) {
	dir := sealed(t, "c1", 1)
	pub, _ := key(1).Public().(ed25519.PublicKey)
	write(t, dir, "allowed", []byte("tester "+sshsig.Text(pub)+"\n"))
	verify := func() error {
		cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "tester", "-n", seal.Namespace, "-s", seal.SSHFile)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(read(t, dir, seal.ManifestFile))
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	if err := verify(); err != nil {
		t.Errorf("ssh-keygen: %v", err)
	}
	write(t, dir, seal.ManifestFile, append(read(t, dir, seal.ManifestFile), ' '))
	if err := verify(); err == nil {
		t.Error("ssh-keygen takes a changed manifest")
	}
}

// A time stamp is part of the seal: each byte of it, and whose it is.
func TestStamps(t *testing.T) {
	a := stamptest.New(t, stamptest.Options{})
	stamped := func(id string) string {
		dir := newCase(t, id)
		m := maker(1)
		m.Now = time.Now()
		m.Stamps = []func([]byte) ([]byte, error){func(data []byte) ([]byte, error) {
			token, _, err := stamp.Get(t.Context(), http.DefaultClient, a.URL, data, a.Roots)
			return token, err
		}}
		_, err := m.Make(dir)
		check(t, err)
		return dir
	}
	dir, other := stamped("c1"), stamped("c2")
	c, err := seal.Check(dir, a.Roots, 2)
	check(t, err)
	if len(c.Changes) > 0 || len(c.Stamps) != 1 || !c.Stamps[0].Anchored {
		t.Fatalf("got %v, %v", c.Changes, c.Stamps)
	}
	name := seal.StampFile(1)
	good := read(t, dir, name)
	for at := 0; at < len(good); at += 3 {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << (at % 8)
		write(t, dir, name, bad)
		if got := changes(t, dir); !slices.Equal(got, []string{name}) {
			t.Errorf("byte %d of %d: got %v", at, len(good), got)
		}
	}
	write(t, dir, name, read(t, other, name))
	c, err = seal.Check(dir, a.Roots, 2)
	check(t, err)
	if len(c.Changes) != 1 || c.Changes[0].File != name || !strings.Contains(c.Changes[0].What, "it is over other data") {
		t.Errorf("the stamp of another case: got %v", c.Changes)
	}
	write(t, dir, name, good)
	write(t, dir, seal.StampFile(2), good)
	if got := changes(t, dir); !slices.Equal(got, []string{seal.StampFile(2)}) {
		t.Errorf("a stamp that was added: got %v", got)
	}
}

// A seal that cannot be finished leaves nothing behind: the case is open, and
// can be sealed later.
func TestUnfinished(t *testing.T) {
	dir := newCase(t, "c1")
	before := files(t, dir)
	m := maker(1)
	m.Stamps = []func([]byte) ([]byte, error){func([]byte) ([]byte, error) {
		// What comes after the stamps cannot be written then.
		return []byte("token"), os.MkdirAll(filepath.Join(dir, seal.JournalFile, "x"), 0o700)
	}}
	if _, err := m.Make(dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("got %v", err)
	}
	if got := files(t, dir); !slices.Equal(got, before) {
		t.Errorf("left behind: %v", got)
	}
	check(t, os.RemoveAll(filepath.Join(dir, seal.JournalFile)))
	if _, err := maker(1).Make(dir); err != nil {
		t.Error(err)
	}
}
