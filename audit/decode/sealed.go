package decode

import (
	"bytes"
	"errors"
)

// What is encrypted is no text and has the length of a block or more. Its head
// tells: who encrypts does not leave it in clear.
const (
	minSealed  = 16
	sealedHead = 256
)

// isSealed reports whether a layer may be encrypted and there is a key to try.
func isSealed(in layer) bool { return in.lock.holds() && sealable(in.data) }

// sealable reports whether data may be encrypted.
func sealable(data []byte) bool {
	return len(data) >= minSealed && !isMostlyText(data[:min(len(data), sealedHead)]) &&
		(!compressed(data) || !inflatable(data))
}

var errTries = errors.New("too many keys and too many layers: the limit of tries is hit; what follows is not tried")

// decodeSealed tries the keys that there are. The step names the cipher, its
// mode, where the key came from, and where what it needs beside the key did.
func decodeSealed(in layer, emit func(part) bool) error {
	out, ok, err := open(in)
	if ok {
		emit(in.whole(out.step, out.data))
	}
	return err
}

// isSealedDigits reports whether a layer is one word of base64 that may be
// encrypted.
func isSealedDigits(in layer) bool {
	return in.lock.holds() && sealedDigits(in.data)
}

// sealedDigits reports whether data is one word, with letters of both cases,
// that may be base64 of something encrypted.
func sealedDigits(data []byte) bool {
	return len(data) <= headSize && isToken(data) && len(trimPadding(data))*3/4 >= minSealed &&
		bytes.ContainsAny(data, upperCase) && bytes.ContainsAny(data, lowerCase) && sealable(fromBase64(data))
}

const (
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerCase = "abcdefghijklmnopqrstuvwxyz"
)

// decodeSealedDigits reads base64 that is too short to be believed without a
// key that opens it.
func decodeSealedDigits(in layer, emit func(part) bool) error {
	sealed := in.whole("base64", fromBase64(in.data))
	known := false
	_ = decodeBase64(in, func(p part) bool {
		known = known || p.span.Start == 0 && len(p.data) == len(sealed.data)
		return true
	})
	if known {
		return nil
	}
	_, ok, err := open(layer{data: sealed.data, lock: in.lock})
	if ok {
		emit(sealed)
	}
	return err
}

// An opened layer is what a key gave, and the step that says how.
type opened struct {
	step string
	data []byte
}

// A trial is the work on one layer.
type trial struct {
	layer
	keys, blockKeys []material // the latter are for CBC and ECB
	ivs, blockIVs   []material
	phrases, tags   []material
	scratch         [sealedHead]byte
}

// open tries all keys on a layer.
func open(in layer) (out opened, ok bool, err error) {
	t := &trial{layer: in}
	t.keys = in.lock.keys(asKey)
	t.blockKeys = in.lock.keys(asKey | asBlockKey)
	t.blockIVs = in.lock.candidates(asIV|asBlockIV, maxIVs)
	t.phrases = in.lock.keys(asPassphrase)
	t.ivs = in.lock.candidates(asIV, maxIVs)
	t.tags = in.lock.candidates(asTag, maxIVs)
	before := *in.lock.tries
	for _, c := range ciphers {
		if out, ok = c.open(t); ok {
			return out, true, nil
		}
	}
	if *in.lock.tries <= 0 && before > 0 {
		return opened{}, false, errTries
	}
	return opened{}, false, nil
}

// spend counts one try, and reports whether it may be made.
func (t *trial) spend() bool {
	*t.lock.tries--
	return *t.lock.tries >= 0
}

// A deciphering writes the plaintext of src, from its start, to dst of the
// same length.
type deciphering func(dst, src []byte)

// accept returns the plaintext of body if it is one. start begins to decipher
// anew each time.
func (t *trial) accept(start func() deciphering, body []byte, padded bool) ([]byte, bool) {
	out, bits := t.weigh(start, body, padded)
	return out, bits > 0
}

// weigh returns the plaintext of body and the evidence that it is one, none if
// it is not. Its head alone is deciphered first.
func (t *trial) weigh(start func() deciphering, body []byte, padded bool) ([]byte, float64) {
	if len(body) == 0 || !t.spend() {
		return nil, 0
	}
	head := t.scratch[:min(len(body), len(t.scratch))]
	start()(head, body[:len(head)])
	whole := len(head) == len(body)
	if !startsPlain(head, whole && padded) {
		return nil, 0
	}
	if whole {
		return plaintext(bytes.Clone(head), padded)
	}
	out := make([]byte, len(body))
	start()(out, body)
	return plaintext(out, padded)
}

// startsPlain reports whether the head of a plaintext may be one; last says that
// it may end in padding.
func startsPlain(head []byte, last bool) bool {
	if last && padding(head) > 0 {
		return true
	}
	if last {
		head = bytes.TrimRight(head, "\x00")
	}
	return isText(head[:min(len(head), minRun)]) || compressed(head) || len(head) >= minOpaque && !likeRandom(head)
}
