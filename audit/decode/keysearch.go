package decode

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"

	"telltale/audit"
)

// A KeySearch looks for keys in exhibits while they are peeled, and notes which
// of them keys may open. It is safe for concurrent use; what it found depends
// on the exhibits alone.
type KeySearch struct {
	base *Keyring

	mu     sync.Mutex
	found  []material
	sealed map[string]bool
}

// NewKeySearch returns a search that starts from the keys of a ring, which may
// be nil. Its private keys open keys that are wrapped.
func NewKeySearch(base *Keyring) *KeySearch {
	if base == nil {
		base = &Keyring{}
	}
	return &KeySearch{base: base, sealed: make(map[string]bool)}
}

// Bounds of what is kept.
const (
	maxOfExhibit = 128
	maxFound     = 1 << 14
)

// Watch yields the values of an exhibit and notes the keys among them.
func (s *KeySearch) Watch(ex audit.Exhibit, values iter.Seq2[audit.Value, error]) iter.Seq2[audit.Value, error] {
	return func(yield func(audit.Value, error) bool) {
		var found []material
		sealed := false
		defer func() { s.note(ex, found, sealed) }()
		for v, err := range values {
			if err == nil {
				sealed = sealed || mayOpen(v)
				if len(found) < maxOfExhibit {
					found = s.collect(ex, v, found)
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// mayOpen reports whether a key may open a value. One that was opened already
// counts too: its key may stand in the traffic as well, which has to be said.
func mayOpen(v audit.Value) bool {
	data := v.Data.Reveal()
	return audit.Key(v.Trail[len(v.Trail)-1]) != "" || v.Leaf && (sealable(data) || sealedDigits(data))
}

// collect adds the keys of a value, with copies of their bytes, so that the
// exhibit's may go.
func (s *KeySearch) collect(ex audit.Exhibit, v audit.Value, found []material) []material {
	for _, m := range s.base.materials(v.Trail, v.Data.Reveal()) {
		m.data = bytes.Clone(m.data)
		m.at = position{ex.ID, requestOf(ex), slices.Clone(v.Trail), len(found)}
		found = append(found, m)
	}
	return found
}

// note keeps what an exhibit showed. When there is too much, what stands first
// in the traffic stays.
func (s *KeySearch) note(ex audit.Exhibit, found []material, sealed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sealed {
		s.sealed[ex.ID] = true
	}
	s.found = append(s.found, found...)
	if len(s.found) > 2*maxFound {
		s.cut()
	}
}

func (s *KeySearch) cut() {
	slices.SortStableFunc(s.found, func(a, b material) int {
		return cmp.Or(cmp.Compare(len(a.at.exhibit), len(b.at.exhibit)), strings.Compare(a.at.exhibit, b.at.exhibit),
			cmp.Compare(a.at.order, b.at.order))
	})
	s.found = s.found[:min(len(s.found), maxFound)]
}

// Sealed reports whether there is an exhibit that keys may open.
func (s *KeySearch) Sealed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sealed) > 0
}

// MayOpen reports whether keys may open an exhibit that was watched.
func (s *KeySearch) MayOpen(exhibit string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sealed[exhibit]
}

// Opens reports whether one of the values was opened with a key, or something
// could not be read: then more may be known than before.
func Opens(values iter.Seq2[audit.Value, error]) bool {
	for v, err := range values {
		if err != nil || audit.Key(v.Trail[len(v.Trail)-1]) != "" {
			return true
		}
	}
	return false
}

// Keyring returns the keys that the search started from and those that it
// found, nil if it found none.
func (s *KeySearch) Keyring() *Keyring {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.found) == 0 {
		return nil
	}
	s.cut()
	return s.base.with(s.found)
}
