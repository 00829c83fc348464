package sshsig

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Text returns a public key as it stands in a .pub file of OpenSSH, without a
// comment.
func Text(pub ed25519.PublicKey) string {
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "" // cannot be: the type is right, and its length is not looked at
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// Fingerprint returns the name of a public key, as `ssh-keygen -l` shows it.
func Fingerprint(pub ed25519.PublicKey) string {
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(key)
}

// ParsePublic reads a public key as it stands in a .pub file of OpenSSH; a
// comment may follow it.
func ParsePublic(text string) (ed25519.PublicKey, error) {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("public key: %w; want a line such as %s AAAA…", err, ssh.KeyAlgoED25519)
	}
	if len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("public key: more than one key; want one line")
	}
	public, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil, fmt.Errorf("public key: it is of the kind %s; want %s", key.Type(), ssh.KeyAlgoED25519)
	}
	pub, ok := public.CryptoPublicKey().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("public key: it is of the kind %s; want %s", key.Type(), ssh.KeyAlgoED25519)
	}
	return pub, nil
}

// ReadKey reads a private Ed25519 key: OpenSSH's own format, or PKCS #8 in
// PEM. A file that others can read is refused, as OpenSSH does.
func ReadKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("signing key %s: others can read it (mode %04o); `chmod 600` it, or take another", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(text)
	if missing, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, fmt.Errorf("signing key %s: %w; this program asks for no passphrase, make a key of its own with `ssh-keygen -t ed25519 -N ''`", path, missing)
	}
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", path, err)
	}
	switch key := raw.(type) {
	case *ed25519.PrivateKey:
		return *key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("signing key %s: it is of another kind; want Ed25519, such as `ssh-keygen -t ed25519` makes", path)
}

// OwnKey reads the key at a path, and makes one there if there is none. It
// says whether it was made.
func OwnKey(path string, random io.Reader) (key ed25519.PrivateKey, made bool, err error) {
	key, err = ReadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	pub, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, false, fmt.Errorf("making a signing key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, "telltale")
	if err != nil {
		return nil, false, fmt.Errorf("making a signing key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, fmt.Errorf("keeping the new signing key: %w; name one with --key-file", err)
	}
	// The key goes last: a crash between the two leaves no key without its name.
	if err := os.WriteFile(path+".pub", []byte(Text(pub)+" telltale\n"), 0o600); err != nil {
		return nil, false, fmt.Errorf("keeping the new signing key: %w; name one with --key-file", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // below the user's own folder
	if err != nil {
		return nil, false, fmt.Errorf("keeping the new signing key: %w; name one with --key-file", err)
	}
	_, err = f.Write(pem.EncodeToMemory(block))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, false, fmt.Errorf("keeping the new signing key: %w", err)
	}
	return key, true, nil
}
