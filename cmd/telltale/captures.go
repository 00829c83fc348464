package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"telltale/audit/capture/flows"
	"telltale/audit/capture/pcap"
)

// A captured is a capture that was named: a file, or one of those in a zip.
type captured struct {
	path   string
	member *zip.File    // in a zip
	whole  *zip.Reader  // of a zip that is one capture
	format flows.Format // without a name: packets
	sum    string       // SHA-256 of a zip, hex
	size   int64        // of a zip
}

// name is what the capture is called in the case.
func (c captured) name() string {
	if c.member != nil {
		return filepath.Base(c.path) + "/" + c.member.Name
	}
	return filepath.Base(c.path)
}

// hasPackets reports whether the capture has packets, not requests.
func (c captured) hasPackets() bool { return c.format.Name == "" }

// findCaptures finds out what the files are that a command line names. The
// files of zips stay open until done is called.
func findCaptures(paths []string) (list []captured, done func(), err error) {
	var open []io.Closer
	done = func() {
		for _, f := range open {
			_ = f.Close()
		}
	}
	for _, path := range paths {
		found, closer, err := findCapture(path)
		if closer != nil {
			open = append(open, closer)
		}
		if err != nil {
			done()
			return nil, nil, err
		}
		list = append(list, found...)
	}
	return list, done, nil
}

// findCapture finds out what one file is.
func findCapture(path string) ([]captured, io.Closer, error) {
	c := captured{path: path}
	f, err := c.open()
	if err != nil {
		return nil, nil, usagef("the capture: %w", err)
	}
	head, _ := f.in.Peek(flows.HeadSize)
	isZip := bytes.HasPrefix(head, []byte("PK\x03\x04"))
	if !isZip {
		defer func() { _ = f.Close() }()
		return c.recognised(head)
	}
	if c.sum, c.size, err = f.rest(); err == nil {
		c.whole, err = zip.NewReader(f.file, c.size)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, usagef("the capture: %s: %w", path, err)
	}
	list, err := c.members()
	return list, f, err
}

// recognised names the format of a capture by its first bytes.
func (c captured) recognised(head []byte) ([]captured, io.Closer, error) {
	var known bool
	if pcap.Is(head) {
		return []captured{c}, nil, nil
	}
	if c.format, known = flows.Find(head); !known {
		return nil, nil, usagef("%s is no capture of a known format; there are pcap, pcapng, %s, also compressed", c.path, strings.Join(flows.Names(), ", "))
	}
	return []captured{c}, nil, nil
}

// members are the captures in a zip: it itself if it is one, or what it has, in
// the order of the zip. What is no capture is left out.
func (c captured) members() ([]captured, error) {
	if format, ok := flows.FindZip(c.whole); ok {
		c.format = format
		return []captured{c}, nil
	}
	var list []captured
	zipped := c.whole
	c.whole = nil
	for _, m := range zipped.File {
		c.member = m
		f, err := c.open()
		if err != nil {
			continue // a folder, or sealed with a password
		}
		head, _ := f.in.Peek(flows.HeadSize)
		found, _, err := c.recognised(head)
		_ = f.Close()
		if err == nil {
			list = append(list, found...)
		}
	}
	if len(list) == 0 {
		return nil, usagef("%s has no capture of a known format in it", c.path)
	}
	return list, nil
}

// A captureFile is a file that is read, decompressed if need be, and hashed as
// it stands.
type captureFile struct {
	io.Reader
	in    *bufio.Reader // what Reader reads
	file  *os.File      // nil for one in a zip
	close []io.Closer
	sum   hash.Hash
	size  int64
}

// maxZstdWindow bounds the memory that a compressed capture asks for.
const maxZstdWindow = 128 << 20

// openCapture opens a file.
func openCapture(path string) (*captureFile, error) { return captured{path: path}.open() }

// open opens a capture that is no zip as a whole.
func (c captured) open() (*captureFile, error) {
	f := &captureFile{sum: sha256.New()}
	var raw io.Reader
	var size int64
	if c.member != nil {
		r, err := c.member.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name(), err)
		}
		raw, size, f.close = r, int64(c.member.CompressedSize64), append(f.close, r) //nolint:gosec // a file's length
		raw = &expansion{from: raw, left: maxExpanded(size), of: c.name()}
	} else {
		file, err := os.Open(c.path)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err == nil {
			size = info.Size()
		}
		raw, f.file, f.close = io.TeeReader(file, f), file, append(f.close, file)
	}
	if err := f.decompress(raw, size, c.name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// maxLayers bounds compression in compression.
const maxLayers = 3

// decompress undoes the compression of a file. Brotli has no mark: it is told
// by the name.
func (f *captureFile) decompress(raw io.Reader, size int64, name string) error {
	f.in = bufio.NewReaderSize(raw, 256<<10)
	if strings.HasSuffix(name, ".br") {
		f.in = bufio.NewReader(&expansion{brotli.NewReader(f.in), maxExpanded(size), name})
	}
	for range maxLayers {
		plain, err := inflated(f.in)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if plain == nil {
			break
		}
		f.close = append(f.close, plain)
		f.in = bufio.NewReaderSize(&expansion{plain, maxExpanded(size), name}, 64<<10)
	}
	f.Reader = f.in
	return nil
}

// inflated undoes one compression, nil if there is none.
func inflated(in *bufio.Reader) (io.ReadCloser, error) {
	head, _ := in.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, nil
}

// maxExpanded is how much a compressed file of a size may become. Real captures
// shrink to a twentieth, and a bomb to a thousandth or less.
func maxExpanded(size int64) int64 { return 1<<30 + 256*min(size, 1<<40) }

// errBomb means that a file became too large when it was decompressed.
var errBomb = errors.New("it becomes too large when it is decompressed: 1 GiB and 256 times its size is the most; decompress it yourself if you trust it")

// An expansion bounds what a compressed file becomes.
type expansion struct {
	from io.Reader
	left int64
	of   string
}

// Read implements [io.Reader].
func (x *expansion) Read(p []byte) (int, error) {
	if x.left <= 0 {
		return 0, fmt.Errorf("%s: %w", x.of, errBomb)
	}
	n, err := x.from.Read(p[:min(int64(len(p)), x.left)])
	x.left -= int64(n)
	return n, err
}

// Write takes the bytes of the file as they are read.
func (f *captureFile) Write(p []byte) (int, error) {
	f.size += int64(len(p))
	return f.sum.Write(p)
}

// rest reads the file to its end, whatever is there, and returns what it is.
func (f *captureFile) rest() (sum string, size int64, err error) {
	if f.file != nil {
		_, err = io.Copy(f, f.file)
	}
	return hex.EncodeToString(f.sum.Sum(nil)), f.size, err
}

// Close closes the file.
func (f *captureFile) Close() error {
	var all error
	for _, c := range slices.Backward(f.close) {
		all = errors.Join(all, c.Close())
	}
	return all
}
