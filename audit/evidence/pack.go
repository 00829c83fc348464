package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// packFile holds the small bodies while a case is open, and in a case that has
// very many of them: to make a file for each costs more than all else that a
// capture does. An entry is the SHA-256 of a body, the length of its zstd frame
// in four bytes (big endian), and the frame.
const packFile = "pack"

// mostUnpacked is the number of small bodies up to which each gets a file of its
// own when the case is closed.
const mostUnpacked = 5000

const packHeader = sha256.Size + 4

// mostKnown bounds the hashes that are kept to write a body once.
const mostKnown = 100_000

// A pack is being written.
type pack struct {
	dir string

	mu    sync.Mutex
	file  *os.File
	size  int64
	count int
	known map[[sha256.Size]byte]bool
}

// add writes a body that is not known to be there.
func (p *pack) add(sum [sha256.Size]byte, body []byte) error {
	zip, err := encoder()
	if err != nil {
		return err
	}
	entry := make([]byte, packHeader, packHeader+len(body)+64)
	entry = zip.EncodeAll(body, entry)
	encoders.Put(zip)
	copy(entry, sum[:])
	binary.BigEndian.PutUint32(entry[sha256.Size:], uint32(len(entry)-packHeader)) //nolint:gosec // small
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known[sum] {
		return nil
	}
	if p.file == nil {
		if err := p.open(); err != nil {
			return err
		}
	}
	if _, err := p.file.Write(entry); err != nil {
		_ = p.file.Truncate(p.size) // half an entry would hide those behind it
		return err
	}
	p.size += int64(len(entry))
	p.count++
	if len(p.known) >= mostKnown {
		clear(p.known)
	}
	p.known[sum] = true
	return nil
}

func (p *pack) open() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(p.dir, packFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	p.file, p.known = f, make(map[[sha256.Size]byte]bool)
	return nil
}

// unpack gives each body a file of its own and removes the pack. If there are
// too many, or the disk is full, the pack stays and is read as it is.
func (p *pack) unpack() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	path := p.file.Name()
	if err := p.file.Close(); err != nil || p.count > mostUnpacked {
		return err
	}
	f, err := os.Open(path) //nolint:gosec // a file of the case
	if err != nil {
		return err
	}
	err = entries(f, 0, func(sum [sha256.Size]byte, _ int64, frame []byte) error { return p.single(sum, frame) })
	_ = f.Close() // it was only read
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// single writes the file of one body, whole or not at all.
func (p *pack) single(sum [sha256.Size]byte, frame []byte) error {
	path := blobPath(filepath.Dir(p.dir), hex.EncodeToString(sum[:]))
	part := filepath.Join(p.dir, "part")
	if err := os.WriteFile(part, frame, 0o600); err != nil {
		_ = os.Remove(part)
		return err
	}
	err := os.Rename(part, path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.Rename(part, path)
		}
	}
	return err
}

// entries reads a pack from an offset on. What is cut off at its end is left
// out: no event speaks of it.
func entries(r io.ReaderAt, from int64, each func(sum [sha256.Size]byte, at int64, frame []byte) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, from, 1<<62), 256<<10)
	var head [packHeader]byte
	var frame bytes.Buffer
	for at := from; ; {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return cut(err)
		}
		n := int64(binary.BigEndian.Uint32(head[sha256.Size:]))
		frame.Reset()
		if _, err := io.CopyN(&frame, in, n); err != nil {
			return cut(err)
		}
		if err := each([sha256.Size]byte(head[:]), at+packHeader, frame.Bytes()); err != nil {
			return err
		}
		at += packHeader + n
	}
}

// cut is the error of an end that may be anywhere.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// A packReader finds bodies in a pack, which may grow meanwhile.
type packReader struct {
	mu    sync.Mutex
	index map[[sha256.Size]byte]place
	read  int64
}

// A place is where a frame lies.
type place struct {
	at   int64
	size int
}

// find returns the frame of a body.
func (p *packReader) find(path, sum string) ([]byte, error) {
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != sha256.Size {
		return nil, fs.ErrNotExist
	}
	f, err := os.Open(path) //nolint:gosec // a file of the case
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.index[[sha256.Size]byte(raw)]
	if !ok {
		if err := p.more(f); err != nil {
			return nil, err
		}
		if at, ok = p.index[[sha256.Size]byte(raw)]; !ok {
			return nil, fs.ErrNotExist
		}
	}
	frame := make([]byte, at.size)
	_, err = f.ReadAt(frame, at.at)
	return frame, err
}

// more reads what was added.
func (p *packReader) more(f *os.File) error {
	if p.index == nil {
		p.index = make(map[[sha256.Size]byte]place)
	}
	return entries(f, p.read, func(sum [sha256.Size]byte, at int64, frame []byte) error {
		p.index[sum] = place{at, len(frame)}
		p.read = at + int64(len(frame))
		return nil
	})
}
