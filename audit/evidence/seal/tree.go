package seal

import (
	"bytes"
	"crypto/sha256"
	"math/bits"
	"slices"
)

// A hash is a SHA-256.
type hash = [sha256.Size]byte

// What the hashes of leaves and of nodes begin with (RFC 6962, section 2.1).
const (
	leafPrefix = 0
	nodePrefix = 1
)

// root returns the Merkle tree hash over leaves, which it sorts by their hashes.
// Their order must not come from what is in the files: a body is named by its
// hash, and the place of a withheld one among the others would tell of it.
func root(leaves []hash) hash {
	slices.SortFunc(leaves, func(a, b hash) int { return bytes.Compare(a[:], b[:]) })
	var t tree
	for _, l := range leaves {
		t.add(l)
	}
	return t.root()
}

// A tree computes the Merkle tree hash of RFC 6962 over leaves that come one
// by one. It keeps one hash for each bit of their number.
type tree struct {
	leaves uint64
	full   []hash // roots of the full subtrees to the left, largest first
}

// add appends a leaf by its hash.
func (t *tree) add(leaf hash) {
	t.leaves++
	for range bits.TrailingZeros64(t.leaves) {
		last := len(t.full) - 1
		leaf = node(t.full[last], leaf)
		t.full = t.full[:last]
	}
	t.full = append(t.full, leaf)
}

// root returns the hash of the tree. That of no leaves is the hash of nothing.
func (t *tree) root() hash {
	if len(t.full) == 0 {
		return sha256.Sum256(nil)
	}
	root := t.full[len(t.full)-1]
	for i := len(t.full) - 2; i >= 0; i-- {
		root = node(t.full[i], root)
	}
	return root
}

func node(left, right hash) hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// leafHash is the hash of a leaf that consists of some parts.
func leafHash(parts ...[]byte) hash {
	h := sha256.New()
	h.Write([]byte{leafPrefix})
	for _, p := range parts {
		h.Write(p)
	}
	return hash(h.Sum(nil))
}
