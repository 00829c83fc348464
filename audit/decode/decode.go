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

// Values yields every layer of an exhibit that can be read without a key; see
// [Options.Values].
func Values(ex audit.Exhibit, lim Limits) iter.Seq2[audit.Value, error] {
	return Options{Limits: lim}.Values(ex)
}

// Values yields every layer of an exhibit. A limit that was hit, or a layer
// that breaks off, is an error beside a value that holds exhibit and trail
// only. Each limit is reported where it was hit first, and the rest goes on.
func (o Options) Values(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
	return func(yield func(audit.Value, error) bool) {
		lim := o.Limits
		p := &peeler{lim: lim, left: lim.Bytes, layers: 1, done: make(map[work]outcome), hit: make(map[error]bool), lock: o.Keys.lock(ex)}
		p.queue = []audit.Value{{Exhibit: ex.ID, Trail: audit.Trail{ex.Part}, Data: ex.Data}}
		for len(p.queue) > 0 {
			v := p.queue[0]
			p.queue = p.queue[1:]
			if !yield(p.peel(v), nil) || !p.report(ex.ID, yield) {
				return
			}
		}
	}
}

// A peeler is the work on one exhibit.
type peeler struct {
	lim      Limits
	left     int64 // of lim.Bytes
	layers   int   // so far
	queue    []audit.Value
	done     map[work]outcome
	hit      map[error]bool
	problems []problem
	lock     lock
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
func (p *peeler) peel(v audit.Value) audit.Value {
	in := layer{step: v.Trail[len(v.Trail)-1], data: v.Data.Reveal(), room: min(p.lim.room(), p.left), lock: p.lock.at(v.Trail)}
	w := work{decoder: -1}
	v.Leaf = true
	for i, d := range decoders {
		if !d.gate(in) {
			continue
		}
		if w.decoder < 0 { // most leaves pass no gate and need no digest
			w.sum = sha256.Sum256(in.data)
		}
		w.decoder = i
		got, again := p.done[w]
		if !again {
			got = p.decode(d, in, v)
			p.done[w] = got
		}
		v.Leaf = v.Leaf && got == nothing
		if got == all && d.covers {
			break
		}
	}
	if v.Opaque = v.Leaf && unread(in) && !secondReading(v.Trail); v.Opaque {
		v.Size, v.Entropy = len(in.data), entropy(in.data)
	}
	return v
}

// secondReading reports whether a layer is below the joined path of an address,
// whose segments are layers themselves. Joined, they may be read as digits of
// one long number that nobody wrote; that is no unread content.
func secondReading(t audit.Trail) bool { return len(t) > 1 && t[len(t)-2] == "path" }

// decode runs one decoder on the layer v.
func (p *peeler) decode(d decoder, in layer, v audit.Value) outcome {
	got := nothing
	err := d.decode(in, func(out part) bool {
		if len(out.data) == 0 {
			return true
		}
		got = all
		return p.add(v, out)
	})
	if err != nil {
		p.problems = append(p.problems, problem{v.Trail, fmt.Errorf("%v: %s: %w", v.Trail, d.name, err)})
		return min(got, some)
	}
	return got
}

// add queues one layer below v, and reports whether another one may follow.
func (p *peeler) add(v audit.Value, out part) bool {
	trail := v.Trail.Then(out.step)
	cost := int64(len(out.data) + len(out.step)) // names are hostile too
	switch {
	case len(v.Trail) > p.lim.Depth:
		return p.limit(trail, errDepth)
	case p.layers >= p.lim.Layers:
		return p.limit(trail, errLayers)
	case cost > p.left:
		p.limit(trail, errBytes)
		return true // a smaller one may fit
	}
	p.left -= cost
	p.layers++
	p.queue = append(p.queue, audit.Value{
		Exhibit: v.Exhibit,
		Trail:   trail,
		Spans:   append(slices.Clip(v.Spans), out.span),
		Data:    audit.NewSecret(out.data),
	})
	return true
}

// limit notes that a limit was hit, the first time, and returns false.
func (p *peeler) limit(trail audit.Trail, err error) bool {
	if !p.hit[err] {
		p.hit[err] = true
		p.problems = append(p.problems, problem{trail, fmt.Errorf("%v: %w", trail, err)})
	}
	return false
}

// report yields the problems of the last layer.
func (p *peeler) report(exhibit string, yield func(audit.Value, error) bool) bool {
	for _, pr := range p.problems {
		if !yield(audit.Value{Exhibit: exhibit, Trail: pr.trail}, pr.err) {
			return false
		}
	}
	p.problems = p.problems[:0]
	return true
}
