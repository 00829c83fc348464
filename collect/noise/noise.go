// Package noise draws random integers for differential privacy.
//
// The samplers are those of Canonne, Kamath and Steinke, "The Discrete Gaussian
// for Differential Privacy" (2020), algorithms 1 to 3. They use integers only:
// floating point noise has holes that give values away (Mironov 2012). Randomness
// is passed in; outside of tests it is crypto/rand.
package noise

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
)

// A Source draws from a stream of random bytes. It is not safe for concurrent
// use. An error of the stream stays: see [Source.Err].
type Source struct {
	r   io.Reader
	err error
}

// New returns a source that reads random bytes from r.
func New(r io.Reader) *Source { return &Source{r: r} }

// Err returns the first error of the stream. What was drawn after it must not be used.
func (s *Source) Err() error { return s.err }

// uniform returns a number from 0 to n-1, all equally likely.
func (s *Source) uniform(n *big.Int) *big.Int {
	bytes := (n.BitLen() + 7) / 8
	buf := make([]byte, bytes)
	mask := byte(0xff >> (uint(bytes*8-n.BitLen()) % 8))
	for s.err == nil {
		if _, err := io.ReadFull(s.r, buf); err != nil {
			s.err = fmt.Errorf("drawing noise: %w", err)
			break
		}
		buf[0] &= mask
		if v := new(big.Int).SetBytes(buf); v.Cmp(n) < 0 {
			return v
		}
	}
	return new(big.Int)
}

// bernoulli is true with the probability p, which is from 0 to 1.
func (s *Source) bernoulli(p *big.Rat) bool { return s.uniform(p.Denom()).Cmp(p.Num()) < 0 }

// exp is true with the probability e^-x, x from 0 (algorithm 1).
func (s *Source) exp(x *big.Rat) bool {
	one := big.NewRat(1, 1)
	for x.Cmp(one) > 0 {
		if s.err != nil || !s.exp1(one) {
			return false
		}
		x = new(big.Rat).Sub(x, one)
	}
	return s.exp1(x)
}

// exp1 is exp for x up to 1.
func (s *Source) exp1(x *big.Rat) bool {
	k := int64(1)
	for s.err == nil && s.bernoulli(new(big.Rat).Quo(x, big.NewRat(k, 1))) {
		k++
	}
	return k%2 == 1
}

// Laplace draws from the discrete Laplace distribution: the probability of n is
// in proportion to e^(-|n|/scale). scale is num/den, both from 1 (algorithm 2).
func (s *Source) Laplace(num, den int64) int64 {
	t, d := big.NewInt(num), big.NewInt(den)
	for s.err == nil {
		u := s.uniform(t)
		if !s.exp(new(big.Rat).SetFrac(u, t)) {
			continue
		}
		v := int64(0)
		for s.err == nil && s.exp1(big.NewRat(1, 1)) {
			v++
		}
		n := new(big.Int).Add(u, new(big.Int).Mul(t, big.NewInt(v)))
		n.Quo(n, d)
		negative := s.bernoulli(big.NewRat(1, 2))
		if negative && n.Sign() == 0 {
			continue
		}
		if !n.IsInt64() {
			continue
		}
		if negative {
			return -n.Int64()
		}
		return n.Int64()
	}
	return 0
}

// Gaussian draws from the discrete Gaussian distribution of mean 0: the
// probability of n is in proportion to e^(-n²/(2·variance)). The variance is
// from 1 (algorithm 3).
func (s *Source) Gaussian(variance int64) int64 {
	sigma2 := big.NewInt(variance)
	t := new(big.Int).Sqrt(sigma2)
	t.Add(t, big.NewInt(1))
	for s.err == nil {
		y := s.Laplace(t.Int64(), 1)
		// (|y| - σ²/t)² / 2σ² = (|y|·t - σ²)² / (2σ²t²)
		d := new(big.Int).Mul(big.NewInt(max(y, -y)), t)
		d.Sub(d, sigma2)
		d.Mul(d, d)
		den := new(big.Int).Mul(t, t)
		den.Mul(den, sigma2).Lsh(den, 1)
		if s.exp(new(big.Rat).SetFrac(d, den)) {
			return y
		}
	}
	return 0
}

// A Stream is random bytes that a seed decides, for tests and for repeatable
// runs; it is not for releases.
type Stream struct{ state uint64 }

// NewStream returns the stream of a seed.
func NewStream(seed uint64) *Stream { return &Stream{seed} }

// Read implements [io.Reader] with SplitMix64 (Steele, Lea and Flood 2014).
func (s *Stream) Read(p []byte) (int, error) {
	var word [8]byte
	for i := range p {
		if i%8 == 0 {
			s.state += 0x9e3779b97f4a7c15
			z := s.state
			z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			binary.LittleEndian.PutUint64(word[:], z^z>>31)
		}
		p[i] = word[i%8]
	}
	return len(p), nil
}
