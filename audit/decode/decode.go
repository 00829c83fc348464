// Package decode peels an exhibit, layer by layer, to its values.
//
// Every layer is a value, the raw bytes being the first. Each decoder of the
// table in decoders.go that recognises a layer adds layers below it; a layer
// that no decoder recognises is a leaf. Layers come in order of depth, and
// within one depth in the order of the table and of the bytes: the order is
// part of the behaviour.
//
// The same bytes are taken apart by the same decoder once in an exhibit. Where
// they stand a second time, that layer is a value too, but nothing below it.
//
// To add a decoder, add a file and a row of the table.
package decode

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"telltale/audit"
)

// Limits bound what one exhibit can cost.
type Limits struct {
	Depth  int   // steps of a trail after the first
	Bytes  int64 // that all decoders together may give
	Layers int   // values of an exhibit
}

// DefaultLimits suit a captured request: the longest chain that is known from
// real software has six steps.
var DefaultLimits = Limits{Depth: 12, Bytes: 64 << 20, Layers: 100_000}

// room is how much one decompression may give: a quarter, so that a bomb
// leaves something for the rest.
func (l Limits) room() int64 { return l.Bytes / 4 }

// A Peeler takes exhibits apart. It is safe for concurrent use.
type Peeler struct {
	keys  *Keyring
	cribs *Cribs
	free  sync.Pool // of peelings that are done
}

// NewPeeler returns a peeler that keeps to the limits with each exhibit, and
// opens what the keys open.
func NewPeeler(o Options) *Peeler {
	p := &Peeler{keys: o.Keys, cribs: o.Cribs}
	p.free.New = func() any { return newPeeling(o.Limits) }
	return p
}

// Values yields every layer of an exhibit that can be read without a key; see
// [Peeler.Values].
func Values(ex audit.Exhibit, lim Limits) iter.Seq2[audit.Value, error] {
	return NewPeeler(Options{Limits: lim}).Values(ex)
}

// Values yields every layer of an exhibit. A limit that was hit, or a layer
// that breaks off, is an error beside a value that holds exhibit and trail
// only. Each limit is reported where it was hit first, and the rest goes on.
//
// The trails and spans of the values share their arrays; [audit.Value.Clone]
// makes one that may be kept for long.
func (pr *Peeler) Values(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
	return func(yield func(audit.Value, error) bool) {
		p := pr.free.Get().(*peeling) //nolint:forcetypeassert // it holds nothing else
		defer func() {
			if p.reset() {
				pr.free.Put(p)
			}
		}()
		p.media, p.lock, p.cribs = ex.Type, pr.keys.lock(ex), pr.cribs
		p.queue = append(p.queue, audit.Value{Exhibit: ex.ID, Trail: audit.Trail{ex.Part}, Data: ex.Data})
		for next := 0; next < len(p.queue); next++ {
			v := p.queue[next]
			p.queue[next] = audit.Value{} // its bytes may go
			if !yield(p.peel(v), nil) || !p.report(ex.ID, yield) {
				return
			}
		}
	}
}

// A peeling is the work on one exhibit, and then on another: most are small,
// and making maps and lists would cost as much as the decoders.
type peeling struct {
	lim      Limits
	media    string        // of the exhibit
	left     int64         // of lim.Bytes
	layers   int           // so far
	queue    []audit.Value // from the first to the last, those that are done are empty
	trails   slab[string]
	spans    slab[audit.Span]
	done     map[work]outcome
	hit      map[error]bool
	problems []problem
	memory   memory
	note     *account // of the layer that is decoded, nil if it is not to be remembered
	lock     lock
	cribs    *Cribs

	above audit.Value // the layer that a decoder is at work on
	got   outcome     // of that
	emit  func(part) bool
}

func newPeeling(lim Limits) *peeling {
	p := &peeling{
		lim: lim, left: lim.Bytes, layers: 1,
		done: make(map[work]outcome), hit: make(map[error]bool), memory: memory{of: make(map[string]map[string]*account)},
	}
	p.emit = p.take
	return p
}

// reset makes p ready for another exhibit, unless it has grown large.
func (p *peeling) reset() bool {
	if cap(p.queue) > 8*slabSize {
		return false
	}
	clear(p.queue)
	clear(p.done)
	clear(p.hit)
	p.left, p.layers = p.lim.Bytes, 1
	p.queue, p.problems, p.above, p.lock = p.queue[:0], nil, audit.Value{}, lock{}
	return true
}

// work is what one decoder does to one sequence of bytes.
type work struct {
	sum     [sha256.Size]byte
	decoder int
}

// An outcome says how much of a layer a decoder could read.
type outcome int

const (
	nothing outcome = iota
	some            // it broke off
	all
)

// A problem is something that could not be done to the layer at a trail.
type problem struct {
	trail audit.Trail
	err   error
}

// The limits, as the errors that name them.
var (
	errDepth  = errors.New("too deep: the limit of steps is hit; what is below is not read")
	errBytes  = errors.New("too many bytes: the limit of the exhibit is hit; this is not read")
	errLayers = errors.New("too many values: the limit of the exhibit is hit; this and what follows is not read")
)

