package decode

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// xorCribs are the beginnings by which a key of several bytes is found.
var xorCribs = []string{"https://", "http://"}

// xorHead is how many bytes every key is tried on.
const xorHead = 64

// writtenBytes are the steps of bytes that somebody wrote as digits, because who
// obfuscates bytes must write them in some way that a request can carry.
var writtenBytes = map[string]bool{
	"base64": true, "hex": true, "hex-list": true, "base32": true, "ascii85": true, "codes": true,
}

// isXOR wants written bytes. With cribs, any bytes that are no text will do.
func isXOR(in layer) bool {
	if len(in.data) < minGuess {
		return false
	}
	return writtenBytes[in.step] || strings.HasPrefix(in.asked, xorStep) ||
		in.cribs != nil && !isText(in.data) && !marked(in.data) && (!compressed(in.data) || !inflatable(in.data))
}

// xorStep is the start of a step that says with which key bytes were XORed, in
// hexadecimal digits.
const xorStep = "xor:"

// decodeXOR finds a key of one byte, or a short one that repeats itself: by the
// cribs, or by what must come out: an address, an e-mail address or JSON.
func decodeXOR(in layer, emit func(part) bool) error {
	if digits, ok := strings.CutPrefix(in.asked, xorStep); ok {
		if key, err := hex.DecodeString(digits); err == nil && len(key) > 0 {
			emit(in.whole(in.asked, xor(in.data, key)))
		}
		return nil
	}
	key := in.cribs.key(in.data)
	if key == nil && writtenBytes[in.step] && !telling(in.data) {
		if key = xorKey(in.data); key != nil {
			if out := xor(in.data, key); !isMostlyText(out) || !telling(out) {
				return nil
			}
		}
	}
	if key != nil {
		emit(in.whole(xorStep+hex.EncodeToString(key), xor(in.data, key)))
	}
	return nil
}

func xorKey(data []byte) []byte {
	for _, crib := range xorCribs {
		if key := cribbed(data, crib); key != nil {
			return key
		}
	}
	if key := addressKey(data); key != nil {
		return key
	}
	if key := textKey(data); key != nil {
		return key
	}
	return draggedKey(data)
}

// draggedCribs are what stands somewhere in telemetry. Each shows keys that are
// no longer than itself.
var draggedCribs = []string{"https://", "http://", `{"`}

// draggedKey tries each crib at each place of the head, and takes the key that
// gives most of a text. The crib makes up as many bytes as the key has: what is
// left has to be text beyond doubt.
func draggedKey(data []byte) (best []byte) {
	if isMostlyText(data) || compressed(data) {
		return nil
	}
	most := float64(enough)
	var keys [8]byte // as long as the longest crib
	for _, crib := range draggedCribs {
		for at := range max(0, min(len(data)-len(crib), maxDrag)) {
			for size := 2; size <= len(crib); size++ {
				if !repeats(data[at:], crib, size) {
					continue
				}
				key := keys[:size]
				for i := range size {
					key[(at+i)%size] = data[at+i] ^ crib[i]
				}
				if !spells(data, key) {
					continue
				}
				if bits := wordBits(xor(data, key)) - float64(8*size); bits > most {
					best, most = bytes.Clone(key), bits
				}
			}
		}
	}
	return best
}

// maxDrag is how far a crib is dragged.
const maxDrag = 128

// repeats reports whether a key of so many bytes, under which the crib stands at
// the start of data, repeats itself.
func repeats(data []byte, crib string, size int) bool {
	for i := size; i < len(crib); i++ {
		if data[i]^data[i-size] != crib[i]^crib[i-size] {
			return false
		}
	}
	return true
}

// spells reports whether the head is ASCII text under a key.
func spells(data, key []byte) bool {
	for i := range min(len(data), xorHead) {
		if c := data[i] ^ key[i%len(key)]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// addressKey looks for "http" anywhere. The differences of its letters are the
// same under any key of one byte.
func addressKey(data []byte) []byte {
	for i := 0; i+3 < len(data); i++ {
		if data[i+1] == data[i+2] && data[i]^data[i+1] == 'h'^'t' && data[i+2]^data[i+3] == 't'^'p' && data[i] != 'h' {
			return []byte{data[i] ^ 'h'}
		}
	}
	return nil
}

// textKey tries every key of one byte on ASCII text, whose bytes have the
// upper bit in common under any key; the key has the same.
func textKey(data []byte) []byte {
	for _, c := range data[:min(len(data), xorHead)] {
		if (c^data[0])&0x80 != 0 {
			return nil
		}
	}
	for low := range 128 {
		key := data[0]&0x80 | byte(low)
		if key != 0 && isTextUnder(key, data[:min(len(data), xorHead)]) && telling(xor(data, []byte{key})) {
			return []byte{key}
		}
	}
	return nil
}

// isTextUnder reports whether data is ASCII text once it is freed from a key.
func isTextUnder(key byte, data []byte) bool {
	for _, c := range data {
		if !asciiText[c^key] {
			return false
		}
	}
	return true
}

// cribbed returns the key under which data starts with the crib and goes on
// as text. It repeats itself within the crib, so that half of that is a check.
func cribbed(data []byte, crib string) []byte {
	if len(data) < 2*len(crib)+minRun/2 {
		return nil
	}
	data = data[:min(len(data), xorHead)]
	stream := xor(data[:len(crib)], []byte(crib))
	for size := 1; size <= len(crib)/2; size++ {
		out := xor(data, stream[:size])
		if bytes.HasPrefix(out, []byte(crib)) && isText(out) {
			return stream[:size]
		}
	}
	return nil
}

func xor(data, key []byte) []byte {
	out := make([]byte, len(data))
	for i := range data {
		out[i] = data[i] ^ key[i%len(key)]
	}
	return out
}
