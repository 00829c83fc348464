package decode

import "math"

// A guess may give bytes that are no text, and yet what somebody wrote: a
// message, an archive, something compressed without a mark. Such bytes are
// believed for what is in them, which is looked for some steps ahead.

const (
	minInner  = 24   // least length of what is compressed without a mark
	minHeld   = 32   // fewer bytes hold too little to be believed
	heldBits  = 32.0 // of evidence that are needed
	heldDepth = 3    // containers in each other
	heldWork  = 16   // bytes that are looked at, for each byte of the layer
)

// held are the containers that are looked into.
var held = append([]decoder{
	{gate: isProtobuf, decode: decodeProtobuf},
	{gate: isFramed, decode: decodeFramed},
}, containers...)

// worthy reports whether bytes that are no text have a long piece of it, or are
// a container or a compression of something that chance does not make.
func worthy(out []byte) bool {
	if len(out) < minInner || isText(out) {
		return false
	}
	if inner(out, maxProof) {
		return true
	}
	if len(out) < minHeld {
		return false
	}
	p := proof{left: heldWork * len(out)}
	return marked(out) || runBits(out) >= heldBits || p.bits(out, heldDepth) >= heldBits
}

// runBits is the evidence of the longest run of printable ASCII in bytes, of
// which there are 95 in 256. It could have started anywhere.
func runBits(data []byte) float64 {
	longest, run := 0, 0
	for _, c := range data {
		if run++; c < ' ' || c > '~' {
			run = 0
		}
		longest = max(longest, run)
	}
	return float64(longest)*math.Log2(256.0/95) - math.Log2(float64(len(data)))
}

// A proof gathers evidence for a container, and ends when it has looked at as
// many bytes as it may.
type proof struct{ left int }

// bits is the evidence that data is a container: that of the text and of the
// known beginnings in it.
func (p *proof) bits(data []byte, depth int) float64 {
	best := 0.0
	for _, d := range held {
		in := layer{data: data, room: maxProof}
		if p.left < 0 || best >= heldBits {
			break
		}
		if !d.gate(in) {
			continue
		}
		p.left -= len(data)
		sum := 0.0
		err := d.decode(in, func(got part) bool {
			sum += p.part(got, depth)
			return sum < heldBits && p.left >= 0
		})
		if err == nil {
			best = max(best, sum)
		}
	}
	return best
}

// part is the evidence of one part of a container. Numbers that were written
// out are none.
func (p *proof) part(got part, depth int) float64 {
	switch {
	case got.span.Len() < 4 || len(got.data) > got.span.Len():
		return 0
	case isText(got.data):
		return textBits(got.data)
	case marked(got.data), compressed(got.data) && inflatable(got.data), len(got.data) >= minHeld && inner(got.data, maxProof):
		return heldBits
	case depth > 1:
		return p.bits(got.data, depth-1)
	default:
		return 0
	}
}
