// Package seal closes a case: after it, a change of any byte shows.
//
//	manifest.json          the Merkle root over all files, who sealed and when: what is signed
//	manifest.json.ed25519  the Ed25519 signature of manifest.json (RFC 8032), 64 bytes
//	manifest.json.sig      the same as `ssh-keygen -Y verify` takes it, namespace "telltale"
//	manifest.json.1.tsr    a time stamp over manifest.json.ed25519 (RFC 3161); 2, 3 … if there are more
//	leaves.jsonl           one line a file: its path, size and hash, in the order of the tree
//	custody.jsonl          the journal, see package custody
//
// The hashes are salted, so that a part of the case can be withheld later and
// the rest still verifies against the same signature. docs/evidence.md says
// exactly how, and what that proves.
package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"telltale/audit/evidence"
	"telltale/audit/evidence/sshsig"
)

// The names of the files of a seal.
const (
	ManifestFile = "manifest.json"
	RawFile      = "manifest.json.ed25519"
	SSHFile      = "manifest.json.sig"
	LeavesFile   = "leaves.jsonl"
	JournalFile  = "custody.jsonl"
	RedactedDir  = evidence.RedactedDir
)

// StampFile returns the name of the time stamp with a number, from 1.
func StampFile(n int) string { return ManifestFile + "." + strconv.Itoa(n) + ".tsr" }

// Namespace is what the SSH signature is for.
const Namespace = "telltale"

// own reports whether a file belongs to the seal, not to what is sealed.
func own(name string, stamps int) bool {
	switch name {
	case ManifestFile, RawFile, SSHFile, LeavesFile, JournalFile:
		return true
	}
	text, ok := strings.CutPrefix(strings.TrimSuffix(name, ".tsr"), ManifestFile+".")
	n, err := strconv.Atoi(text)
	return ok && err == nil && 1 <= n && n <= stamps && name == StampFile(n)
}

// A Manifest is what is signed.
type Manifest struct {
	Format  string    `json:"telltale"`        // Format
	Case    string    `json:"case"`            // its id
	Sealed  time.Time `json:"sealed"`          // by the clock of who sealed
	Version string    `json:"version"`         // of the program that sealed
	Files   uint64    `json:"files"`           // leaves of the tree
	Bytes   int64     `json:"bytes"`           // in all files
	Root    Digest    `json:"root"`            // Merkle tree hash over the files (RFC 6962)
	Key     string    `json:"key"`             // public key of who sealed, as OpenSSH writes it
	Stamps  int       `json:"stamps"`          // time stamps that were asked for; none may be missing
	Needs   []string  `json:"needs,omitempty"` // flags of the program without which the facts cannot be derived again
}

// Format is the value of Manifest.Format.
const Format = "manifest/v1"

// maxStamps is the number of time stamps up to which a manifest is believed.
const maxStamps = 16

// parseManifest reads a manifest and its key.
func parseManifest(b []byte) (Manifest, ed25519.PublicKey, error) {
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, nil, err
	}
	if m.Format != Format {
		return m, nil, fmt.Errorf("format %q is not known; this program reads %q", m.Format, Format)
	}
	if m.Stamps < 0 || m.Stamps > maxStamps {
		return m, nil, fmt.Errorf("it names %d time stamps", m.Stamps)
	}
	pub, err := sshsig.ParsePublic(m.Key)
	return m, pub, err
}

// A Digest is a SHA-256 that is written in hexadecimal digits.
type Digest hash

// MarshalText implements [encoding.TextMarshaler].
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It takes lower-case
// digits alone.
func (d *Digest) UnmarshalText(text []byte) error { return unhex(d[:], text) }

// String returns the digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

var errHex = errors.New("want hexadecimal digits in lower case")

func unhex(b, text []byte) error {
	if len(text) != hex.EncodedLen(len(b)) || bytes.ContainsAny(text, "ABCDEF") {
		return errHex
	}
	_, err := hex.Decode(b, text)
	return err
}

// ManifestHash returns the SHA-256 of the manifest of a case in hexadecimal
// digits, and whether it has one.
func ManifestHash(dir string) (sum string, sealed bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, ManifestFile)) //nolint:gosec // of the case that the user names
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("the seal: %w", err)
	}
	return sha(b).String(), true, nil
}

func sha(b []byte) Digest { return sha256.Sum256(b) }
