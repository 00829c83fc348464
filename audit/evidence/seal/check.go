package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/sshsig"
	"telltale/audit/evidence/stamp"
)

// A Change is a file that is not as it was sealed, and in what.
type Change struct {
	File string
	What string
}

// A Checked is what checking a seal found.
type Checked struct {
	Manifest Manifest
	Signer   ed25519.PublicKey // nil if the manifest cannot be read
	Changes  []Change          // empty: every byte is as it was sealed
	Unread   []Change          // files that could not be read: of these nothing is known
	Files    uint64            // that are as they were sealed
	Bytes    int64             // in Files
	Gone     uint64            // files that an export withholds
	Parts    []Part            // files of which an export withholds pieces
	Stamps   []stamp.Token     // that hold
	Journal  []custody.Entry   // as far as it holds
}

// A Part is a file of which pieces are withheld.
type Part struct {
	File             string
	Pieces, Withheld uint64
}

// Redacted reports whether the case is an export of which parts are withheld.
func (c *Checked) Redacted() bool { return c.Gone > 0 || len(c.Parts) > 0 }

// maxChanges is how many changes are named one by one.
const maxChanges = 1000

func (c *Checked) changed(file, what string, args ...any) {
	if len(c.Changes) <= maxChanges {
		c.Changes = append(c.Changes, Change{file, fmt.Sprintf(what, args...)})
	}
}

// unread takes an error of the system about a file. That a file is not there
// is a change.
func (c *Checked) unread(file string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		c.changed(file, "is missing")
		return
	}
	if errors.Is(err, errNoFile) {
		c.changed(file, "%v", err)
		return
	}
	if len(c.Unread) <= maxChanges {
		c.Unread = append(c.Unread, Change{file, err.Error()})
	}
}

// ErrUnsealed means that a case has no seal.
var ErrUnsealed = errors.New("the case is not sealed, so nothing shows whether it was changed; seal it with `telltale seal`")

// Check holds a case against its seal. Roots vouch for the authorities of the
// time stamps; nil: nobody does, and the tokens say so. An error means that
// there is no seal to hold it against.
func Check(dir string, roots *x509.CertPool, workers int) (*Checked, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the case: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder", dir)
	case !sealed(dir):
		return nil, fmt.Errorf("%s: %w", dir, ErrUnsealed)
	}
	c := new(Checked)
	text := c.read(dir, ManifestFile)
	if text == nil {
		return c, nil
	}
	man, pub, err := parseManifest(text)
	if err != nil {
		c.changed(ManifestFile, "is no manifest any more, and without it nothing else is compared: %v", err)
		return c, nil
	}
	c.Manifest, c.Signer = man, pub
	raw := c.signatures(dir, text)
	c.leaves(dir, workers)
	c.stamps(dir, raw, roots)
	c.journal(dir, text)
	return c, nil
}

