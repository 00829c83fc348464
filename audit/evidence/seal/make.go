package seal

import (
	"bufio"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"telltale/audit/evidence"
	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/sshsig"
)

// A Maker is all that is needed to seal a case.
type Maker struct {
	Key     ed25519.PrivateKey
	Now     time.Time
	Version string    // of the program
	Needs   []string  // flags of the program that the facts depend on
	Random  io.Reader // for the salts
	Workers int
	// Stamps get a time stamp over data and check it; none: no stamp is asked
	// for. If one fails, the case is not sealed.
	Stamps []func(data []byte) (token []byte, err error)
}

// ErrSealed means that a case has a seal.
var ErrSealed = errors.New("the case is sealed; a seal is made once")

// Make seals a case. What is in the folder must be a case that holds: a plan,
// its seeds and claims, and a log whose lines fit each other.
func (m Maker) Make(dir string) (Manifest, error) {
	var man Manifest
	r, err := evidence.Open(dir)
	if err != nil {
		return man, err
	}
	if err := unsealed(dir); err != nil {
		return man, err
	}
	if err := whole(r); err != nil {
		return man, err
	}
	pub, _ := m.Key.Public().(ed25519.PublicKey)
	man = Manifest{
		Format: Format, Case: r.Case.ID, Sealed: m.Now.UTC().Truncate(time.Millisecond), Version: m.Version, Needs: m.Needs,
		Key: sshsig.Text(pub), Stamps: len(m.Stamps),
	}
	if len(m.Stamps) > maxStamps {
		return man, fmt.Errorf("%d time stamps are too many; %d are taken", len(m.Stamps), maxStamps)
	}
	if err := m.list(dir, &man); err != nil {
		return man, err
	}
	return man, m.sign(dir, man)
}

// unsealed reports whether a case has a seal or a part of one.
func unsealed(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, ManifestFile)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", dir, errors.Join(ErrSealed, err))
	}
	if _, err := os.Lstat(filepath.Join(dir, JournalFile)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has %s and no %s: its seal was not finished, or was taken off; remove %s if you want a new one", dir, JournalFile, ManifestFile, JournalFile)
	}
	return nil
}

// whole reports whether the log's lines fit each other. A log that was cut off
// by a crash is sealed as it is.
func whole(r *evidence.Reader) error {
	for _, err := range r.Events() {
		if err != nil && !errors.Is(err, evidence.ErrCut) {
			return fmt.Errorf("this case is not sealed: %w", err)
		}
	}
	return nil
}

// list writes leaves.jsonl and completes the manifest.
func (m Maker) list(dir string, man *Manifest) (err error) {
	part := filepath.Join(dir, LeavesFile)
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the case that the user names
	if err != nil {
		return evidence.Advise(fmt.Errorf("sealing: %w", err))
	}
	out := bufio.NewWriter(f)
	var hashes []hash
	for l := range evidence.InOrder(m.keyed(dir), m.Workers, func(k keyed) result { return k.leaf(dir) }) {
		if err = l.err; err != nil {
			break
		}
		hashes = append(hashes, l.leaf.hash())
		man.Bytes += l.leaf.Size
		b, _ := l.leaf.encode() // never fails: text and numbers
		if _, err = out.Write(b); err != nil {
			break
		}
	}
	man.Files, man.Root = uint64(len(hashes)), Digest(root(hashes))
	if err := errors.Join(err, out.Flush(), f.Close()); err != nil {
		_ = os.Remove(part)
		return evidence.Advise(fmt.Errorf("sealing: %w", err))
	}
	return nil
}

// keyed is a file with a key of its own.
type keyed struct {
	found
	key Key
}

type result struct {
	leaf leaf
	err  error
}

// keyed yields the files of a case, each with a new key.
func (m Maker) keyed(dir string) func(yield func(keyed) bool) {
	return func(yield func(keyed) bool) {
		for f := range walk(dir, 0) {
			k := keyed{found: f}
			if _, err := io.ReadFull(m.Random, k.key[:]); err != nil && k.err == nil {
				k.err = err
			}
			if !yield(k) {
				return
			}
		}
	}
}

func (k keyed) leaf(dir string) result {
	if k.err != nil {
		return result{err: k.err}
	}
	if k.odd {
		return result{err: fmt.Errorf("%s is no file, and only files can be sealed; remove it", k.path)}
	}
	if own(k.path, maxStamps) || strings.HasPrefix(k.path, RedactedDir+"/") {
		return result{err: fmt.Errorf("%s has a name that the seal needs; remove it", k.path)}
	}
	if err := checkPath(k.path); err != nil {
		return result{err: err}
	}
	c, err := sumFile(dir, k.path, k.key)
	return result{newLeaf(k.path, c, k.key), err}
}

// sign writes manifest, signatures, stamps and the first line of the journal.
// If one cannot be written, none is left: the case is open, as before.
func (m Maker) sign(dir string, man Manifest) error {
	text, err := json.MarshalIndent(man, "", "  ")
	if err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	text = append(text, '\n')
	raw := ed25519.Sign(m.Key, text)
	files := []file{{ManifestFile, text}, {RawFile, raw}, {SSHFile, sshsig.Sign(m.Key, Namespace, text)}}
	for i, stamp := range m.Stamps {
		token, err := stamp(raw)
		if err != nil {
			m.undo(dir, files)
			return fmt.Errorf("time stamp %d was asked for and is missing, so the case is not sealed: %w", i+1, err)
		}
		files = append(files, file{StampFile(i + 1), token})
	}
	if err := m.write(dir, files); err != nil {
		m.undo(dir, files)
		return err
	}
	return nil
}

// write writes the files of a seal. The manifest, which comes first in the
// list, goes last: with it the case is sealed.
func (m Maker) write(dir string, files []file) error {
	for _, f := range files[1:] {
		if err := evidence.WriteFile(filepath.Join(dir, f.name), f.data); err != nil {
			return err
		}
	}
	manifest := files[0]
	first := custody.Entry{Time: m.Now.UTC().Truncate(time.Millisecond), Action: custody.Seal, Files: named(files)}
	if err := custody.Append(filepath.Join(dir, JournalFile), sha(manifest.data).String(), m.Key, first); err != nil {
		return err
	}
	return evidence.WriteFile(filepath.Join(dir, manifest.name), manifest.data)
}

// undo removes what was written of a seal that could not be finished.
func (m Maker) undo(dir string, files []file) {
	for _, f := range append([]file{{name: LeavesFile}, {name: JournalFile}}, files...) {
		_ = os.Remove(filepath.Join(dir, f.name))
	}
}

type file struct {
	name string
	data []byte
}

func named(files []file) []custody.File {
	var list []custody.File
	for _, f := range files {
		list = append(list, custody.File{Name: f.name, SHA256: sha(f.data).String()})
	}
	return list
}
