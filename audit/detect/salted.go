package detect

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what others send is looked for, nothing is protected with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"telltale/audit"
)

// A salted digest, or one under a key, can be told only if the salt is known:
// if it is in the same request, or was published. Whatever may be a digest is
// then compared with what each salt makes of each seed.

// The bounds of that work in one exhibit. Of salts, those that are named so
// come first, then the published ones, then what else stands there. Of a
// hundred seeds all salts are tried within the bounds; of ten thousand, only a
// few of those that are named so, because for the others there is no time.
const (
	maxSalts       = 32
	maxSaltLen     = 128
	maxSums        = 1 << 15
	maxNamedSums   = 1 << 18
	maxTexts       = 1 << 10 // of seeds, up to which all salts are tried
	maxUnexplained = 256
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

// A mixture says what is hashed, and the form of that.
type mixture struct{ parts, form string }

// mixtures are the ways to hash a salt with a value, the usual ones first. A
// digit in a row stands for: 0 the salt, 1 the value, 2 the hexadecimal digits
// of its digest. To look for another, add a row.
var mixtures = []mixture{
	{"01", "salt+%"},
	{"10", "%+salt"},
	{"010", "salt+%+salt"},
	{"02", "salt+hex(#(%))"},
	{"20", "hex(#(%))+salt"},
	{"0:1", "salt:%"},
	{"1:0", "%:salt"},
	{"0|1", "salt|%"},
	{"1|0", "%|salt"},
	{"0_1", "salt_%"},
	{"1_0", "%_salt"},
	{"0-1", "salt-%"},
	{"1-0", "%-salt"},
	{"0.1", "salt.%"},
	{"1.0", "%.salt"},
}

// A salt is what may have been hashed with a seed.
type salt struct {
	text  []byte
	says  string // where it is from
	order int    // the first are tried first
}

const (
	properSalt = iota // called a salt, and nothing else
	namedSalt
	publishedSalt
	otherSalt
)

// saltNames are parts of the names that salts and keys have. Keys and tokens
// stand in any traffic.
var saltNames = []struct {
	part  string
	order int
}{
	{"salt", properSalt},
	{"pepper", properSalt},
	{"hmac", properSalt},
	{"secret", namedSalt},
	{"nonce", namedSalt},
	{"key", namedSalt},
	{"token", namedSalt},
}

// saltOrder tells by a name on the way to a value whether it may be a salt.
func saltOrder(step string) int {
	order := otherSalt
	step = strings.ToLower(step)
	for _, n := range saltNames {
		if n.order < order && strings.Contains(step, n.part) {
			order = n.order
		}
	}
	return order
}

// saltDigits are the digits that a salt may be written in. Decoding takes short
// ones for words.
var saltDigits = []struct {
	name string
	read func(digits string) ([]byte, error)
}{
	{"hex", hex.DecodeString},
	{"base64", base64.StdEncoding.DecodeString},
	{"base64", base64.RawURLEncoding.DecodeString},
}

// An unexplained run of bytes may be a digest, and no seed alone gives it.
type unexplained struct {
	sum   []byte
	form  string // of its digits, if decoding did not take them off
	value audit.Value
	span  audit.Span
}

// A saltRecord is what may be a salted digest in an exhibit, by their first bytes.
type saltRecord map[uint64]unexplained

// add notes what may be a digest in a value.
func (r saltRecord) add(v audit.Value, digests []unexplained) {
	if len(v.Trail) < 2 {
		return
	}
	for _, c := range digests {
		if key := word(c.sum); len(r) < maxUnexplained || r[key].sum != nil {
			c.value = v
			r[key] = c
		}
	}
}

// unexplainedIn returns what may be a digest in a value, without the value.
// Digits that decoding takes off, too, count below them.
func unexplainedIn(v audit.Value) (found []unexplained) {
	data := v.Data.Reveal()
	if isDigestSize(len(data)) && mayHoldDigest(data) {
		return []unexplained{{sum: bytes.Clone(data), span: audit.Span{End: len(data)}}}
	}
	tokens(v, func(t token) {
		switch {
		case !isDigestSize(len(t.sum)), t.form == "dashed" && isUUID(t.sum):
		case t.form == "base64" && !hasBothCases(data[t.span.Start:t.span.End]):
		default:
			found = append(found, unexplained{sum: t.sum, form: t.form + " ", span: t.span})
		}
	})
	return found
}

// isUUID reports whether bytes have the version and the variant of a UUID
// (RFC 9562), as one in twenty digests has.
func isUUID(b []byte) bool {
	return len(b) == 16 && 1 <= b[6]>>4 && b[6]>>4 <= 8 && b[8]>>6 == 2
}

// hasBothCases tells digits of base64 from most words.
func hasBothCases(text []byte) bool {
	return !bytes.Equal(bytes.ToLower(text), text) && !bytes.Equal(bytes.ToUpper(text), text)
}

// cutSizes are the bytes that digests are often cut to.
var cutSizes = []int{8, 12, 16}

// isDigestSize reports whether a digest has so many bytes, whole or cut.
func isDigestSize(n int) bool { return slices.Contains(cutSizes, n) || slices.Contains(digestSizes, n) }

// keep returns the record with values that stay as they are when the exhibit
// is done.
func (r saltRecord) keep() saltRecord {
	for key, c := range r {
		c.value = c.value.Clone()
		r[key] = c
	}
	return r
}

// saltsOf returns the salts that are tried, of the short values of an exhibit:
// all, or those that are named so.
func (n *notebook) saltsOf(values []audit.Value, all bool) []salt {
	var salts []salt
	had := make(map[string]bool)
	add := func(text []byte, says string, order int) {
		if len(text) > 0 && len(text) <= maxSaltLen && !had[string(text)] {
			had[string(text)] = true
			salts = append(salts, salt{text, says, order})
		}
	}
	var named []salt
	for _, v := range values {
		order := otherSalt
		for _, step := range v.Trail[1:] {
			order = min(order, n.step(step).salt)
		}
		if len(v.Trail) < 2 || order > namedSalt && (!all || bytes.IndexByte(v.Data.Reveal(), ' ') >= 0) {
			continue // what has spaces is prose
		}
		of := salt{v.Data.Reveal(), "with the salt at " + v.Trail[1:].String(), order}
		add(of.text, of.says, of.order)
		if order <= namedSalt {
			named = append(named, of)
		}
	}
	for _, of := range named { // what the layers do not have
		for _, d := range saltDigits {
			if text, err := d.read(string(of.text)); err == nil {
				add(text, of.says+", "+d.name, of.order)
			}
		}
	}
	for _, p := range publishedSalts {
		add([]byte(p.salt), "with a salt from "+p.source, publishedSalt)
	}
	slices.SortStableFunc(salts, func(a, b salt) int { return cmp.Compare(a.order, b.order) })
	return salts[:min(len(salts), maxSalts)]
}

// upTo returns the salts that come no later than those of an order.
func upTo(order int, salts []salt) []salt {
	n := 0
	for n < len(salts) && salts[n].order <= order {
		n++
	}
	return salts[:n]
}

// meet returns the digests that salts make of seeds.
func (r saltRecord) meet(salts []salt, texts []hashed, cache *saltCache) []meeting {
	if len(r) == 0 || len(texts) == 0 {
		return nil
	}
	s := saltSearch{wanted: r, texts: texts, cache: cache}
	sizes := make(map[int]bool)
	for _, c := range r {
		sizes[len(c.sum)] = true
	}
	whole := func(size int) bool { return sizes[size] }
	cut := func(size int) bool { return !sizes[size] && slices.ContainsFunc(cutSizes, whole) }
	named := upTo(namedSalt, salts)
	if len(texts) <= maxTexts {
		s.search(named, whole, maxNamedSums)
		s.search(named, cut, maxSums)
		s.search(salts[len(named):], whole, maxSums)
	} else {
		s.search(upTo(properSalt, salts), whole, maxNamedSums)
	}
	slices.SortStableFunc(s.met, func(a, b meeting) int {
		return cmp.Or(slices.Compare(a.value.Trail, b.value.Trail), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return s.met
}

// A saltSearch is the work on one record.
type saltSearch struct {
	left   int // digests that may still be computed
	wanted saltRecord
	texts  []hashed
	digest string // at work
	salt   salt
	sum    []byte
	cache  *saltCache
	filter saltFilter // of the sums at work, nil if they are not all computed
	met    []meeting
}

// search tries the salts as keys, then the usual mixtures with all of them, and
// then the others, for digests of some sizes.
func (s *saltSearch) search(salts []salt, wanted func(size int) bool, most int) {
	s.left = most
	for stage := range len(stages) {
		for _, salt := range salts {
			for _, d := range saltedDigests {
				h := d.make()
				if s.left == 0 || !wanted(h.Size()) {
					continue
				}
				s.digest, s.salt = d.name, salt
				s.block(stage, func() {
					if stage == 0 {
						s.keyed(hmac.New(d.make, salt.text))
					}
					s.mixed(h, mixtures[stages[stage].from:stages[stage].to])
				})
			}
		}
	}
}

// block computes what the salt and the digest at work make in one stage, unless
// it is known that nothing wanted is among it.
func (s *saltSearch) block(stage int, compute func()) {
	sums := max(1, stages[stage].to-stages[stage].from) * len(s.texts)
	b := saltBlock{string(s.salt.text), s.digest, stage}
	if f := s.cache.filters[b]; f != nil && sums <= s.left && !f.mayHold(s.wanted) {
		s.left -= sums
		return
	}
	if s.filter = nil; sums <= s.left {
		s.filter = newSaltFilter(sums)
	}
	compute()
	if s.filter != nil {
		s.cache.keep(b, s.filter)
	}
}

// stages are the mixtures that are tried with all salts before the next ones
// are. Before the first, there are none but the salt as a key.
var stages = []struct{ from, to int }{{0, 0}, {0, 2}, {2, 5}, {5, len(mixtures)}}

// mixed hashes salt and value, one behind the other.
func (s *saltSearch) mixed(h hash.Hash, rows []mixture) {
	var in, inner, digits []byte
	for _, m := range rows {
		nested := strings.Contains(m.parts, "2")
		for i := range s.texts[:min(len(s.texts), s.left)] {
			t := &s.texts[i]
			if nested {
				h.Reset()
				_, _ = h.Write([]byte(t.text))
				inner = h.Sum(inner[:0])
				digits = hex.AppendEncode(digits[:0], inner)
			}
			in = in[:0]
			for _, c := range []byte(m.parts) {
				switch c {
				case '0':
					in = append(in, s.salt.text...)
				case '1':
					in = append(in, t.text...)
				case '2':
					in = append(in, digits...)
				default:
					in = append(in, c)
				}
			}
			s.try(h, in, t, s.digest+"("+m.form+")")
		}
	}
}

// keyed hashes the value under the salt as a key (RFC 2104).
func (s *saltSearch) keyed(h hash.Hash) {
	for i := range s.texts[:min(len(s.texts), s.left)] {
		s.try(h, []byte(s.texts[i].text), &s.texts[i], "hmac-"+s.digest+"(%)")
	}
}

// try notes what is the hash of in. In form, "%" stands for
// the value and "#" for the name of the digest.
func (s *saltSearch) try(h hash.Hash, in []byte, t *hashed, form string) {
	if s.left == 0 {
		return
	}
	s.left--
	h.Reset()
	_, _ = h.Write(in)
	s.sum = h.Sum(s.sum[:0])
	if s.filter != nil {
		s.filter.add(word(s.sum))
	}
	c, ok := s.wanted[word(s.sum)]
	if !ok || !bytes.HasPrefix(s.sum, c.sum) || len(c.sum) < len(s.sum) && s.salt.order != namedSalt {
		return
	}
	m := Match{Seed: t.seed, Span: c.span, Confidence: audit.Certain}
	m.Form = c.form + strings.NewReplacer("%", cmp.Or(t.spelling.name, "value"), "#", s.digest).Replace(form)
	if len(c.sum) < len(s.sum) {
		m.Form = fmt.Sprintf("%s[:%d]", m.Form, len(c.sum))
	}
	if len(c.sum) < 2*gram {
		m.Confidence = audit.Likely
	}
	s.met = append(s.met, meeting{m, c.value, s.salt.says})
}

// A request holds what is left of the exhibits of one: the salt may stand in a
// field of the header and the digest in the address.
type request struct {
	place  audit.Place
	event  int
	scenes []*scene
}

// takes reports whether an exhibit belongs to the request.
func (r *request) takes(ex audit.Exhibit) bool {
	return ex.Event > 0 && ex.Event == r.event && ex.Place == r.place
}

// meet returns for each scene the digests that the salts in the others make.
func (r *request) meet(seeds *Seeds, cache *saltCache) {
	for i, s := range r.scenes {
		var salts []salt
		for k, other := range r.scenes {
			if k == i {
				continue
			}
			for _, o := range other.salts {
				o.says += " of " + other.exhibit.ID
				salts = append(salts, o)
			}
		}
		met := s.digests.meet(salts, seeds.salted, cache)
		met = slices.DeleteFunc(met, func(m meeting) bool { return seeds.seeds[m.Seed].AtHome(s.exhibit.Host) })
		s.over = append(s.over, seeds.findings(met)...)
	}
	for _, s := range r.scenes {
		s.digests, s.salts = nil, nil
	}
	r.scenes = r.scenes[:0]
}
