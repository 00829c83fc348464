package decode

import "strings"

// barren are the short layers in which no decoder found anything. Requests of
// one program say the same again and again: its name, its language, what it
// accepts. In the next exhibit such a layer is known to be a leaf.
type barren map[string]struct{}

// The bounds of what is remembered.
const (
	maxBarren     = 256  // bytes of a layer
	maxBarrenSize = 8192 // layers
)

// key writes what the decoders see of a layer, without the name of its field;
// cookies have a decoder of their own.
func (b barren) key(in layer, buf []byte) []byte {
	kind, name, _ := strings.Cut(in.step, ":")
	buf = append(buf, kind...)
	if kind == "header" {
		buf = append(buf, name...)
	}
	return append(append(buf, 0), in.data...)
}

func (b barren) has(in layer) bool {
	if len(in.data) > maxBarren || in.media != "" {
		return false
	}
	var buf [maxBarren + maxName]byte
	_, ok := b[string(b.key(in, buf[:0]))]
	return ok
}

func (b barren) add(in layer) {
	if len(in.data) > maxBarren || in.media != "" {
		return
	}
	if len(b) >= maxBarrenSize {
		clear(b)
	}
	b[string(b.key(in, nil))] = struct{}{}
}
