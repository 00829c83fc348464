package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	gohash "hash"
	"io"
	"math"
	"path"
	"sync"
)

// A Key is the random secret of a file. The salts of its pieces and of its
// leaf are made of it, so that who has none of these can guess nothing by
// trying what would give a hash.
type Key [32]byte

// saltSize is the length of a salt: 128 bits cannot be tried through.
const saltSize = 16

type salt = [saltSize]byte

// leafSalt is the number of the salt of the file's leaf. No file has as many
// pieces.
const leafSalt = math.MaxUint64

// salt returns the salt of the piece with a number.
func (k Key) salt(n uint64) salt {
	var b [len(k) + 8]byte
	copy(b[:], k[:])
	binary.BigEndian.PutUint64(b[len(k):], n)
	sum := sha256.Sum256(b[:])
	return salt(sum[:saltSize])
}

// A content is what the seal says of the bytes of a file.
type content struct {
	Size   int64
	Pieces uint64
	Hash   hash // SHA-256 of the hashes of the pieces
}

// splits reports whether a file is sealed in pieces, so that some of it can be
// withheld later. All other files are one piece.
func splits(name string) bool {
	ext := path.Ext(name)
	return ext == ".json" || ext == ".jsonl"
}

// sum reads a file and hashes it.
func sum(name string, r io.Reader, k Key) (content, error) {
	h := newHasher(func(n uint64) (salt, *hash) { return k.salt(n), nil })
	return h.sum(name, r)
}

// A hasher hashes one file piece by piece: a piece is salt and bytes.
type hasher struct {
	// next gives the salt of a piece or, where its bytes are withheld, its hash.
	next    func(n uint64) (salt, *hash)
	piece   gohash.Hash
	all     gohash.Hash
	known   *hash // of the current piece, if it is withheld
	begun   bool  // there is a current piece
	content content
	odd     bool // a withheld piece is not the mark that stands for it
	shown   bytes.Buffer
}

func newHasher(next func(uint64) (salt, *hash)) *hasher {
	return &hasher{next: next, piece: sha256.New(), all: sha256.New()}
}

func (h *hasher) sum(name string, r io.Reader) (content, error) {
	var w io.Writer = writer(h.write)
	if splits(name) {
		w = &cutter{write: h.write, end: h.end}
	}
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	_, err := io.CopyBuffer(w, onlyReader{r}, *buf)
	if h.content.Pieces == 0 && !h.begun {
		h.begin() // a file without a byte is one piece without a byte
	}
	h.end()
	h.all.Sum(h.content.Hash[:0])
	return h.content, err
}

// buffers are for reading files.
var buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// An onlyReader hides the other methods of a file, so that the buffer is used.
type onlyReader struct{ io.Reader }

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

func (h *hasher) begin() {
	h.begun = true
	var s salt
	if s, h.known = h.next(h.content.Pieces); h.known == nil {
		h.piece.Reset()
		h.piece.Write(s[:])
	}
}

func (h *hasher) write(p []byte) {
	if len(p) == 0 {
		return
	}
	if !h.begun {
		h.begin()
	}
	h.content.Size += int64(len(p))
	switch {
	case h.known == nil:
		h.piece.Write(p)
	case h.shown.Len() <= len(Withheld):
		h.shown.Write(p)
	}
}

// end closes the current piece, if there is one.
func (h *hasher) end() {
	if !h.begun {
		return
	}
	h.begun = false
	h.content.Pieces++
	if h.known != nil {
		h.odd = h.odd || h.shown.String() != Withheld
		h.shown.Reset()
		h.all.Write(h.known[:])
		return
	}
	var b hash
	h.all.Write(h.piece.Sum(b[:0]))
}

// Withheld stands in a redacted file in the place of a piece.
const Withheld = `"••••"`

// A cutter cuts JSON into pieces: a piece is a string with its quotes, or what
// stands between two strings. A string that is not closed ends before the end
// of its line; so any bytes at all can be cut. What is written to it goes to
// write in order, and end is called between two pieces; it may be called twice.
type cutter struct {
	write   func([]byte)
	end     func()
	inside  bool // a string
	escaped bool // the byte before was a backslash in a string
}

// Write implements [io.Writer]. It never fails.
func (c *cutter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if c.inside {
			rest = rest[c.string(rest):]
		} else {
			rest = rest[c.between(rest):]
		}
	}
	return len(p), nil
}

// between takes what stands before a string, and its first quote.
func (c *cutter) between(b []byte) int {
	i := bytes.IndexByte(b, '"')
	if i < 0 {
		c.write(b)
		return len(b)
	}
	c.write(b[:i])
	c.end()
	c.write(b[i : i+1])
	c.inside = true
	return i + 1
}

// string takes what belongs to a string, up to a backslash or its end.
func (c *cutter) string(b []byte) int {
	if c.escaped {
		c.escaped = false
		c.write(b[:1])
		return 1
	}
	i := bytes.IndexAny(b, "\"\\\n")
	switch {
	case i < 0:
		c.write(b)
		return len(b)
	case b[i] == '\\':
		c.escaped = true
		c.write(b[:i+1])
		return i + 1
	case b[i] == '"':
		i++
	}
	c.write(b[:i])
	c.end()
	c.inside = false
	return i
}
