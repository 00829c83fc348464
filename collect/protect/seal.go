package protect

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// A Journal seals events for a log on disk and opens them again. What it opens
// was sealed with the same key, so that no file can make an [Event] that did not
// pass the gate.
type Journal struct{ key []byte }

// NewJournal returns a journal with a key of 32 bytes.
func NewJournal(key []byte) *Journal { return &Journal{key} }

// Sealed is events in a form for a log. Only a [Segment] makes one.
type Sealed struct{ data []byte }

// Bytes returns what is to be written.
func (s Sealed) Bytes() []byte { return s.data }

// A Segment seals and opens for one file of a log. Each file has a key of its
// own and each piece a number, so that no piece can stand in another place. It
// is not safe for concurrent use.
type Segment struct {
	aead cipher.AEAD
	next uint64
	buf  []byte
}

// Segment returns what seals and opens for the file of that number. A number
// must be used for one file only, or nothing of what is sealed stays secret.
func (j *Journal) Segment(number uint64) (*Segment, error) {
	block, err := aes.NewCipher(Derive(j.key, "segment "+strconv.FormatUint(number, 10)))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Segment{aead: aead}, nil
}

// Seal seals events as the next piece.
func (s *Segment) Seal(events []Event) Sealed {
	s.buf = s.buf[:0]
	for i := range events {
		s.buf = events[i].append(s.buf)
	}
	out := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(s.buf)+s.aead.Overhead()), s.next)
	s.next++
	return Sealed{s.aead.Seal(out, s.nonce(out), s.buf, nil)}
}

// nonce makes one of the number that a piece begins with.
func (s *Segment) nonce(piece []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize())
	copy(nonce, piece[:8])
	return nonce
}

// errSealed says no more than it must: what cannot be opened may be anything.
var errSealed = errors.New("opening a piece of the log: it was not sealed with the key of this folder")

// Open returns the events of a piece. Pieces come in the order in which they
// were sealed, and none comes twice.
func (s *Segment) Open(piece []byte) ([]Event, error) {
	if len(piece) < 8 {
		return nil, errSealed
	}
	number := binary.BigEndian.Uint64(piece)
	if number < s.next {
		return nil, errSealed
	}
	s.next = number + 1
	clear, err := s.aead.Open(nil, s.nonce(piece), piece[8:], nil)
	if err != nil {
		return nil, errSealed
	}
	var events []Event
	for len(clear) > 0 {
		var e Event
		if clear, err = e.read(clear); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// form is the version of the bytes of an event.
const form = 1

// append writes the event as bytes: texts with their length, numbers as varints.
func (e *Event) append(out []byte) []byte {
	out = append(out, form)
	for _, s := range [...]string{e.project, e.name, e.region, e.browser, e.props} {
		out = append(binary.AppendUvarint(out, uint64(len(s))), s...)
	}
	for _, n := range [...]int64{e.time, e.period, e.version} {
		out = binary.AppendVarint(out, n)
	}
	out = binary.BigEndian.AppendUint64(out, uint64(e.subject))
	return binary.BigEndian.AppendUint64(out, e.stamp)
}

// read reads an event and returns the bytes after it.
func (e *Event) read(in []byte) (rest []byte, err error) {
	bad := fmt.Errorf("opening a piece of the log: an event breaks off, or is of a later version than %d; use the program that wrote it", form)
	if in[0] != form {
		return nil, bad
	}
	in = in[1:]
	for _, s := range [...]*string{&e.project, &e.name, &e.region, &e.browser, &e.props} {
		n, used := binary.Uvarint(in)
		if used <= 0 || n > uint64(len(in)-used) { //nolint:gosec // a length is not negative
			return nil, bad
		}
		end := used + int(n) //nolint:gosec // not more than len(in)
		*s, in = string(in[used:end]), in[end:]
	}
	for _, v := range [...]*int64{&e.time, &e.period, &e.version} {
		n, used := binary.Varint(in)
		if used <= 0 {
			return nil, bad
		}
		*v, in = n, in[used:]
	}
	if len(in) < 16 {
		return nil, bad
	}
	e.subject, e.stamp = Subject(binary.BigEndian.Uint64(in)), binary.BigEndian.Uint64(in[8:])
	return in[16:], nil
}
