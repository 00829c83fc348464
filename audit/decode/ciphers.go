package decode

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // not ours: programs derive keys with it
	"crypto/rc4" //nolint:gosec // not ours: programs encrypt with it
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"iter"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

const blockSize = aes.BlockSize

// ciphers is in the order in which they are tried: first those whose result is
// proved by a tag.
var ciphers = []struct {
	name string
	open func(*trial) (opened, bool)
}{
	{"envelope", (*trial).envelope},
	{"openssl", (*trial).salted},
	{"aes-gcm", func(t *trial) (opened, bool) { return t.each(t.keys, t.gcm) }},
	{"chacha20-poly1305", (*trial).chacha},
	{"aes-cbc", func(t *trial) (opened, bool) { return t.blocks(t.cbc) }},
	{"aes-ecb", func(t *trial) (opened, bool) { return t.blocks(t.ecb) }},
	{"aes-ctr", func(t *trial) (opened, bool) { return t.each(t.keys, t.ctr) }},
	{"rc4", (*trial).rc4},
	{"xor", (*trial).xor},
}

// each calls open with every key that AES may have.
func (t *trial) each(keys []material, open func(material, cipher.Block) (opened, bool)) (opened, bool) {
	for _, k := range keys {
		block, err := aes.NewCipher(k.data)
		if err != nil {
			continue // not 16, 24 or 32 bytes
		}
		if out, ok := open(k, block); ok {
			return out, true
		}
	}
	return opened{}, false
}

// blocks is each for the modes that need whole blocks.
func (t *trial) blocks(open func(material, cipher.Block) (opened, bool)) (opened, bool) {
	if len(t.data)%blockSize != 0 {
		return opened{}, false
	}
	return t.each(t.blockKeys, open)
}

// A reading is one way to divide a layer: what is beside the key, and what is
// enciphered.
type reading struct {
	source string // of the IV or the nonce: prefix, zero, key, or where it stood
	iv     []byte
	body   []byte
}

var zeroIV = make([]byte, blockSize)

// step writes a step of the trail.
func step(mode string, k material, source string) string {
	return fmt.Sprintf("aes-%d-%s:key=%s,iv=%s", 8*len(k.data), mode, k.label, source)
}

// beside yields the readings with an IV of one of these lengths that stands in
// a field of its own: near the layer, or where the key stands.
func (t *trial) beside(k material, ivs []material, as role, sizes ...int) iter.Seq[reading] {
	if k.at.request != t.lock.request {
		ivs = t.lock.add(slices.Clone(ivs), as, len(ivs)+maxIVs, slices.Values(t.lock.ring.shownBy(k.at.request, as)))
	}
	return func(yield func(reading) bool) {
		for _, iv := range ivs {
			for _, size := range sizes {
				if len(iv.data) == size && !yield(reading{iv.label, iv.data, t.data}) {
					return
				}
			}
		}
	}
}

// prefixed yields the readings with an IV of one of these lengths at the start
// of the data.
func (t *trial) prefixed(sizes ...int) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		for _, size := range sizes {
			if len(t.data) > size && !yield(reading{"prefix", t.data[:size], t.data[size:]}) {
				return
			}
		}
	}
}

func cbcFrom(block cipher.Block, iv []byte) func() deciphering {
	return func() deciphering { return cipher.NewCBCDecrypter(block, iv).CryptBlocks }
}

func ctrFrom(block cipher.Block, iv []byte) func() deciphering {
	return func() deciphering { return cipher.NewCTR(block, iv).XORKeyStream }
}

// ecbFrom has no IV; it is there for the likeness.
func ecbFrom(block cipher.Block, _ []byte) func() deciphering {
	return func() deciphering {
		return func(dst, src []byte) {
			for i := 0; i < len(src); i += blockSize {
				block.Decrypt(dst[i:], src[i:])
			}
		}
	}
}

// cbc tries all IVs and takes the one with most evidence. A wrong one spoils the
// first block alone, which may look well by chance. The first block read as
// the IV is right but for the block that is lost, if the IV is another one.
func (t *trial) cbc(k material, block cipher.Block) (best opened, found bool) {
	most := 0.0
	for r := range t.vectors(k) {
		if out, bits := t.weigh(cbcFrom(block, r.iv), r.body, true); bits > most {
			best, most = opened{step("cbc", k, r.source), out}, bits
		}
	}
	return best, most > 0
}

