package detect

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what others send is looked for, nothing is protected with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"regexp"
	"slices"

	"telltale/audit"
)

// A salted digest, or one under a key, can be told only if the salt is known:
// if it is in the same exhibit, or was published. Whatever may be a digest is
// then compared with what each salt makes of each seed.

// The bounds of that work in one exhibit. Of salts, those that are named so
// come first, then the published ones, then what else stands there; of a
// hundred seeds all salts are tried within the bound, of ten thousand the
// first one or two.
const (
	maxSalts   = 32
	maxSaltLen = 128
	maxSums    = 1 << 16
)

// saltedDigests are those that are computed with a salt, by their size. To
// look for another, add a row.
var saltedDigests = []struct {
	name string
	make func() hash.Hash
}{
	{"md5", md5.New},
	{"sha1", sha1.New},
	{"sha224", sha256.New224},
	{"sha256", sha256.New},
	{"sha384", sha512.New384},
	{"sha512", sha512.New},
}

// publishedSalts are those that trackers have in their programs.
var publishedSalts = []struct{ salt, source string }{
	{"QX4QkKEU", "the list of hashes of Leaky Forms, USENIX Security 2022"},
}

// separators stand between a salt and a value. None is written "+" in a form.
var separators = []struct{ text, name string }{{"", "+"}, {":", ":"}, {"|", "|"}, {"_", "_"}}

// A salt is what may have been hashed with a seed.
type salt struct {
	text  []byte
	says  string // where it is from
	order int    // the first are tried first
}

const (
	namedSalt = iota
	publishedSalt
	otherSalt
)

var saltName = regexp.MustCompile(`(?i)salt|pepper|secret|nonce|key|token`)

// A saltRecord are the values of an exhibit that may be digests, and that no seed
// alone explains.
type saltRecord []audit.Value

func (r *saltRecord) add(v audit.Value) {
	if data := v.Data.Reveal(); isDigestSize(len(data)) && len(v.Trail) > 1 && mayHoldDigest(data) {
		*r = append(*r, v)
	}
}

func isDigestSize(n int) bool {
	switch n {
	case md5.Size, sha1.Size, sha256.Size224, sha256.Size, sha512.Size384, sha512.Size:
		return true
	}
	return false
}

// saltsOf returns the salts that are tried, of the short values of an exhibit.
func saltsOf(values []audit.Value) []salt {
	var salts []salt
	had := make(map[string]bool)
	for _, v := range values {
		text := v.Data.Reveal()
		if len(text) > maxSaltLen || len(v.Trail) < 2 || had[string(text)] {
			continue
		}
		had[string(text)] = true
		order := otherSalt
		if slices.ContainsFunc(v.Trail[1:], saltName.MatchString) {
			order = namedSalt
		}
		salts = append(salts, salt{text, "with the salt at " + v.Trail[1:].String(), order})
	}
	for _, p := range publishedSalts {
		salts = append(salts, salt{[]byte(p.salt), "with a salt from " + p.source, publishedSalt})
	}
	slices.SortStableFunc(salts, func(a, b salt) int { return cmp.Compare(a.order, b.order) })
	return salts[:min(len(salts), maxSalts)]
}

// meet returns the digests that a salt makes of a seed.
func (r saltRecord) meet(values []audit.Value, texts []hashed) []meeting {
	if len(r) == 0 || len(texts) == 0 {
		return nil
	}
	s := saltSearch{left: maxSums, wanted: make(map[uint64][]audit.Value)}
	for _, v := range r {
		key := binary.LittleEndian.Uint64(v.Data.Reveal())
		s.wanted[key] = append(s.wanted[key], v)
	}
	for _, salt := range saltsOf(values) {
		for _, d := range saltedDigests {
			if h := d.make(); slices.ContainsFunc(r, func(v audit.Value) bool { return v.Data.Len() == h.Size() }) {
				s.salt = salt
				s.mixed(d.name, h, texts)
				s.keyed(d.name, hmac.New(d.make, salt.text), texts)
			}
		}
	}
	return s.met
}

// A saltSearch is the work on one record.
type saltSearch struct {
	left   int // digests that may still be computed
	wanted map[uint64][]audit.Value
	salt   salt
	sum    []byte
	met    []meeting
}

// mixed hashes salt and value, one behind the other.
func (s *saltSearch) mixed(name string, h hash.Hash, texts []hashed) {
	var in []byte
	for _, sep := range separators {
		for i := range texts[:min(len(texts), s.left)] { // each costs one or two
			t := &texts[i]
			in = append(append(append(in[:0], s.salt.text...), sep.text...), t.text...)
			s.try(h, in, t, func(value string) string { return name + "(salt" + sep.name + value + ")" })
			in = append(append(append(in[:0], t.text...), sep.text...), s.salt.text...)
			s.try(h, in, t, func(value string) string { return name + "(" + value + sep.name + "salt)" })
		}
	}
}

// keyed hashes the value under the salt as a key (RFC 2104).
func (s *saltSearch) keyed(name string, h hash.Hash, texts []hashed) {
	for i := range texts[:min(len(texts), s.left)] {
		s.try(h, []byte(texts[i].text), &texts[i], func(value string) string { return "hmac-" + name + "(" + value + ")" })
	}
}

// try notes the digests that are the hash of in. form writes their form.
func (s *saltSearch) try(h hash.Hash, in []byte, t *hashed, form func(value string) string) {
	if s.left == 0 {
		return
	}
	s.left--
	h.Reset()
	_, _ = h.Write(in)
	s.sum = h.Sum(s.sum[:0])
	for _, v := range s.wanted[binary.LittleEndian.Uint64(s.sum)] {
		if string(v.Data.Reveal()) != string(s.sum) {
			continue
		}
		m := Match{Seed: t.seed, Form: form(cmp.Or(t.spelling.name, "value")), Span: audit.Span{End: len(s.sum)}, Confidence: audit.Certain}
		s.met = append(s.met, meeting{m, v, s.salt.says})
	}
}
