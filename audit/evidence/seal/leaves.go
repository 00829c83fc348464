package seal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"unicode/utf8"
)

// A leaf is one line of leaves.jsonl. In a whole case it has Path and Key. In
// a redacted one, a file of which pieces are withheld has Path and Salt, and a
// file that is withheld has Leaf alone. Lines with a path are in the order of
// the paths; the others follow, in the order of the hashes.
type leaf struct {
	Path   string  `json:"path,omitempty"`
	Size   int64   `json:"size,omitempty"`
	Pieces uint64  `json:"pieces,omitempty"`
	Hash   *Digest `json:"hash,omitempty"`
	Key    *Digest `json:"key,omitempty"`
	Salt   string  `json:"salt,omitempty"` // of the leaf, hex
	Leaf   *Digest `json:"leaf,omitempty"` // hash of the leaf
}

// newLeaf is the leaf of a whole file.
func newLeaf(path string, c content, k Key) leaf {
	h, key := Digest(c.Hash), Digest(k)
	return leaf{Path: path, Size: c.Size, Pieces: c.Pieces, Hash: &h, Key: &key}
}

// content is what the leaf says of the file's bytes.
func (l leaf) content() content { return content{l.Size, l.Pieces, hash(*l.Hash)} }

// hash is the hash of the leaf in the tree: of its salt, size, number of
// pieces, hash and path.
func (l leaf) hash() hash {
	if l.Leaf != nil {
		return hash(*l.Leaf)
	}
	var s salt
	if l.Key != nil {
		s = Key(*l.Key).salt(leafSalt)
	} else {
		_, _ = hex.Decode(s[:], []byte(l.Salt)) // check has looked at it
	}
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(l.Size)) //nolint:gosec // check has looked at it
	b = binary.BigEndian.AppendUint64(b, l.Pieces)
	return leafHash(s[:], b, l.Hash[:], []byte(l.Path))
}

var errLeaf = errors.New("the line does not say what a line of this file says")

// check reports whether a leaf that was read has what one of the three kinds
// has, and nothing else.
func (l leaf) check() error {
	whole, part, gone := l.Key != nil, l.Salt != "", l.Leaf != nil
	switch {
	case gone:
		if l != (leaf{Leaf: l.Leaf}) {
			return errLeaf
		}
		return nil
	case whole == part || l.Hash == nil || l.Size < 0:
		return errLeaf
	case part && unhex(make([]byte, saltSize), []byte(l.Salt)) != nil:
		return errLeaf
	}
	return checkPath(l.Path)
}

// checkPath refuses the name of a file that cannot be sealed, or could lead
// out of the case.
func checkPath(path string) error {
	if !fs.ValidPath(path) || path == "." || !utf8.ValidString(path) || strings.ContainsAny(path, "\\\x00") {
		return fmt.Errorf("%q is no name for a file of a case: it has to be a path in UTF-8 below the folder", path)
	}
	return nil
}

// before reports whether a path comes before another in the tree: the paths
// are compared folder by folder, each name by its bytes.
func before(a, b string) bool {
	return strings.ReplaceAll(a, "/", "\x00") < strings.ReplaceAll(b, "/", "\x00")
}

// goesBefore reports whether the line of l comes before that of another.
func (l leaf) goesBefore(next leaf) bool {
	if l.Leaf == nil && next.Leaf == nil {
		return before(l.Path, next.Path)
	}
	return next.Leaf != nil && (l.Leaf == nil || bytes.Compare(l.Leaf[:], next.Leaf[:]) < 0)
}

func (l leaf) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(l)
	return b.Bytes(), err
}

// maxLeaf bounds one line of leaves.jsonl.
const maxLeaf = 64 << 10

// errOrder means that the lines were moved.
var errOrder = errors.New("the line is not in its place: the files are listed in order")

// leaves reads leaves.jsonl. It stops at the first line that is not as this
// program writes it.
func leaves(r io.Reader) iter.Seq2[leaf, error] {
	return func(yield func(leaf, error) bool) {
		in := bufio.NewReaderSize(r, maxLeaf)
		var last leaf
		for n := 1; ; n++ {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			var l leaf
			if err == nil {
				l, err = parseLeaf(line)
			}
			if err == nil && n > 1 && !last.goesBefore(l) {
				err = errOrder
			}
			if err != nil {
				yield(l, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if last = l; !yield(l, nil) {
				return
			}
		}
	}
}

func parseLeaf(line []byte) (leaf, error) {
	var l leaf
	if err := json.Unmarshal(line, &l); err != nil {
		return l, err
	}
	if err := l.check(); err != nil {
		return l, err
	}
	if again, err := l.encode(); err != nil || !bytes.Equal(again, line) {
		return l, errLeaf
	}
	return l, nil
}