// vectors yields the readings with an IV of one block.
func (t *trial) vectors(k material) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		fixed := []reading{{"zero", zeroIV, t.data}, {"key", k.data[:blockSize], t.data}}
		for _, readings := range []iter.Seq[reading]{slices.Values(fixed), t.beside(k, t.blockIVs, asIV|asBlockIV, blockSize), t.prefixed(blockSize)} {
			for r := range readings {
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (t *trial) ecb(k material, block cipher.Block) (opened, bool) {
	out, ok := t.accept(ecbFrom(block, nil), t.data, true)
	return opened{fmt.Sprintf("aes-%d-ecb:key=%s", 8*len(k.data), k.label), out}, ok
}

// ctr tries counters of 16 bytes, and nonces of 12 and 8 that a counter from 0
// or 1 follows.
func (t *trial) ctr(k material, block cipher.Block) (opened, bool) {
	try := func(r reading) (opened, bool) {
		for first := range uint64(2) {
			out, ok := t.accept(ctrFrom(block, counter(r.iv, first)), r.body, false)
			if ok {
				return opened{step("ctr", k, r.source), out}, true
			}
			if len(r.iv) == blockSize {
				break
			}
		}
		return opened{}, false
	}
	for r := range t.beside(k, t.ivs, asIV, 16, 12, 8) {
		if out, ok := try(r); ok {
			return out, true
		}
	}
	for r := range t.prefixed(16, 12, 8) {
		if out, ok := try(r); ok {
			return out, true
		}
	}
	return try(reading{"zero", zeroIV, t.data})
}

// counter returns the first block of a counter mode.
func counter(iv []byte, first uint64) []byte {
	var block [blockSize]byte
	if len(iv) < blockSize {
		binary.BigEndian.PutUint64(block[8:], first)
	}
	copy(block[:], iv)
	return block[:]
}

// gcm tries the tag at the end and, in a field of its own, beside the data.
func (t *trial) gcm(k material, block cipher.Block) (opened, bool) {
	for r := range t.nonces(k, 12, 16) {
		gcm, err := cipher.NewGCMWithNonceSize(block, len(r.iv))
		if err != nil {
			continue
		}
		if out, ok := t.authentic(gcm, r); ok {
			return opened{step("gcm", k, r.source), out}, true
		}
	}
	return opened{}, false
}

// nonces yields the readings with a nonce of one of these lengths.
func (t *trial) nonces(k material, sizes ...int) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		for _, readings := range []iter.Seq[reading]{t.beside(k, t.ivs, asIV, sizes...), t.prefixed(sizes...)} {
			for r := range readings {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// authentic opens what has a tag. A long body costs as many tries as it is
// longer than a short one, because all of it has to be read.
func (t *trial) authentic(aead cipher.AEAD, r reading) ([]byte, bool) {
	try := func(body []byte) ([]byte, bool) {
		*t.lock.tries -= len(body) / 4096
		if len(body) <= aead.Overhead() || !t.spend() {
			return nil, false
		}
		out, err := aead.Open(nil, r.iv, body, nil)
		return out, err == nil
	}
	if out, ok := try(r.body); ok {
		return out, true
	}
	for _, tag := range t.tags {
		if len(tag.data) != aead.Overhead() {
			continue
		}
		if out, ok := try(bytes.Join([][]byte{r.body, tag.data}, nil)); ok {
			return out, true
		}
	}
	return nil, false
}

// chacha tries ChaCha20-Poly1305 (RFC 8439) and its form with a nonce of 24
// bytes.
func (t *trial) chacha() (opened, bool) {
	for _, k := range t.keys {
		if len(k.data) != chacha20poly1305.KeySize {
			continue
		}
		for r := range t.nonces(k, chacha20poly1305.NonceSize, chacha20poly1305.NonceSizeX) {
			name, with := "chacha20-poly1305", chacha20poly1305.New
			if len(r.iv) == chacha20poly1305.NonceSizeX {
				name, with = "xchacha20-poly1305", chacha20poly1305.NewX
			}
			aead, err := with(k.data)
			if err != nil {
				continue
			}
			if out, ok := t.authentic(aead, r); ok {
				return opened{fmt.Sprintf("%s:key=%s,iv=%s", name, k.label, r.source), out}, true
			}
		}
	}
	return opened{}, false
}

// rc4 wants keys of 5 bytes or more: a shorter one might be found by chance.
func (t *trial) rc4() (opened, bool) {
	for _, k := range t.phrases {
		if len(k.data) < 5 {
			continue
		}
		out, ok := t.accept(func() deciphering {
			c, err := rc4.NewCipher(k.data) //nolint:gosec // not ours
			if err != nil {
				return func(dst, src []byte) { copy(dst, src) }
			}
			return c.XORKeyStream
		}, t.data, false)
		if ok {
			return opened{"rc4:key=" + k.label, out}, true
		}
	}
	return opened{}, false
}

// xor repeats the key.
func (t *trial) xor() (opened, bool) {
	for _, k := range t.phrases {
		out, ok := t.accept(func() deciphering {
			return func(dst, src []byte) {
				for i := range src {
					dst[i] = src[i] ^ k.data[i%len(k.data)]
				}
			}
		}, t.data, false)
		if ok {
			return opened{"xor:key=" + k.label, out}, true
		}
	}
	return opened{}, false
}

// saltMark is what OpenSSL and CryptoJS write before what they encrypt with a
// passphrase; eight bytes of salt follow.
const saltMark = "Salted__"

// salted undoes "openssl enc": key and IV are digests of passphrase and salt
// (EVP_BytesToKey with one round), of MD5 in CryptoJS and before OpenSSL 1.1.
func (t *trial) salted() (opened, bool) {
	body, ok := bytes.CutPrefix(t.data, []byte(saltMark))
	if !ok || len(body) < 8+blockSize || len(body)%blockSize != 8 {
		return opened{}, false
	}
	salt, body := body[:8], body[8:]
	for _, k := range t.phrases {
		for _, digest := range []func() hash.Hash{md5.New, sha256.New} {
			for _, size := range []int{32, 16} {
				stream := bytesToKey(digest, k.data, salt, size+blockSize)
				block, err := aes.NewCipher(stream[:size])
				if err != nil {
					continue
				}
				out, ok := t.accept(cbcFrom(block, stream[size:]), body, true)
				if ok {
					return opened{fmt.Sprintf("aes-%d-cbc:key=%s,iv=salted", 8*size, k.label), out}, true
				}
			}
		}
	}
	return opened{}, false
}

// bytesToKey returns n bytes that OpenSSL derives from a passphrase: each
// digest is of the one before, the passphrase and the salt.
func bytesToKey(digest func() hash.Hash, phrase, salt []byte, n int) (stream []byte) {
	var last []byte
	for len(stream) < n {
		h := digest()
		for _, b := range [][]byte{last, phrase, salt} {
			_, _ = h.Write(b) // a hash never fails
		}
		last = h.Sum(nil)
		stream = append(stream, last...)
	}
	return stream[:n]
}
