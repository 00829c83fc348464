package custody_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/audit/evidence/custody"
)

var (
	start    = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	manifest = strings.Repeat("ab", 32)
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// journal writes four entries by two keys and returns the file.
func journal(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "custody.jsonl")
	for i, action := range []custody.Action{custody.Seal, custody.Report, custody.Verify, custody.Export} {
		e := custody.Entry{Time: start.Add(time.Duration(i) * time.Hour), Action: action, Note: "<" + string(action) + ">"}
		if err := custody.Append(path, manifest, key(byte(1+i%2)), e); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func read(b []byte) ([]custody.Entry, error) { return custody.Read(bytes.NewReader(b), manifest) }

func TestRoundTrip(t *testing.T) {
	b, err := os.ReadFile(journal(t))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := read(b)
	if err != nil || len(entries) != 4 || entries[3].Action != custody.Export || entries[3].Note != "<export>" || !entries[1].Time.Equal(start.Add(time.Hour)) {
		t.Errorf("got %v, %v", entries, err)
	}
	if entries[0].Key == entries[1].Key || entries[0].Key != entries[2].Key {
		t.Error("the keys are not those that signed")
	}
	if _, err := custody.Read(bytes.NewReader(b), strings.Repeat("cd", 32)); !errors.Is(err, custody.ErrJournal) {
		t.Errorf("of another manifest: got %v", err)
	}
}

// Every byte, and the place of every line but the last, counts.
func TestChanges(t *testing.T) {
	good, err := os.ReadFile(journal(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		if _, err := read(bad); !errors.Is(err, custody.ErrJournal) {
			t.Errorf("byte %d: got %v", i, err)
		}
	}
	lines := bytes.SplitAfter(good, []byte("\n"))[:4]
	for i := range 3 {
		removed := slices.Delete(slices.Clone(lines), i, i+1)
		moved := slices.Clone(lines)
		moved[i], moved[i+1] = moved[i+1], moved[i]
		repeated := slices.Insert(slices.Clone(lines), i, lines[i])
		for what, bad := range map[string][][]byte{"removed": removed, "moved": moved, "repeated": repeated} {
			if _, err := read(bytes.Join(bad, nil)); !errors.Is(err, custody.ErrJournal) {
				t.Errorf("line %d %s: got %v", i+1, what, err)
			}
		}
	}
}

// A journal that does not hold is not written to, and none begins without a
// seal.
func TestAppendRefuses(t *testing.T) {
	path := journal(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string][]byte{"changed": bytes.Replace(good, []byte("<report>"), []byte("<nobody>"), 1), "cut": good[:len(good)-3]} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := custody.Append(path, manifest, key(1), custody.Entry{Action: custody.Verify}); !errors.Is(err, custody.ErrJournal) {
			t.Errorf("%s: got %v", what, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bad) {
			t.Errorf("%s: it was written to", what)
		}
	}
	if err := custody.Append(path+"2", manifest, key(1), custody.Entry{Action: custody.Verify}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a seal: got %v", err)
	}
}

// FuzzRead: a journal that is taken begins with the entries that were signed:
// nobody without the keys can add one.
func FuzzRead(f *testing.F) {
	good, err := os.ReadFile(journal(f))
	if err != nil {
		f.Fatal(err)
	}
	want, err := read(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := read(b)
		for i, e := range got {
			if e.Key == want[0].Key && (i >= len(want) || !bytes.Equal(e.Sig, want[i].Sig)) {
				t.Errorf("entry %d was not signed: %+v", i+1, e)
			}
		}
	})
}
