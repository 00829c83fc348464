package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
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

// smallBody is the size up to which a body is kept in memory until it is whole.
const smallBody = 32 << 10

// Body starts a body. A long one goes to a temporary file as it arrives and
// gets its name when its hash is known; a small one goes to the pack.
func (w *Writer) Body() (audit.BodyWriter, error) {
	if err := w.Err(); err != nil {
		return nil, err
	}
	return &blob{w: w, hash: sha256.New()}, nil
}

// A blob is a body that is being written.
type blob struct {
	w    *Writer
	hash hash.Hash
	size int64
	head []byte // as long as it is small
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
	b.hash.Write(p)
	b.size += int64(len(p))
	if b.file == nil && b.size <= smallBody {
		b.head = append(b.head, p...)
		return len(p), nil
	}
	if b.file == nil {
		if err := b.open(); err != nil {
			return 0, b.fail(err)
		}
	}
	if _, err := b.zip.Write(p); err != nil {
		return 0, b.fail(err)
	}
	return len(p), nil
}

// open goes on in a file.
func (b *blob) open() error {
	dir := filepath.Join(b.w.dir, BlobsDir)
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return err
	}
	if b.file, err = os.CreateTemp(dir, "part-"); err != nil {
		return err
	}
	if b.zip, err = encoder(); err != nil {
		return err
	}
	b.zip.Reset(b.file)
	_, err = b.zip.Write(b.head)
	b.head = nil
	return err
}

// encoders are those that have written their body: a new one costs more than
// most bodies.
var encoders sync.Pool

func encoder() (*zstd.Encoder, error) {
	if zip, ok := encoders.Get().(*zstd.Encoder); ok {
		return zip, nil
	}
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
}

// Close keeps the body under its hash and says what it is. A body that could
// not be kept stops the whole recording.
func (b *blob) Close(cause error) (audit.Body, error) {
	if b.err != nil {
		return audit.Body{}, b.err
	}
	body := audit.Body{Size: b.size}
	if cause != nil {
		body.Error = cause.Error()
	}
	if b.size == 0 {
		return body, nil
	}
	sum := b.hash.Sum(nil)
	body.SHA256 = hex.EncodeToString(sum)
	var err error
	if b.file == nil {
		err = b.w.pack.add([sha256.Size]byte(sum), b.head)
	} else {
		err = b.keepLarge(blobPath(b.w.dir, body.SHA256))
	}
	if err != nil {
		return audit.Body{}, b.fail(err)
	}
	return body, nil
}

// keepLarge gives a file that was written its name.
func (b *blob) keepLarge(path string) error {
	if err := errors.Join(b.zip.Close(), b.file.Close()); err != nil {
		return err
	}
	encoders.Put(b.zip)
	b.zip = nil
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.Rename(b.file.Name(), path)
}

func (b *blob) fail(err error) error {
	b.err = b.w.Fail(fmt.Errorf("keeping a body: %w", err))
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
	f, err := r.stored(body.SHA256)
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

// stored opens a body as it is stored: in a file of its own, or in the pack of
// a case that was not closed.
func (r *Reader) stored(sum string) (io.ReadCloser, error) {
	f, err := os.Open(blobPath(r.dir, sum))
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if frame, perr := r.pack.find(filepath.Join(r.dir, BlobsDir, packFile), sum); perr == nil {
		return io.NopCloser(bytes.NewReader(frame)), nil
	}
	return nil, err
}

// ErrBody means that a body is not the one that was captured.
var ErrBody = errors.New("its bytes do not have its SHA-256: it was changed after the capture")

// A bodyReader checks at the end that it read what was captured.
type bodyReader struct {
	zip  *zstd.Decoder
	file io.Closer
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
