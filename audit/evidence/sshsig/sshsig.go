// Package sshsig signs with Ed25519 keys in the formats of OpenSSH, so that
// `ssh-keygen -Y verify` can check a signature without this program. The
// format of a signature is described in OpenSSH's PROTOCOL.sshsig, that of
// the signature inside in RFC 8709.
package sshsig

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	magic  = "SSHSIG"
	header = "-----BEGIN SSH SIGNATURE-----\n"
	footer = "-----END SSH SIGNATURE-----\n"
	width  = 70 // of a line of base64, as ssh-keygen writes it
	digest = "sha512"
)

// ErrSignature means that a signature is not one of the message by its key.
var ErrSignature = errors.New("the signature does not fit: it, its key or what it signs was changed")

var errForm = errors.New("this is not an SSH signature as this program writes it")

// Sign returns the armored signature of a message. The namespace says what it
// is for: one that was made for another purpose does not verify.
func Sign(key ed25519.PrivateKey, namespace string, message []byte) []byte {
	pub, _ := key.Public().(ed25519.PublicKey)
	return armor(wire(pub, namespace, ed25519.Sign(key, signed(namespace, message))))
}

// wire is a signature before the armor.
func wire(pub ed25519.PublicKey, namespace string, signature []byte) []byte {
	b := []byte(magic)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = appendString(b, keyBlob(pub))
	b = appendString(b, []byte(namespace))
	b = appendString(b, nil) // reserved
	b = appendString(b, []byte(digest))
	return appendString(b, appendString(appendString(nil, []byte(ssh.KeyAlgoED25519)), signature))
}

// signed is what the key signs: the digest of the message, and what it is for.
func signed(namespace string, message []byte) []byte {
	sum := sha512.Sum512(message)
	b := appendString([]byte(magic), []byte(namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(digest))
	return appendString(b, sum[:])
}

func appendString(b, s []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // keys, digests and names: all short
	return append(b, s...)
}

func keyBlob(pub ed25519.PublicKey) []byte {
	return appendString(appendString(nil, []byte(ssh.KeyAlgoED25519)), pub)
}

func armor(b []byte) []byte {
	text := base64.StdEncoding.EncodeToString(b)
	var out bytes.Buffer
	out.WriteString(header)
	for len(text) > 0 {
		n := min(width, len(text))
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	out.WriteString(footer)
	return out.Bytes()
}

// Verify checks an armored signature of a message and returns its key. Only
// the one form that [Sign] writes is taken, so that no byte of a signature can
// change unseen. A signature that does not fit is an [ErrSignature].
func Verify(armored []byte, namespace string, message []byte) (ed25519.PublicKey, error) {
	body, ok := strings.CutPrefix(string(armored), header)
	if !ok {
		return nil, errForm
	}
	if body, ok = strings.CutSuffix(body, footer); !ok {
		return nil, errForm
	}
	b, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("SSH signature: %w", err)
	}
	// Key and signature have fixed places; all else is fixed by the namespace.
	at := len(magic) + 4 + 4 + 4 + len(ssh.KeyAlgoED25519) + 4
	if len(b) < at+ed25519.PublicKeySize+ed25519.SignatureSize {
		return nil, errForm
	}
	pub := ed25519.PublicKey(b[at : at+ed25519.PublicKeySize])
	signature := b[len(b)-ed25519.SignatureSize:]
	if !bytes.Equal(armored, armor(wire(pub, namespace, signature))) {
		return nil, errForm
	}
	if !ed25519.Verify(pub, signed(namespace, message), signature) {
		return pub, ErrSignature
	}
	return pub, nil
}
