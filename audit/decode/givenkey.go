package decode

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"telltale/audit"
)

// A Key is one that the investigator gives.
type Key struct {
	materials []material
	private   []private
}

var (
	keyForm = regexp.MustCompile(`^(hex:|base64:|text:|@)`)
	keyName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
)

// ParseKey reads a key as it is written on a command line: an optional NAME=,
// then hex:DIGITS, base64:DIGITS, text:WORDS or @FILE. read gives the bytes of
// a file, which are private RSA keys in PEM (PKCS #1 or #8), or else the key
// itself, but for a line end. A name that a field with an IV, a nonce or a tag
// may have says that the key is one. n is the number of the key, by which one
// without a name is called. Errors do not show the key.
func ParseKey(text string, n int, read func(name string) ([]byte, error)) (Key, error) {
	name, value := fmt.Sprint(n), text
	if !keyForm.MatchString(text) {
		var ok bool
		if name, value, ok = strings.Cut(text, "="); !ok || !keyForm.MatchString(value) {
			return Key{}, errors.New("want hex:, base64:, text: or @FILE, perhaps with NAME= before it")
		}
		if !keyName.MatchString(name) {
			return Key{}, fmt.Errorf("the name %q: want letters, digits, dots, dashes", name)
		}
	}
	if file, ok := strings.CutPrefix(value, "@"); ok {
		data, err := read(file)
		if err != nil {
			return Key{}, err
		}
		return fileKey(name, data)
	}
	data, err := keyBytes(value)
	if err != nil {
		return Key{}, err
	}
	return plainKey(name, data)
}

func keyBytes(value string) (data []byte, err error) {
	form, digits, _ := strings.Cut(value, ":")
	switch form {
	case "hex":
		if data, err = hex.DecodeString(digits); err != nil {
			return nil, errors.New("what follows hex: is no hexadecimal number of whole bytes")
		}
	case "base64":
		digits = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(digits, "="))
		if data, err = base64.RawStdEncoding.DecodeString(digits); err != nil {
			return nil, errors.New("what follows base64: is no base64")
		}
	default:
		data = []byte(digits)
	}
	return data, nil
}

func plainKey(name string, data []byte) (Key, error) {
	if len(data) == 0 || len(data) > maxKey {
		return Key{}, fmt.Errorf("the key has %d bytes; a key has 1 to %d", len(data), maxKey)
	}
	as := asKey | asPassphrase
	if other := roleOf(name); other != 0 {
		as = other
	}
	return Key{materials: []material{{label: audit.GivenKey + name, role: as, data: data}}}, nil
}

// maxKey is the length of the longest key: that of RC4.
const maxKey = 256

// fileKey reads what stands in a file.
func fileKey(name string, data []byte) (Key, error) {
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		return plainKey(name, bytes.TrimRight(data, "\r\n"))
	}
	var k Key
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		key, err := privateKey(block)
		if err != nil {
			return Key{}, err
		}
		if key != nil {
			k.private = append(k.private, private{audit.GivenKey + name, key})
		}
	}
	if len(k.private) == 0 {
		return Key{}, errors.New("the PEM file holds no private key; a public one opens nothing")
	}
	return k, nil
}

// privateKey reads a block of PEM, nil if it is no private key.
func privateKey(block *pem.Block) (*rsa.PrivateKey, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the private key: %w", err)
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading the private key: %w", err)
		}
		if key, ok := key.(*rsa.PrivateKey); ok {
			return key, nil
		}
		return nil, fmt.Errorf("the private key is a %T; only RSA keys open envelopes", key)
	case "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("the file holds an %s; give an RSA key without a passphrase", block.Type)
	}
	return nil, nil
}
