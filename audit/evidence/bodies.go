package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"

	"telltale/audit"
)

// Bodies reads all bodies of a case to their ends, with several workers, and
// yields their files in the order of their names: with an error where the
// bytes do not have the hash that the name says. A body that is longer than
// the log's bodies are together is a bomb, and not read to its end.
func (r *Reader) Bodies(workers int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		budget := r.total()
		blobs := func(yield func(blobFile) bool) {
			for name, err := range r.blobs() {
				if !yield(blobFile{name, err}) {
					return
				}
			}
		}
		read := func(b blobFile) blobFile {
			if b.err == nil {
				b.err = r.readBody(b.name, budget)
			}
			return b
		}
		for b := range InOrder(blobs, workers, read) {
			if !yield(b.name, b.err) {
				return
			}
		}
	}
}

// A blobFile is the file of a body, and what is wrong with it.
type blobFile struct {
	name string
	err  error
}

// blobs yields the names of the files of bodies.
func (r *Reader) blobs() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_ = fs.WalkDir(os.DirFS(r.dir), BlobsDir, func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == BlobsDir:
			case err == nil && d.IsDir():
			case err == nil && name == path.Join(BlobsDir, packFile):
				return r.packed(yield)
			case err == nil && !isBlob(name): // what a crash left: it is part of nothing
			case !yield(name, err):
				return fs.SkipAll
			}
			return nil
		})
	}
}

// packed yields the bodies in the pack, each as if it were a file below it.
func (r *Reader) packed(yield func(string, error) bool) error {
	name := path.Join(BlobsDir, packFile)
	f, err := os.Open(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err == nil {
		err = entries(f, 0, func(sum [sha256.Size]byte, _ int64, _ []byte) error {
			if !yield(path.Join(name, hex.EncodeToString(sum[:])), nil) {
				return fs.SkipAll
			}
			return nil
		})
		_ = f.Close() // it was only read
	}
	if err != nil && !errors.Is(err, fs.SkipAll) && yield(name, err) {
		return nil
	}
	return err
}

// isBlob reports whether a file lies where a body with its name does.
func isBlob(name string) bool {
	sum := path.Base(name)
	return len(sum) > 4 && filepath.ToSlash(blobPath(".", sum)) == name
}

// total is the sum of the sizes of all bodies in the log.
func (r *Reader) total() int64 {
	n := int64(0)
	for e, err := range r.Events() {
		if err != nil {
			break
		}
		for _, b := range e.Bodies() {
			n += max(0, b.Size)
		}
	}
	return n
}

func (r *Reader) readBody(name string, budget int64) error {
	f, err := r.Body(audit.Body{SHA256: path.Base(name)})
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(f, budget+1))
	if err == nil && n > budget {
		err = fmt.Errorf("body %s…: it is longer than all bodies that the log names", path.Base(name)[:8])
	}
	return errors.Join(err, f.Close())
}
