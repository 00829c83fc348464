package tlsread

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"slices"
)

// errSealed means that a record does not open with the key that there is.
var errSealed = errors.New("a record does not open with the key of this connection")

// An opener opens the records of one side, in order.
type opener struct {
	suite   suite
	version uint16
	etm     bool // the MAC is over what is encrypted (RFC 7366)
	tls13   bool
	seq     uint64
	aead    cipher.AEAD
	block   cipher.Block
	macKey  []byte
	iv      []byte // of TLS 1.0: the last block of the record before
}

func (o *opener) use(key []byte) (err error) {
	if o.suite.aead != nil {
		o.aead, err = o.suite.aead(key)
		return err
	}
	o.block, err = aes.NewCipher(key)
	return err
}

// open returns what is in a record, and of which type it is. All but the first
// of a key are decrypted in place: what does not open at first may be for
// another key.
func (o *opener) open(head, b []byte) (kind byte, data []byte, err error) {
	switch {
	case o.tls13:
		kind, data, err = o.open13(head, b)
	case o.aead != nil:
		data, err = o.openAEAD(head, b)
		kind = head[0]
	default:
		data, err = o.openCBC(head, b)
		kind = head[0]
	}
	if err == nil {
		o.seq++
	}
	return kind, data, err
}

// nonce is the fixed part with the number of the record in it.
func (o *opener) nonce() []byte {
	n := slices.Clone(o.iv)
	tail := n[len(n)-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^o.seq)
	return n
}

// room is where a record is decrypted to.
func (o *opener) room(b []byte) []byte {
	if o.seq == 0 {
		return nil
	}
	return b[:0]
}

// open13 opens a record of TLS 1.3: behind the data stand its type and zeros.
func (o *opener) open13(head, b []byte) (byte, []byte, error) {
	out, err := o.aead.Open(o.room(b), o.nonce(), b, head)
	if err != nil {
		return 0, nil, errSealed
	}
	out = bytes.TrimRight(out, "\x00")
	if len(out) == 0 {
		return 0, nil, errSealed
	}
	return out[len(out)-1], out[:len(out)-1], nil
}

// about is what a MAC covers beside the data: number, type, version, length.
func (o *opener) about(head []byte, n int) []byte {
	b := binary.BigEndian.AppendUint64(nil, o.seq)
	b = append(b, head[:3]...)
	return binary.BigEndian.AppendUint16(b, uint16(n)) //nolint:gosec // a record's length
}

func (o *opener) openAEAD(head, b []byte) ([]byte, error) {
	var nonce []byte
	if explicit := o.aead.NonceSize() - o.suite.implicit; explicit > 0 {
		if len(b) < explicit {
			return nil, errSealed
		}
		nonce = append(slices.Clone(o.iv), b[:explicit]...)
		b = b[explicit:]
	} else {
		nonce = o.nonce()
	}
	if len(b) < o.aead.Overhead() {
		return nil, errSealed
	}
	out, err := o.aead.Open(o.room(b), nonce, b, o.about(head, len(b)-o.aead.Overhead()))
	if err != nil {
		return nil, errSealed
	}
	return out, nil
}

func (o *opener) sum(head []byte, b []byte) []byte {
	m := hmac.New(o.suite.mac.New, o.macKey)
	m.Write(o.about(head, len(b)))
	m.Write(b)
	return m.Sum(nil)
}

// openCBC opens a record that is encrypted with CBC and has a MAC, inside or
// outside of the encryption.
func (o *opener) openCBC(head, b []byte) ([]byte, error) {
	size := o.suite.mac.Size()
	if o.etm {
		if len(b) < size || !hmac.Equal(o.sum(head, b[:len(b)-size]), b[len(b)-size:]) {
			return nil, errSealed
		}
		b = b[:len(b)-size]
	}
	iv := o.iv
	if o.version > versionTLS10 && len(b) >= aes.BlockSize {
		iv, b = b[:aes.BlockSize], b[aes.BlockSize:]
	}
	if len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, errSealed
	}
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(o.block, iv).CryptBlocks(out, b)
	pad := int(out[len(out)-1]) + 1
	if pad > len(out) || bytes.Count(out[len(out)-pad:], out[len(out)-1:]) != pad {
		return nil, errSealed
	}
	out = out[:len(out)-pad]
	if !o.etm {
		if len(out) < size || !hmac.Equal(o.sum(head, out[:len(out)-size]), out[len(out)-size:]) {
			return nil, errSealed
		}
		out = out[:len(out)-size]
	}
	o.iv = slices.Clone(b[len(b)-aes.BlockSize:])
	return out, nil
}
