package seal

import (
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"telltale/audit/evidence"
)

// A pair is a file that is sealed, a file that is there, or both.
type pair struct {
	leaf leaf  // zero: the file was not sealed
	file found // zero: the file is not there
	err  error // leaves.jsonl cannot be read on
}

// A verdict is what came of comparing a pair.
type verdict struct {
	pair
	part   Part // of a file of which pieces are withheld
	change string
	unread error
	also   Change // of the list of pieces
}

// leaves compares the files of a case with leaves.jsonl, and that with the
// root that was signed.
func (c *Checked) leaves(dir string, workers int) {
	f, err := openRegular(filepath.Join(dir, LeavesFile))
	if err != nil {
		c.unread(LeavesFile, err)
		return
	}
	defer func() { _ = f.Close() }()
	var hashes []hash
	var lists []string // of pieces, that are there
	broken := false
	compare := func(p pair) verdict { return p.compare(dir) }
	for v := range evidence.InOrder(pairs(leaves(f), walk(dir, c.Manifest.Stamps)), workers, compare) {
		if v.err != nil {
			broken = true
			c.changed(LeavesFile, "was changed: %v; the files behind that line are not compared", v.err)
			break
		}
		if v.leaf != (leaf{}) {
			hashes = append(hashes, v.leaf.hash())
		}
		if v.leaf == (leaf{}) && strings.HasPrefix(v.file.path, RedactedDir+"/") && !v.file.odd && v.file.err == nil {
			lists = append(lists, v.file.path)
			continue
		}
		c.count(v)
	}
	if !broken && (uint64(len(hashes)) != c.Manifest.Files || Digest(root(hashes)) != c.Manifest.Root) {
		c.changed(LeavesFile, "is not the list that was sealed: its Merkle root is not that of the manifest")
	}
	for _, list := range lists {
		if !slices.ContainsFunc(c.Parts, func(p Part) bool { return piecesFile(p.File) == list }) {
			c.changed(list, "was added after the sealing")
		}
	}
}

// count takes what came of one pair.
func (c *Checked) count(v verdict) {
	name := v.leaf.Path
	switch {
	case v.leaf == (leaf{}) && v.file.err != nil:
		c.unread(v.file.path, v.file.err)
		return
	case v.leaf == (leaf{}):
		c.changed(v.file.path, "was added after the sealing")
		return
	case v.leaf.Leaf != nil:
		c.Gone++
		return
	case v.unread != nil:
		c.unread(name, v.unread)
	case v.change != "":
		c.changed(name, "%s", v.change)
	default:
		c.Files++
		c.Bytes += v.leaf.Size
	}
	if v.part.File != "" {
		c.Parts = append(c.Parts, v.part)
	}
	if v.also.File != "" {
		c.changed(v.also.File, "%s", v.also.What)
	}
}

// pairs joins what was sealed with what is there; both come in the same order.
func pairs(sealed iter.Seq2[leaf, error], there iter.Seq[found]) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		next, stop := iter.Pull(there)
		defer stop()
		file, more := next()
		for l, err := range sealed {
			if err != nil {
				yield(pair{err: err})
				return
			}
			for more && l.Path != "" && before(file.path, l.Path) {
				if !yield(pair{file: file}) {
					return
				}
				file, more = next()
			}
			p := pair{leaf: l}
			if more && l.Path != "" && file.path == l.Path {
				p.file = file
				file, more = next()
			}
			if !yield(p) {
				return
			}
		}
		for ; more; file, more = next() {
			if !yield(pair{file: file}) {
				return
			}
		}
	}
}

// compare holds the file of a pair against its leaf.
func (p pair) compare(dir string) verdict {
	v := verdict{pair: p}
	switch {
	case p.err != nil || p.leaf == (leaf{}) || p.leaf.Leaf != nil:
		return v
	case p.file.path == "":
		v.unread = fs.ErrNotExist
		return v
	case p.file.err != nil:
		v.unread = p.file.err
		return v
	case p.file.odd:
		v.change = errNoFile.Error()
		return v
	case p.leaf.Salt != "":
		return v.comparePart(dir)
	}
	got, err := sumFile(dir, p.leaf.Path, Key(*p.leaf.Key))
	v.unread, v.change = err, p.leaf.content().differs(got)
	return v
}

// comparePart does it for a file of which pieces are withheld.
func (v verdict) comparePart(dir string) verdict {
	name := piecesFile(v.leaf.Path)
	v.part = Part{File: v.leaf.Path, Pieces: v.leaf.Pieces}
	list, err := openRegular(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		v.also = Change{name, "is missing or no file: " + err.Error()}
		v.change = "cannot be compared without " + name
		return v
	}
	defer func() { _ = list.Close() }()
	f, err := openRegular(filepath.Join(dir, filepath.FromSlash(v.leaf.Path)))
	if err != nil {
		v.unread = err
		return v
	}
	defer func() { _ = f.Close() }()
	p := newPieces(list)
	h := newHasher(p.next)
	got, err := h.sum(v.leaf.Path, f)
	v.part.Withheld = p.withheld
	got.Size = v.leaf.Size // of the file before; it stands in the leaf, which is signed
	switch {
	case err != nil:
		v.unread = err
	case p.end() != nil:
		v.also = Change{name, "does not fit " + v.leaf.Path + ": " + p.end().Error()}
		v.change = "or " + name + " was changed"
	case h.odd:
		v.change = "was changed: where a piece is withheld stands something else than " + Withheld
	default:
		if v.change = v.leaf.content().differs(got); v.change != "" {
			v.change = "or " + name + " " + v.change
		}
	}
	return v
}
