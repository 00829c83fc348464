package anonymity

import (
	"context"
	"crypto/md5"  //nolint:gosec // what others hashed with
	"crypto/sha1" //nolint:gosec // what others hashed with
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"sync"
)

// digests is the table of the digests that are tried, by their length.
var digests = []struct {
	name string
	size int
	sum  func(to, data []byte) []byte
}{
	{"md5", md5.Size, func(to, data []byte) []byte { d := md5.Sum(data); return append(to, d[:]...) }},    //nolint:gosec // see above
	{"sha1", sha1.Size, func(to, data []byte) []byte { d := sha1.Sum(data); return append(to, d[:]...) }}, //nolint:gosec // see above
	{"sha256", sha256.Size, func(to, data []byte) []byte { d := sha256.Sum256(data); return append(to, d[:]...) }},
	{"sha512", sha512.Size, func(to, data []byte) []byte { d := sha512.Sum512(data); return append(to, d[:]...) }},
}

// digestOf returns the bytes of a value that may be a digest: hexadecimal or
// base64 of the length of one. kind is an index of digests.
func digestOf(value string) (sum []byte, kind int, ok bool) {
	for i, d := range digests {
		if len(value) == 2*d.size {
			if b, err := hex.DecodeString(value); err == nil {
				return b, i, true
			}
		}
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if len(value) != enc.EncodedLen(d.size) {
				continue
			}
			if b, err := enc.DecodeString(value); err == nil && len(b) == d.size {
				return b, i, true
			}
		}
	}
	return nil, 0, false
}

// A reversal looks for digests of one kind among the values of dictionaries.
type reversal struct {
	kind    int
	targets map[uint64][]target // by the first eight bytes
	count   int
}

type target struct {
	sum  string
	code uint32 // of the value in its column
}

func newReversal(kind int) *reversal {
	return &reversal{kind: kind, targets: make(map[uint64][]target)}
}

func (r *reversal) add(sum []byte, code uint32) {
	key := binary.BigEndian.Uint64(sum)
	r.targets[key] = append(r.targets[key], target{string(sum), code})
	r.count++
}

// try hashes up to most values of a space, with several workers, and returns
// the number of the value for each code that was met. Which worker met it does
// not matter: the smallest number counts.
func (r *reversal) try(ctx context.Context, space Space, most uint64, workers int) (map[uint32]uint64, error) {
	most = min(most, space.Size)
	found := make(map[uint32]uint64)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var value, sum []byte
			for i := uint64(w); i < most; i += uint64(workers) { //nolint:gosec // not negative
				if i&0xffff < uint64(workers) && ctx.Err() != nil { //nolint:gosec // not negative
					return
				}
				value = space.at(i, value[:0])
				sum = digests[r.kind].sum(sum[:0], value)
				for _, t := range r.targets[binary.BigEndian.Uint64(sum)] {
					if t.sum != string(sum) {
						continue
					}
					mu.Lock()
					if first, had := found[t.code]; !had || i < first {
						found[t.code] = i
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return found, ctx.Err()
}
