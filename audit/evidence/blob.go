package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"telltale/audit"
)

// blobPath returns where the body with a hash lies.
func blobPath(dir, sum string) string {
	return filepath.Join(dir, BlobsDir, sum[:2], sum[2:4], sum)
}

// Body starts a body. A short one is held until its end; one that becomes
// longer goes to a temporary file as it arrives. Both get their name when
// their hash is known.
func (w *Writer) Body() (audit.BodyWriter, error) {
	if err := w.Err(); err != nil {
		return nil, err
	}
	return &blob{w: w, hash: sha256.New()}, nil
}

// Bounds of what is held of bodies.
const (
	maxShort = 256 << 10 // of one
	maxHeld  = 32 << 20  // of all
)

// A blob is a body that is being written. The file is made when there is too
// much to hold, so that an empty body costs nothing and a short one little.
type blob struct {
	w    *Writer
	hash hash.Hash
	size int64
	held []byte // all of it, while there is no file
	file *os.File
	zip  *zstd.Encoder
	err  error
}

func (b *blob) Write(p []byte) (int, error) {
	if b.err == nil {
		b.err = b.w.Err() // what is left of the disk is kept for the log's end
	}
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := b.take(p); err != nil {
		return 0, b.fail(err)
	}
	b.hash.Write(p)
	b.size += int64(len(p))
	return len(p), nil
}

// take holds bytes, or writes them to the file.
func (b *blob) take(p []byte) error {
	if b.file == nil && len(b.held)+len(p) <= maxShort && b.w.held.Load() < maxHeld {
		b.w.held.Add(int64(len(p)))
		b.held = append(b.held, p...)
		return nil
	}
	if b.file == nil {
		if err := b.open(); err != nil {
			return err
		}
		if _, err := b.zip.Write(b.held); err != nil {
			return err
		}
		b.release()
	}
	_, err := b.zip.Write(p)
	return err
}

// release gives up what is held.
func (b *blob) release() {
	b.w.held.Add(-int64(len(b.held)))
	b.held = nil
}

func (b *blob) open() error {
	var err error
	if b.file, err = temporary(filepath.Join(b.w.dir, BlobsDir)); err != nil {
		return err
	}
	if zip, ok := encoders.Get().(*zstd.Encoder); ok {
		zip.Reset(b.file)
		b.zip = zip
		return nil
	}
	b.zip, err = newEncoder(b.file)
	return err
}

func newEncoder(w io.Writer) (*zstd.Encoder, error) {
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
}

// encoders are those that have written their body: a new one costs more than
// most bodies.
var encoders sync.Pool

// Close keeps the body under its hash and says what it is. A body that could
// not be kept stops the whole recording.
func (b *blob) Close(cause error) (audit.Body, error) {
	if b.err != nil {
		b.release()
		return audit.Body{}, b.err
	}
	body := audit.Body{Size: b.size}
	if cause != nil {
		body.Error = cause.Error()
	}
	if b.size == 0 {
		return body, nil
	}
	body.SHA256 = hex.EncodeToString(b.hash.Sum(nil))
	if b.file == nil {
		data := b.held
		b.held = nil
		if err := b.w.keep(data, body.SHA256); err != nil {
			b.err = err
			return audit.Body{}, err
		}
		return body, nil
	}
	if err := errors.Join(b.zip.Close(), b.file.Close()); err != nil {
		return audit.Body{}, b.fail(err)
	}
	encoders.Put(b.zip)
	b.zip = nil
	if err := b.w.name(b.file.Name(), body.SHA256); err != nil {
		return audit.Body{}, b.fail(err)
	}
	return body, nil
}

// name moves a file to where the body with a hash lies.
func (w *Writer) name(file, sum string) error {
	path := blobPath(w.dir, sum)
	err := os.Rename(file, path)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.Rename(file, path)
		}
	}
	return err
}

func (b *blob) fail(err error) error {
	b.err = b.w.Fail(fmt.Errorf("keeping a body: %w", err))
	b.release()
	if b.file != nil {
		_ = b.file.Close()
		_ = os.Remove(b.file.Name())
	}
	return b.err
}

// maxWindow bounds the memory that a hostile blob can ask for; our own encoder
// stays far below.
const maxWindow = 64 << 20

// Body opens a stored body.
func (r *Reader) Body(body audit.Body) (io.ReadCloser, error) {
	if body.SHA256 == "" {
		return io.NopCloser(strings.NewReader("")), nil
	}
	if len(body.SHA256) != hex.EncodedLen(sha256.Size) {
		return nil, fmt.Errorf("body %q: not a SHA-256", body.SHA256)
	}
	if _, err := hex.DecodeString(body.SHA256); err != nil {
		return nil, fmt.Errorf("body %q: not a SHA-256", body.SHA256)
	}
	f, err := os.Open(blobPath(r.dir, body.SHA256))
	if err != nil {
		return nil, fmt.Errorf("body %s…: %w", body.SHA256[:8], err)
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("body %s…: %w", body.SHA256[:8], err)
	}
	return &bodyReader{z, f, sha256.New(), body.SHA256}, nil
}

// ErrBody means that a body is not the one that was captured.
var ErrBody = errors.New("its bytes do not have its SHA-256: it was changed after the capture")

// A bodyReader checks at the end that it read what was captured.
type bodyReader struct {
	zip  *zstd.Decoder
	file *os.File
	hash hash.Hash
	want string // hex
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.zip.Read(p)
	b.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(b.hash.Sum(nil)) != b.want {
		err = fmt.Errorf("body %s…: %w", b.want[:8], ErrBody)
	}
	return n, err
}

func (b *bodyReader) Close() error {
	b.zip.Close()
	return b.file.Close()
}
