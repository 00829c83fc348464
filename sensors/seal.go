package sensors

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
)

// A Recipient is who a container is sealed for.
type Recipient struct {
	Version int64            // pkv or key_id
	Public  crypto.PublicKey // *rsa.PublicKey, *ecdh.PublicKey or *ecdsa.PublicKey; not for Static
	Static  []byte           // of 16 bytes; for Static
	Hash    string           // key_hash; for Static
}

// Seal encrypts JSON texts as an SDK does. Random bytes come from random, and
// flush is the time of sending in ms. A Static container holds one text.
func Seal(variant Variant, texts []string, to Recipient, flush int64, random io.Reader) (Container, error) {
	c := Container{Variant: variant, KeyVersion: to.Version}
	if len(texts) == 0 || variant == Static && len(texts) > 1 {
		return c, fmt.Errorf("sealing %d texts in a container (%s): a static one holds one, the others one or more", len(texts), variant)
	}
	key := to.Static
	if variant == Static {
		c.KeyHash = to.Hash
	} else {
		key = make([]byte, aesKey)
		if _, err := io.ReadFull(random, key); err != nil {
			return c, fmt.Errorf("making a key: %w", err)
		}
		wrapped, err := wrap(to.Public, key, random)
		if err != nil {
			return c, err
		}
		c.EKey = base64.StdEncoding.EncodeToString(wrapped)
	}
	if variant == Native {
		c.FlushTime = flush
	}
	for _, text := range texts {
		clear := []byte(text)
		if variant == Native {
			clear = deflate(clear)
		}
		sealed, err := sealCBC(clear, key, random)
		if err != nil {
			return c, err
		}
		c.Payloads = append(c.Payloads, base64.StdEncoding.EncodeToString(sealed))
	}
	return c, nil
}

func wrap(public crypto.PublicKey, key []byte, random io.Reader) ([]byte, error) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		// The SDKs know nothing else.
		out, err := rsa.EncryptPKCS1v15(random, p, key) //nolint:staticcheck // see above
		if err != nil {
			return nil, fmt.Errorf("wrapping a key with RSA: %w", err)
		}
		return out, nil
	case *ecdh.PublicKey:
		return sealECIES(p, key, random)
	case *ecdsa.PublicKey:
		dh, err := p.ECDH()
		if err != nil {
			return nil, fmt.Errorf("wrapping a key with ECIES: %w", err)
		}
		return sealECIES(dh, key, random)
	default:
		return nil, fmt.Errorf("wrapping a key for a public key of type %T: use RSA or a NIST curve", public)
	}
}

func sealCBC(clear, key []byte, random io.Reader) ([]byte, error) {
	if len(key) != aesKey {
		return nil, fmt.Errorf("a symmetric key of %d bytes: it must have %d", len(key), aesKey)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("reading a symmetric key: %w", err)
	}
	pad := aes.BlockSize - len(clear)%aes.BlockSize
	out := make([]byte, aes.BlockSize, aes.BlockSize+len(clear)+pad)
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, fmt.Errorf("making an initialisation vector: %w", err)
	}
	out = append(out, clear...)
	out = append(out, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	return out, nil
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