// peel queues the layers below v, and says whether v is a leaf.
func (p *peeling) peel(v audit.Value) audit.Value {
	in := layer{
		step: v.Trail[len(v.Trail)-1], data: v.Data.Reveal(), room: min(p.lim.room(), p.left), lock: p.lock.at(v.Trail),
		cribs: p.cribs,
	}
	if len(v.Trail) == 1 {
		in.media = p.media
	}
	fitting := firstSights.fitting(in.data)
	v.Leaf = fitting == decoderSet{} || !p.branch(in, fitting, v)
	if v.Opaque = v.Leaf && unread(in) && !secondReading(v.Trail); v.Opaque {
		v.Size, v.Entropy = len(in.data), entropy(in.data)
	}
	return v
}

// branch runs the decoders on a layer, or does again what they did to the same
// bytes before, and reports whether there is anything below it.
func (p *peeling) branch(in layer, fitting decoderSet, v audit.Value) bool {
	if known := p.memory.recall(in); known != nil {
		return p.repeat(known, v)
	}
	if p.note = nil; p.memory.holds(in) && in.room == p.lim.room() {
		p.note = new(account)
	}
	w, found := work{decoder: -1}, nothing
	for i := range fitting.all() {
		d := &decoders[i]
		if !d.gate(in) {
			continue
		}
		if w.decoder < 0 { // most leaves pass no gate and need no digest
			w.sum = sha256.Sum256(in.data)
		}
		w.decoder = i
		got, again := p.done[w]
		if again || d.keyed {
			p.note = nil
		}
		if !again {
			got = p.decode(w, in, v)
		}
		found = max(found, got)
		if got == all && d.covers {
			break
		}
	}
	if p.note != nil {
		p.note.sum = w.sum
		p.memory.keep(in, *p.note)
	}
	return found != nothing
}

// repeat gives the parts of a layer that is remembered.
func (p *peeling) repeat(known *account, v audit.Value) bool {
	p.note = nil
	found := nothing
	for i := range known.attempts {
		r := &known.attempts[i]
		w := work{known.sum, r.decoder}
		got, again := p.done[w]
		if !again {
			p.above, p.got = v, nothing
			for k := range r.parts {
				if !p.take(r.parts[k]) {
					break
				}
			}
			got = p.outcome(w, v, r.err)
		}
		found = max(found, got)
		if got == all && decoders[r.decoder].covers {
			break
		}
	}
	return found != nothing
}

// secondReading reports whether a layer is below the joined path of an address,
// or below other values that were joined: they are layers themselves. Joined,
// they may be read as digits of one long number that nobody wrote; that is no
// unread content.
func secondReading(t audit.Trail) bool {
	return len(t) > 1 && t[len(t)-2] == "path" || slices.ContainsFunc(t, isJoin)
}

func isJoin(step string) bool { return strings.HasSuffix(step, "-join") }

// decode runs one decoder on the layer v.
func (p *peeling) decode(w work, in layer, v audit.Value) outcome {
	p.above, p.got = v, nothing
	if p.note != nil {
		p.note.attempts = append(p.note.attempts, attempt{decoder: w.decoder})
	}
	err := decoders[w.decoder].decode(in, p.emit)
	if p.note != nil {
		p.note.attempts[len(p.note.attempts)-1].err = err
	}
	return p.outcome(w, v, err)
}

// outcome files what became of the layer v.
func (p *peeling) outcome(w work, v audit.Value, err error) outcome {
	got := p.got
	if err != nil {
		got = min(got, some)
		if !slices.ContainsFunc(v.Trail, isJoin) { // nobody wrote such a layer
			p.problems = append(p.problems, problem{v.Trail, fmt.Errorf("%v: %s: %w", v.Trail, decoders[w.decoder].name, err)})
		}
	}
	p.done[w] = got
	return got
}

// take is what decoders hand their parts to.
func (p *peeling) take(out part) bool {
	if len(out.data) == 0 {
		return true
	}
	p.got = all
	if more := p.add(p.above, out); !more {
		p.note = nil
		return false
	}
	if p.note != nil && !p.note.add(out) {
		p.note = nil
	}
	return true
}

// add queues one layer below v, and reports whether another one may follow.
func (p *peeling) add(v audit.Value, out part) bool {
	cost := int64(len(out.data) + len(out.step)) // names are hostile too
	switch {
	case len(v.Trail) > p.lim.Depth:
		return p.limit(v.Trail.Then(out.step), errDepth)
	case p.layers >= p.lim.Layers:
		return p.limit(v.Trail.Then(out.step), errLayers)
	case cost > p.left:
		p.limit(v.Trail.Then(out.step), errBytes)
		return true // a smaller one may fit
	}
	p.left -= cost
	p.layers++
	p.queue = append(p.queue, audit.Value{
		Exhibit: v.Exhibit,
		Trail:   p.trails.with(v.Trail, out.step),
		Spans:   p.spans.with(v.Spans, out.span),
		Data:    audit.NewSecret(out.data),
	})
	return true
}

// limit notes that a limit was hit, the first time, and returns false.
func (p *peeling) limit(trail audit.Trail, err error) bool {
	if !p.hit[err] {
		p.hit[err] = true
		p.problems = append(p.problems, problem{trail, fmt.Errorf("%v: %w", trail, err)})
	}
	return false
}

// report yields the problems of the last layer.
func (p *peeling) report(exhibit string, yield func(audit.Value, error) bool) bool {
	for _, pr := range p.problems {
		if !yield(audit.Value{Exhibit: exhibit, Trail: pr.trail}, pr.err) {
			return false
		}
	}
	p.problems = p.problems[:0]
	return true
}
