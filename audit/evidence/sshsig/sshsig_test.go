package sshsig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"telltale/audit/evidence/sshsig"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// What is signed verifies, with its own message and namespace alone.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, space := key(rapid.Byte().Draw(t, "key")), rapid.StringN(1, 20, -1).Draw(t, "namespace")
		message := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "message")
		s := sshsig.Sign(k, space, message)
		if pub, err := sshsig.Verify(s, space, message); err != nil || !pub.Equal(k.Public()) {
			t.Fatalf("got %v, %v", pub, err)
		}
		if _, err := sshsig.Verify(s, space, append(message, 0)); !errors.Is(err, sshsig.ErrSignature) {
			t.Fatalf("another message: got %v", err)
		}
		if _, err := sshsig.Verify(s, space+"x", message); err == nil {
			t.Fatal("another namespace was taken")
		}
	})
}

// OpenSSH makes the same signature, byte for byte, with a key that we made.
func TestAsOpenSSH(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "key")
	k, made, err := sshsig.OwnKey(path, rand.NewChaCha8([32]byte{}))
	if err != nil || !made {
		t.Fatal(made, err)
	}
	message := []byte("what is signed\n")
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "sign", "-n", "telltale", "-f", path)
	cmd.Stdin = bytes.NewReader(message)
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := sshsig.Sign(k, "telltale", message); !bytes.Equal(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-l", "-f", path+".pub").Output()
	pub, _ := k.Public().(ed25519.PublicKey)
	if err != nil || !strings.Contains(string(out), sshsig.Fingerprint(pub)) {
		t.Errorf("fingerprint %s, ssh-keygen says %s, %v", sshsig.Fingerprint(pub), out, err)
	}
	again, made, err := sshsig.OwnKey(path, nil)
	if err != nil || made || !again.Equal(k) {
		t.Errorf("read again: made %v, %v", made, err)
	}
}

// A key may also be PKCS #8 in PEM; others are refused, and say what to do.
func TestReadKey(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(key(7))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, text []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if got, err := sshsig.ReadKey(write("good", text, 0o600)); err != nil || !got.Equal(key(7)) {
		t.Errorf("PKCS #8: %v", err)
	}
	for path, want := range map[string]string{
		write("open", text, 0o644): "others can read it", write("no", []byte("key"), 0o600): "no key found", filepath.Join(dir, "none"): "no such file",
	} {
		if _, err := sshsig.ReadKey(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestParsePublic(t *testing.T) {
	pub, _ := key(1).Public().(ed25519.PublicKey)
	text := sshsig.Text(pub)
	for _, in := range []string{text, text + " a comment", text + "\n"} {
		if got, err := sshsig.ParsePublic(in); err != nil || !got.Equal(pub) {
			t.Errorf("%q: got %v", in, err)
		}
	}
	for _, in := range []string{"", "ssh-ed25519", text + "\n" + text, strings.Replace(text, "AAAA", "AAAB", 1)} {
		if _, err := sshsig.ParsePublic(in); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
}

// FuzzVerify: whatever is taken is, byte for byte, what the key would have
// written, and a change of the message is never taken.
func FuzzVerify(f *testing.F) {
	message := []byte("message")
	f.Add(sshsig.Sign(key(1), "telltale", message))
	f.Add([]byte("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pub, err := sshsig.Verify(b, "telltale", message)
		if err == nil && pub.Equal(key(1).Public()) && !bytes.Equal(b, sshsig.Sign(key(1), "telltale", message)) {
			t.Error("a second form of one signature was taken")
		}
		if _, err := sshsig.Verify(b, "telltale", message[1:]); err == nil && pub != nil && pub.Equal(key(1).Public()) {
			t.Error("another message was taken")
		}
	})
}
