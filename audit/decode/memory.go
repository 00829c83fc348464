package decode

import (
	"crypto/sha256"
	"strings"
)

// A memory keeps what short layers gave. Requests of one program say the same
// again and again: its name, its language, its device. In the next exhibit such
// a layer gives the same, without any decoder.
type memory struct {
	of   map[string]map[string]*account // by what decoders see of the step, and by the bytes
	size int                            // bytes that it holds, about
}

// The bounds of what is remembered.
const (
	maxRemembered = 4 << 10  // bytes of a layer
	maxPortions   = 256      // parts that one decoder made of it
	maxGiven      = 16 << 10 // bytes of all of them
	maxMemory     = 8 << 20  // bytes of all of it
)

// An account says what became of a layer: the decoders whose gate it passed, in
// order. Of a layer that gave nothing it has none.
type account struct {
	sum      [sha256.Size]byte
	attempts []attempt
	size     int // bytes of all parts
}

// An attempt is what one decoder made of a layer.
type attempt struct {
	decoder int
	parts   []part
	err     error
}

// sort returns what the decoders see of a step: its kind and, because cookies
// have a decoder of their own, the names of header fields; of a first layer also
// the media type.
func (in layer) sort() string {
	kind, _, _ := strings.Cut(in.step, ":")
	switch {
	case in.media != "":
		return in.step + "\n" + in.media
	case kind == "header":
		return in.step
	default:
		return kind
	}
}

// holds reports whether a layer is of the kind that is remembered.
func (m *memory) holds(in layer) bool { return len(in.data) <= maxRemembered }

// recall returns the account of a layer, nil if there is none.
func (m *memory) recall(in layer) *account {
	if !m.holds(in) {
		return nil
	}
	return m.of[in.sort()][string(in.data)]
}

// add notes a part that the last decoder gave, and reports whether the account
// may still be kept.
func (a *account) add(out part) bool {
	t := &a.attempts[len(a.attempts)-1]
	t.parts = append(t.parts, out)
	a.size += len(out.data) + len(out.step)
	return a.size <= maxGiven && len(t.parts) <= maxPortions
}

// keep files the account of a layer. The parts are copied, so that no exhibit
// is held by a piece of it.
func (m *memory) keep(in layer, a account) {
	sort, size := in.sort(), len(in.data)+a.size
	if m.size += size; m.size > maxMemory {
		clear(m.of)
		m.size = size
	}
	if m.of[sort] == nil {
		m.of[strings.Clone(sort)] = make(map[string]*account)
	}
	data := make([]byte, 0, a.size)
	for _, t := range a.attempts {
		for i := range t.parts {
			start := len(data)
			data = append(data, t.parts[i].data...)
			t.parts[i].data = data[start:len(data):len(data)]
		}
	}
	m.of[sort][string(in.data)] = &a
}
