package seal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"telltale/audit/evidence"
)

// A Fate is what becomes of a file in a redacted case.
type Fate int

// The fates. The zero Fate gives nothing away.
const (
	Withhold Fate = iota // nothing of it is there, not even its name
	Partly               // of its strings those are there that are kept; for files in JSON
	Keep                 // all of it is there
)

// A Censor decides what a redacted case shows.
type Censor interface {
	// Fate decides about a file.
	Fate(name string) Fate
	// Strings returns what decides about the strings of a file whose fate is
	// Partly. It is told every string with its quotes, and what stands between
	// two, in order, and returns whether it is shown. What stands between
	// strings has to be.
	Strings(name string) func(piece []byte) (shown bool)
}

// Redact copies a sealed case that holds into a new folder, without what a
// censor withholds. The copy verifies against the same manifest and signatures.
func Redact(dir, out string, censor Censor) error {
	if err := os.Mkdir(out, 0o700); err != nil {
		return fmt.Errorf("the folder of the redacted case: %w; name a new one", err)
	}
	f, err := os.Open(filepath.Join(dir, LeavesFile)) //nolint:gosec // of the case that the user names
	if err != nil {
		return fmt.Errorf("redacting: %w", err)
	}
	defer func() { _ = f.Close() }()
	var shown bytes.Buffer
	var gone []leaf
	stamps := 0
	for l, err := range leaves(f) {
		if err == nil && l.Key == nil {
			err = errors.New("the case is redacted already")
		}
		if err == nil {
			l, err = redactFile(dir, out, l, censor)
		}
		if err != nil {
			return fmt.Errorf("redacting %s: %w", l.Path, err)
		}
		if l.Leaf != nil {
			gone = append(gone, l)
			continue
		}
		b, _ := l.encode() // never fails: text and numbers
		shown.Write(b)
	}
	slices.SortFunc(gone, func(a, b leaf) int { return bytes.Compare(a.Leaf[:], b.Leaf[:]) })
	for _, l := range gone {
		b, _ := l.encode()
		shown.Write(b)
	}
	if err := evidence.WriteFile(filepath.Join(out, LeavesFile), shown.Bytes()); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, ManifestFile)) //nolint:gosec // of the case that the user names
	if err != nil {
		return err
	}
	if m, _, err := parseManifest(text); err == nil {
		stamps = m.Stamps
	}
	return copySeal(dir, out, stamps)
}

// copySeal copies what is beside the leaves: it is the same in every copy.
func copySeal(dir, out string, stamps int) error {
	names := []string{RawFile, SSHFile, JournalFile}
	for n := range stamps {
		names = append(names, StampFile(n+1))
	}
	for _, name := range append(names, ManifestFile) {
		b, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // of the case that the user names
		if err != nil {
			return err
		}
		if err := evidence.WriteFile(filepath.Join(out, name), b); err != nil {
			return err
		}
	}
	return nil
}

// redactFile copies what is shown of a file, and returns its line.
func redactFile(dir, out string, l leaf, censor Censor) (leaf, error) {
	fate := censor.Fate(l.Path)
	if fate == Partly && !splits(l.Path) {
		fate = Withhold // it is one piece
	}
	if fate == Withhold {
		d := Digest(l.hash())
		return leaf{Leaf: &d}, nil
	}
	in, err := os.Open(filepath.Join(dir, filepath.FromSlash(l.Path))) //nolint:gosec // of the case that the user names
	if err != nil {
		return l, err
	}
	defer func() { _ = in.Close() }()
	path := filepath.Join(out, filepath.FromSlash(l.Path))
	if fate == Keep {
		return l, create(path, func(w io.Writer) error {
			_, err := io.Copy(w, in)
			return err
		})
	}
	key := Key(*l.Key)
	s := key.salt(leafSalt)
	list := filepath.Join(out, filepath.FromSlash(piecesFile(l.Path)))
	err = create(path, func(w io.Writer) error {
		return create(list, func(list io.Writer) error {
			return redactPieces(in, w, list, key, censor.Strings(l.Path))
		})
	})
	l.Key, l.Salt = nil, fmt.Sprintf("%x", s)
	return l, err
}

// redactPieces copies the pieces that are shown and puts a mark in the place
// of the others. For each piece, list gets its salt or its hash.
func redactPieces(in io.Reader, out, list io.Writer, key Key, shown func([]byte) bool) error {
	var piece []byte
	var n uint64
	var failed error
	end := func() {
		if len(piece) == 0 || failed != nil {
			return
		}
		s, line := key.salt(n), ""
		n++
		if isShown := shown(piece); isShown || piece[0] != '"' {
			line = pieceLine(s, nil)
		} else {
			h := hash(sha256.Sum256(append(s[:], piece...)))
			line, piece = pieceLine(s, &h), []byte(Withheld)
		}
		_, err := io.WriteString(list, line)
		_, werr := out.Write(piece)
		failed = errors.Join(err, werr)
		piece = piece[:0]
	}
	c := &cutter{write: func(b []byte) { piece = append(piece, b...) }, end: end}
	_, err := io.Copy(c, in)
	end()
	if n == 0 {
		_, failed = io.WriteString(list, pieceLine(key.salt(0), nil))
	}
	return errors.Join(err, failed)
}

// create writes a new file for its owner alone.
func create(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // below the folder that the user names
	if err != nil {
		return evidence.Advise(err)
	}
	w := bufio.NewWriter(f)
	err = write(w)
	return evidence.Advise(errors.Join(err, w.Flush(), f.Close()))
}