// sealed reports whether a case has any file of a seal.
func sealed(dir string) bool {
	for _, name := range []string{ManifestFile, RawFile, SSHFile, LeavesFile, JournalFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// maxSmall bounds what is read at once: manifest, signatures, stamps.
const maxSmall = 1 << 20

// read reads a small file of the seal; nil if it cannot be.
func (c *Checked) read(dir, name string) []byte {
	path := filepath.Join(dir, name)
	info, err := os.Lstat(path)
	if err != nil {
		c.unread(name, err)
		return nil
	}
	if !info.Mode().IsRegular() || info.Size() > maxSmall {
		c.changed(name, "is not the file that was written: it is %v, %d bytes", info.Mode().Type(), info.Size())
		return nil
	}
	b, err := os.ReadFile(path) //nolint:gosec // of the case that the user names
	if err != nil {
		c.unread(name, err)
		return nil
	}
	return append([]byte{}, b...)
}

// signatures checks both signatures of the manifest and returns the raw one.
func (c *Checked) signatures(dir string, text []byte) []byte {
	raw, armored := c.read(dir, RawFile), c.read(dir, SSHFile)
	rawOK := ed25519.Verify(c.Signer, text, raw)
	pub, err := sshsig.Verify(armored, Namespace, text)
	sshOK := err == nil && pub.Equal(c.Signer)
	if rawOK && sshOK {
		return raw
	}
	if !rawOK && !sshOK && !c.written(dir, text) {
		c.changed(ManifestFile, "was changed, or is the manifest of another case: no signature fits it")
	}
	if raw != nil && !rawOK {
		c.changed(RawFile, "does not sign this manifest: it was changed, or belongs to another case")
	}
	if armored != nil && !sshOK {
		c.changed(SSHFile, "does not sign this manifest: it was changed, or belongs to another case")
	}
	return raw
}

// written reports whether the journal, which has signatures of its own, says
// that the manifest was written so.
func (c *Checked) written(dir string, text []byte) bool {
	f, err := openRegular(filepath.Join(dir, JournalFile))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	entries, _ := custody.Read(f, sha(text).String())
	return len(entries) > 0
}

// stamps checks the time stamps, which are over the raw signature.
func (c *Checked) stamps(dir string, raw []byte, roots *x509.CertPool) {
	for n := 1; n <= c.Manifest.Stamps; n++ {
		name := StampFile(n)
		token := c.read(dir, name)
		if token == nil {
			continue
		}
		t, err := stamp.Verify(token, raw, roots)
		if err == nil {
			err = stamp.Near(t, c.Manifest.Sealed)
		}
		if err != nil {
			c.changed(name, "does not hold: %v", err)
			continue
		}
		c.Stamps = append(c.Stamps, t)
	}
}

// journal checks the journal, and by it the files beside the manifest.
func (c *Checked) journal(dir string, text []byte) {
	f, err := openRegular(filepath.Join(dir, JournalFile))
	if err != nil {
		c.unread(JournalFile, err)
		return
	}
	defer func() { _ = f.Close() }()
	c.Journal, err = custody.Read(f, sha(text).String())
	switch {
	case errors.Is(err, custody.ErrJournal):
		c.changed(JournalFile, "%v", err)
	case err != nil:
		c.unread(JournalFile, err)
	case len(c.Journal) == 0:
		c.changed(JournalFile, "is empty: its first entry says how the case was sealed")
	}
	if len(c.Journal) > 0 {
		c.beside(dir, c.Journal[0])
	}
}

// beside holds the files of the seal against the first entry of the journal.
func (c *Checked) beside(dir string, first custody.Entry) {
	if first.Key != c.Manifest.Key {
		c.changed(JournalFile, "its first entry is by another key than the manifest")
	}
	want := 3 + c.Manifest.Stamps
	if len(first.Files) != want {
		c.changed(JournalFile, "its first entry names %d files, and the seal has %d", len(first.Files), want)
	}
	for _, f := range first.Files {
		if !own(f.Name, c.Manifest.Stamps) || c.named(f.Name) {
			continue
		}
		if b := c.read(dir, f.Name); b != nil && sha(b).String() != f.SHA256 {
			c.changed(f.Name, "is not the file that the journal says was written at sealing")
		}
	}
}

// named reports whether a change of a file was named already.
func (c *Checked) named(file string) bool {
	for _, list := range [][]Change{c.Changes, c.Unread} {
		for _, change := range list {
			if change.File == file {
				return true
			}
		}
	}
	return false
}

// openRegular opens a file that is no link, pipe or folder.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	return os.Open(path) //nolint:gosec // of the case that the user names
}

var errNoFile = errors.New("is no file with bytes any more")

// differs says how what was read differs from what was sealed, "" if it does not.
func (want content) differs(got content) string {
	switch {
	case got.Size != want.Size:
		return fmt.Sprintf("was changed: it has %d bytes, and had %d when it was sealed", got.Size, want.Size)
	case !bytes.Equal(got.Hash[:], want.Hash[:]) || got.Pieces != want.Pieces:
		return "was changed: it has as many bytes as when it was sealed, but not the same"
	}
	return ""
}
