package decode

import (
	"bytes"
	"crypto/rsa"
	"iter"
	"slices"

	"telltale/audit"
)

// A Keyring holds what may open encrypted layers: keys that were given, keys
// that are published, and keys that the traffic showed. It does not change and
// is safe for concurrent use. A nil Keyring holds nothing.
type Keyring struct {
	fixed   []material // given and published
	private []private
	shown   map[string][]material // by the exhibit that they stand in
	request map[request][]material
	all     []material // each key of the traffic once
}

// A private key opens envelopes.
type private struct {
	label string
	key   *rsa.PrivateKey
}

// A material is bytes that may be a key, or what a cipher needs beside one.
type material struct {
	label string // for the step of a trail: where it came from
	role  role
	data  []byte
	at    position
}

// A role is what a material may be used as.
type role uint8

const (
	asKey role = 1 << iota
	asIV       // or a nonce
	asTag
	asPassphrase
	asBlockKey // in CBC and ECB only: so published keys are used
	asBlockIV
)

// A position is where a material stands in the traffic. The zero position is
// that of a key that was given or published.
type position struct {
	exhibit string
	request request
	trail   audit.Trail
	order   int
}

// A request is an event of a case, or an entry of an archive.
type request struct {
	source string
	event  int
}

func requestOf(ex audit.Exhibit) request { return request{ex.Case, ex.Event} }

// NewKeyring returns a keyring of the published keys and of those given.
func NewKeyring(given ...Key) *Keyring {
	r := &Keyring{fixed: slices.Clone(published())}
	for _, k := range given {
		r.fixed = append(r.fixed, k.materials...)
		r.private = append(r.private, k.private...)
	}
	return r
}

// with returns a keyring that holds what was found in the traffic too. What
// the traffic shows and was given as well counts as shown.
func (r *Keyring) with(found []material) *Keyring {
	more := &Keyring{private: r.private, shown: make(map[string][]material), request: make(map[request][]material)}
	seen := make(map[string]role) // as what the traffic shows some bytes
	for _, m := range found {
		if m.at.exhibit != "" {
			more.shown[m.at.exhibit] = append(more.shown[m.at.exhibit], m)
		}
		if m.at.request.event != 0 {
			more.request[m.at.request] = append(more.request[m.at.request], m)
		}
		if m.role&^seen[string(m.data)] != 0 {
			seen[string(m.data)] |= m.role
			more.all = append(more.all, m)
		}
	}
	for _, m := range r.fixed {
		if m.role &^= seen[string(m.data)]; m.role != 0 {
			more.fixed = append(more.fixed, m)
		}
	}
	return more
}

// same reports whether another material has the same bytes.
func (m material) same(other material) bool { return bytes.Equal(m.data, other.data) }

// shownBy returns what a request, or the answer to it, shows as a role.
func (r *Keyring) shownBy(q request, as role) (list []material) {
	if q.event == 0 {
		return nil
	}
	for _, m := range r.request[q] {
		if m.role&as != 0 {
			list = append(list, m)
		}
	}
	return list
}

// A lock is what a layer is tried with, seen from where it stands.
type lock struct {
	ring    *Keyring
	exhibit string
	request request
	trail   audit.Trail
	tries   *int // that are left for the exhibit
}

// maxTries bounds what keys cost in an exhibit: each try costs about a
// microsecond.
const maxTries = 1 << 18

// lock returns the view of an exhibit.
func (r *Keyring) lock(ex audit.Exhibit) lock {
	if r == nil {
		return lock{}
	}
	tries := maxTries
	return lock{ring: r, exhibit: ex.ID, request: requestOf(ex), tries: &tries}
}

// at returns the view of the layer at a trail.
func (l lock) at(t audit.Trail) lock {
	l.trail = t
	return l
}

// holds reports whether there is anything to try.
func (l lock) holds() bool {
	return l.ring != nil && len(l.ring.fixed)+len(l.ring.private)+len(l.ring.all) > 0
}

// Bounds of what is tried from the traffic on one layer. What stands in other
// requests comes last and is few: each key of the traffic is tried on each
// layer, and with both the work would grow as the square of the traffic.
const (
	maxKeys   = 256
	maxIVs    = 16
	maxOthers = 64
)

// candidates returns the materials of a role in the order in which they are
// tried, at most n of the traffic, each once: those given and published, then
// those of the same exhibit, the nearest first, and of the same request.
func (l lock) candidates(as role, n int) (list []material) {
	n += len(l.ring.fixed)
	list = l.add(list, as, n, slices.Values(l.ring.fixed))
	list = l.add(list, as, n, slices.Values(l.nearest()))
	return l.add(list, as, n, slices.Values(l.ring.request[l.request]))
}

// keys returns the candidates and some keys of other requests: those that the
// traffic shows first, such as the one that a program fetches when it starts,
// and those that it showed last before.
func (l lock) keys(as role) (list []material) {
	list = l.candidates(as, maxKeys)
	own := len(list)
	list = l.add(list, as, own+maxOthers/2, slices.Values(l.ring.all))
	return l.add(list, as, own+maxOthers, l.before())
}

// add appends materials of a role to a list of at most n, each once.
func (l lock) add(list []material, as role, n int, more iter.Seq[material]) []material {
	for m := range more {
		if len(list) >= n {
			break
		}
		if m.role&as == 0 || slices.ContainsFunc(list, m.same) {
			continue
		}
		if m.at.exhibit != "" && m.at.exhibit != l.exhibit {
			m.label = m.at.exhibit + "/" + m.label
		}
		list = append(list, m)
	}
	return list
}

// before yields what the traffic of the same source showed up to the request,
// the last one first.
func (l lock) before() iter.Seq[material] {
	return func(yield func(material) bool) {
		for _, m := range slices.Backward(l.ring.all) {
			at := m.at.request
			if at.source == l.request.source && at.event < l.request.event && !yield(m) {
				return
			}
		}
	}
}

// nearest returns the materials of the exhibit, first those that have most
// steps of their trail in common with the layer.
func (l lock) nearest() []material {
	own := l.ring.shown[l.exhibit]
	if len(own) < 2 {
		return own
	}
	own = slices.Clone(own)
	slices.SortStableFunc(own, func(a, b material) int { return shared(b.at.trail, l.trail) - shared(a.at.trail, l.trail) })
	return own
}

// shared counts the bytes that two trails have in common from the start.
func shared(a, b audit.Trail) int {
	n := 0
	for i := range min(len(a), len(b)) {
		k := 0
		for k < min(len(a[i]), len(b[i])) && a[i][k] == b[i][k] {
			k++
		}
		n += k
		if a[i] != b[i] {
			break
		}
	}
	return n
}
