package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hits runs a matcher and lists what it found.
func hits(m *matcher, data []byte) []string {
	var got []string
	m.find(data, func(p, start int) { got = append(got, fmt.Sprint(p, "@", start)) })
	slices.Sort(got)
	return got
}

// brute is the oracle: every pattern at every place.
func brute(patterns [][]byte, data []byte) []string {
	var want []string
	for i, p := range patterns {
		for start := range data {
			if bytes.HasPrefix(data[start:], p) {
				want = append(want, fmt.Sprint(i, "@", start))
			}
		}
	}
	slices.Sort(want)
	return want
}

// The matcher finds what trying everything finds, in data of few letters, where
// patterns overlap and share their grams.
func TestMatcherIsBruteForce(t *testing.T) {
	few := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 8, 14, -1)
	rapid.Check(t, func(t *rapid.T) {
		patterns := [][]byte{}
		for _, p := range rapid.SliceOfN(few, 1, 20).Draw(t, "patterns") {
			patterns = append(patterns, []byte(p))
		}
		data := []byte(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 300, -1).Draw(t, "data"))
		if got, want := hits(newMatcher(patterns, nil), data), brute(patterns, data); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func FuzzMatcher(f *testing.F) {
	f.Add([]byte("k7f3q9w2m4x8abcd"), []byte("…k7f3q9w2m4x8abcd…"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00"), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, pattern, data []byte) {
		if len(pattern) < gram {
			return
		}
		patterns := [][]byte{pattern, append([]byte("other888"), pattern...)}
		if got, want := hits(newMatcher(patterns, nil), data), brute(patterns, data); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// BenchmarkMatch searches 4 MiB of text of 69 letters for patterns of 12 to 91
// letters that all begin with https://, as addresses do. None stands in it.
func BenchmarkMatch(b *testing.B) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/?="
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var s strings.Builder
		for range n {
			s.WriteByte(letters[rng.IntN(len(letters))])
		}
		return s.String()
	}
	data := []byte(text(4 << 20))
	for _, n := range []int{100, 10_000, 100_000} {
		patterns := make([][]byte, n)
		for i := range patterns {
			patterns[i] = folded("https://" + text(4+rng.IntN(80)))
		}
		m := newMatcher(patterns, &lower)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				m.find(data, func(int, int) {})
			}
		})
	}
}
