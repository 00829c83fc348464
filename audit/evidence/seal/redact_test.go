package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/audit/evidence"
	"telltale/audit/evidence/redact"
	"telltale/audit/evidence/seal"
)

func redacted(t testing.TB, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "redacted")
	check(t, seal.Redact(dir, out, redact.Rules{}))
	return out
}

// A redacted copy holds against the same signed manifest, shows what may be
// shown, and has in no place anything that is withheld, nor a hash of it.
func TestRedactedHolds(t *testing.T) {
	dir := sealed(t, "c1", 1)
	out := redacted(t, dir)
	c, err := seal.Check(out, nil, 2)
	check(t, err)
	if len(c.Changes)+len(c.Unread) > 0 {
		t.Fatalf("changes: %v %v", c.Changes, c.Unread)
	}
	if !c.Redacted() || c.Gone != 6 || len(c.Parts) != 3 || !bytes.Equal(read(t, out, seal.ManifestFile), read(t, dir, seal.ManifestFile)) {
		t.Errorf("%d files gone, parts %v", c.Gone, c.Parts)
	}
	whole, err := seal.Check(dir, nil, 2)
	check(t, err)
	if whole.Redacted() || whole.Files != c.Files+c.Gone {
		t.Errorf("%d files of %d", c.Files+c.Gone, whole.Files)
	}

	var secrets []string
	hide := func(b []byte) {
		sum := sha256.Sum256(b)
		secrets = append(secrets, hex.EncodeToString(sum[:]))
	}
	for _, name := range files(t, dir) {
		if strings.HasPrefix(name, evidence.BlobsDir) || name == evidence.ReportFile {
			hide(read(t, dir, name))
			secrets = append(secrets, filepath.Base(name))
		}
	}
	for line := range bytes.Lines(read(t, dir, evidence.CaptureFile)) {
		hide(bytes.TrimSuffix(line, []byte("\n")))
	}
	hide([]byte("id=secret-cookie"))
	secrets = append(secrets, "k7f3q9w2m4x8abcd", "secret-cookie", "body 1")
	kept := ""
	for _, name := range files(t, out) {
		text := name + "\n" + string(read(t, out, name))
		kept += text
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s", name, s)
			}
		}
	}
	for _, want := range []string{`"host":"sink.example"`, `"name":"Cookie","value":"••••"`, `"name":"Content-Type","value":"text/plain"`, "telltale: claims/v1"} {
		if !strings.Contains(kept, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}

// The place of a withheld file in the list says nothing about its name.
func TestPlaceSaysNothing(t *testing.T) {
	dir := sealed(t, "c1", 1)
	list := string(read(t, redacted(t, dir), seal.LeavesFile))
	var gone []string
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, `{"leaf"`) {
			gone = append(gone, line)
		}
	}
	if len(gone) != 6 || !slices.IsSorted(gone) || !strings.HasSuffix(list, strings.Join(gone, "")) {
		t.Errorf("got %v", gone)
	}
}

// Every byte of a redacted copy counts, too, and what stands in the place of
// a withheld piece can be nothing but the mark.
func TestEveryByteRedacted(t *testing.T) {
	dir := redacted(t, sealed(t, "c1", 1))
	for _, name := range files(t, dir) {
		good := read(t, dir, name)
		step := max(1, len(good)/60)
		for at := 0; at < len(good); at += step {
			bad := bytes.Clone(good)
			bad[at] ^= 1 << (at % 8)
			write(t, dir, name, bad)
			got := changes(t, dir)
			of := strings.TrimSuffix(strings.TrimPrefix(name, seal.RedactedDir+"/"), ".pieces")
			if !slices.Contains(got, of) { // of a list, its file is named as well
				t.Errorf("%s, byte %d of %d: got %v", name, at, len(good), got)
			}
		}
		write(t, dir, name, good)
	}
	good := read(t, dir, evidence.CaptureFile)
	write(t, dir, evidence.CaptureFile, bytes.Replace(good, []byte(seal.Withheld), []byte(`"other"`), 1))
	if got := changes(t, dir); !slices.Contains(got, evidence.CaptureFile) {
		t.Errorf("text in the place of a withheld piece: got %v", got)
	}
	write(t, dir, evidence.CaptureFile, good)
	write(t, dir, "redacted/case.json.pieces", nil)
	if got := changes(t, dir); !slices.Equal(got, []string{"redacted/case.json.pieces"}) {
		t.Errorf("a list that was added: got %v", got)
	}
}

// Who has the whole case can open one withheld piece: its salt and bytes give
// the hash that the redacted copy has had all along.
func TestWithheldCanBeOpened(t *testing.T) {
	dir := sealed(t, "c1", 1)
	out := redacted(t, dir)
	lines := strings.Split(string(read(t, out, "redacted/seeds.json.pieces")), "\n")
	var key []byte
	for line := range strings.Lines(string(read(t, dir, seal.LeavesFile))) {
		if strings.Contains(line, `"path":"seeds.json"`) {
			_, rest, _ := strings.Cut(line, `"key":"`)
			var err error
			key, err = hex.DecodeString(rest[:64])
			check(t, err)
		}
	}
	number := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "h") })
	pieces := cut(string(read(t, dir, evidence.SeedsFile)))
	salt := sha256.Sum256(append(bytes.Clone(key), 0, 0, 0, 0, 0, 0, 0, byte(number)))
	sum := sha256.Sum256(append(salt[:16:16], pieces[number]...))
	if want := "h" + hex.EncodeToString(sum[:]); number < 0 || lines[number] != want {
		t.Errorf("piece %d: got %s, want %s", number, lines[number], want)
	}
}

// cut cuts a text without backslashes as docs/evidence.md says.
func cut(text string) []string {
	var pieces []string
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 {
			part = `"` + part + `"`
		}
		if part != "" {
			pieces = append(pieces, part)
		}
	}
	return pieces
}

// A redacted copy is not redacted again.
func TestRedactTwice(t *testing.T) {
	out := redacted(t, sealed(t, "c1", 1))
	if err := seal.Redact(out, filepath.Join(t.TempDir(), "x"), redact.Rules{}); err == nil || !strings.Contains(err.Error(), "is redacted already") {
		t.Errorf("got %v", err)
	}
}
