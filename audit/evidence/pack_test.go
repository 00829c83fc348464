package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"telltale/audit"
)

// written writes bodies into a new case.
func written(t *testing.T, bodies ...string) (*Writer, []audit.Body) {
	t.Helper()
	w, err := Create(filepath.Join(t.TempDir(), "case"), Plan{Case: audit.Case{Format: audit.CaseFormat, Claims: digest(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	var kept []audit.Body
	for _, text := range bodies {
		b, err := w.Body()
		if err != nil {
			t.Fatal(err)
		}
		for piece := range slices.Chunk([]byte(text), 10_000) {
			if _, err := b.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		body, err := b.Close(nil)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, body)
	}
	return w, kept
}

// check reads bodies back.
func check(t *testing.T, r *Reader, bodies []audit.Body, want []string) {
	t.Helper()
	for i, b := range bodies {
		f, err := r.Body(b)
		if err != nil {
			t.Errorf("body %d: %v", i, err)
			continue
		}
		got, err := io.ReadAll(f)
		f.Close()
		if err != nil || string(got) != want[i] {
			t.Errorf("body %d: %d bytes and %v, want %d", i, len(got), err, len(want[i]))
		}
	}
}

var someBodies = []string{
	"one", "two", "one", "", string(bytes.Repeat([]byte("x"), smallBody)), string(bytes.Repeat([]byte("y"), smallBody+1)),
}

func finish(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Close(audit.Event{End: &audit.End{Reason: audit.Complete}}); err != nil {
		t.Fatal(err)
	}
}

// Bodies can be read while the case is open and after, when each has its file.
func TestBodiesOpenAndClosed(t *testing.T) {
	w, bodies := written(t, someBodies...)
	r, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	check(t, r, bodies, someBodies)
	finish(t, w)
	check(t, r, bodies, someBodies)
	for _, b := range bodies {
		if _, err := os.Stat(blobPath(w.dir, fmt.Sprintf("%064s", b.SHA256))); b.Size > 0 && err != nil {
			t.Errorf("body of %d bytes: %v", b.Size, err)
		}
	}
	for _, name := range []string{packFile, "part"} {
		if _, err := os.Stat(filepath.Join(w.dir, BlobsDir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want that it is gone", name, err)
		}
	}
}

// A capture that was killed while it wrote a body leaves half of it; the
// others can be read.
func TestKilledWithinBody(t *testing.T) {
	w, bodies := written(t, "one", "two", "three")
	path := filepath.Join(w.dir, BlobsDir, packFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range int64(30) {
		if err := os.Truncate(path, info.Size()-1-cut); err != nil {
			t.Fatal(err)
		}
		r, err := Open(w.dir)
		if err != nil {
			t.Fatal(err)
		}
		check(t, r, bodies[:2], []string{"one", "two"})
		if _, err := r.Body(bodies[2]); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the third, cut by %d: %v", 1+cut, err)
		}
	}
}

// Very many bodies stay in the pack.
func TestPackStays(t *testing.T) {
	var texts []string
	for i := range mostUnpacked + 1 {
		texts = append(texts, fmt.Sprint("body ", i))
	}
	w, bodies := written(t, texts...)
	finish(t, w)
	if _, err := os.Stat(filepath.Join(w.dir, BlobsDir, packFile)); err != nil {
		t.Error(err)
	}
	r, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	check(t, r, bodies[:50], texts[:50])
	check(t, r, bodies[mostUnpacked:], texts[mostUnpacked:])
}

// Whatever a pack holds, reading ends, and what is read is what stands there.
func FuzzEntries(f *testing.F) {
	sum := sha256.Sum256([]byte("one"))
	f.Add(append(sum[:], 0, 0, 0, 3, 'o', 'n', 'e'))
	f.Add(append(sum[:], 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		err := entries(bytes.NewReader(b), 0, func(sum [sha256.Size]byte, at int64, frame []byte) error {
			if at != int64(len(again)+packHeader) {
				t.Errorf("a frame at %d, want %d", at, len(again)+packHeader)
			}
			again = append(again, b[len(again):at]...)
			if !bytes.Equal(again[len(again)-packHeader:len(again)-4], sum[:]) {
				t.Error("another hash")
			}
			again = append(again, frame...)
			return nil
		})
		if err != nil || !bytes.HasPrefix(b, again) {
			t.Errorf("%v; %d bytes are not the start of %d", err, len(again), len(b))
		}
	})
}
