// Package packet reads the files that packet captures are kept in, pcap and
// pcapng (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng), and takes IP
// datagrams out of their packets, whatever the link they were seen on.
package packet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// A Packet is one packet of a file. Data is valid until the next is read.
type Packet struct {
	Time time.Time
	Link Link
	Data []byte
	Size int // on the wire: more than Data has if the capture cut it short
}

// ErrFormat means that a file is no packet capture.
var ErrFormat = errors.New("neither pcap nor pcapng")

// maxBlock bounds one packet or block, and so the memory that a file can ask for.
const maxBlock = 16 << 20

// Magic numbers of pcap: microseconds and nanoseconds. Kuznetzov's variant has
// eight more bytes a packet.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34
	magicNG       = 0x0a0d0d0a // a palindrome: the same in both byte orders
)

// Is reports whether a file that begins with head is a packet capture.
func Is(head []byte) bool {
	_, _, ok := magic(head)
	return ok
}

// magic finds out byte order and kind of a file by its first four bytes.
func magic(head []byte) (binary.ByteOrder, uint32, bool) {
	if len(head) < 4 {
		return nil, 0, false
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch m := order.Uint32(head); m {
		case magicMicro, magicNano, magicModified, magicNG:
			return order, m, true
		}
	}
	return nil, 0, false
}

// A Reader reads the packets of a file.
type Reader struct {
	// Secrets, if set, is called with every TLS key log that a pcapng file
	// carries (Decryption Secrets Block). The bytes are valid during the call.
	Secrets func(keyLog []byte)

	in    *bufio.Reader
	order binary.ByteOrder
	buf   []byte
	next  func() (Packet, error)
	ng    bool

	// of pcap
	link  Link
	nanos int64 // of one unit of the fraction
	extra int   // bytes after a packet's header

	ifaces []iface // of pcapng
}

// NewReader reads the head of a file. The error wraps [ErrFormat] if it is no
// capture.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, _ := in.Peek(4)
	order, kind, ok := magic(head)
	if !ok {
		return nil, fmt.Errorf("a packet capture: it begins with % x: %w", head, ErrFormat)
	}
	f := &Reader{in: in, order: order}
	if kind == magicNG {
		f.next, f.ng = f.nextBlock, true
		return f, nil
	}
	f.next = f.nextRecord
	return f, f.head(kind)
}

// MayHaveSecrets reports whether the format of the file has a place for keys.
func (f *Reader) MayHaveSecrets() bool { return f.ng }

// Next returns the next packet, io.EOF after the last. Any other error is the
// end as well: after it nothing can be read.
func (f *Reader) Next() (Packet, error) { return f.next() }

// ErrCut means that a file ends in the middle of a packet or block.
var ErrCut = errors.New("the file breaks off here")

// head reads the head of a pcap file.
func (f *Reader) head(kind uint32) error {
	b, err := f.read(24)
	if err != nil {
		return fmt.Errorf("the head of a pcap file: %w", err)
	}
	f.link = Link(f.order.Uint32(b[20:]) & 0xffff) // above it: length of a checksum
	f.nanos = 1000
	switch kind {
	case magicNano:
		f.nanos = 1
	case magicModified:
		f.extra = 8
	}
	return nil
}

// nextRecord reads a packet of a pcap file.
func (f *Reader) nextRecord() (Packet, error) {
	if _, err := f.in.Peek(1); err != nil {
		return Packet{}, err
	}
	b, err := f.read(16 + f.extra)
	if err != nil {
		return Packet{}, err
	}
	seconds, fraction := f.order.Uint32(b), f.order.Uint32(b[4:])
	length, size := f.order.Uint32(b[8:]), f.order.Uint32(b[12:])
	if length > maxBlock {
		return Packet{}, fmt.Errorf("a packet of %d bytes: the file is damaged here", length)
	}
	data, err := f.read(int(length))
	if err != nil {
		return Packet{}, err
	}
	return Packet{
		Time: time.Unix(int64(seconds), int64(fraction)*f.nanos).UTC(),
		Link: f.link, Data: data, Size: int(max(size, length)),
	}, nil
}

// read returns n bytes that are valid until the next call.
func (f *Reader) read(n int) ([]byte, error) {
	if n > cap(f.buf) {
		// No more than twice what has arrived is made room for: a length is
		// only a word of the file.
		return f.grow(n)
	}
	b := f.buf[:n]
	_, err := io.ReadFull(f.in, b)
	return b, cut(err)
}

// grow reads n bytes into a buffer that grows as they come.
func (f *Reader) grow(n int) ([]byte, error) {
	const step = 64 << 10
	b := f.buf[:0]
	for len(b) < n {
		m := min(n-len(b), max(len(b), step))
		b = append(b, make([]byte, m)...)
		if _, err := io.ReadFull(f.in, b[len(b)-m:]); err != nil {
			return nil, cut(err)
		}
	}
	f.buf = b
	return b, nil
}

// cut names an end that comes too early.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return err
}
