package decode

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"telltale/audit"
)

// guesses are the decoders that no magic number, or a weak one, keeps out.
var guesses = []string{"brotli", "deflate", "snappy-block", "lz-string", "lzma", "lzw"}

// A sampler draws what is not compressed in any of these ways.
type sampler struct {
	r      *rand.Rand
	stream cipher.Stream
}

func newSampler(t *testing.T) *sampler {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	block, err := aes.NewCipher(noise(r, 16))
	if err != nil {
		t.Fatal(err)
	}
	return &sampler{r, cipher.NewCTR(block, noise(r, 16))}
}

// size is from 16 to 4096, as often short as long.
func (s *sampler) size() int { return int(math.Exp2(4 + 8*s.r.Float64())) }

// random is what a good cipher gives.
func (s *sampler) random() []byte {
	out := make([]byte, s.size())
	s.stream.XORKeyStream(out, out)
	return out
}

// head is random behind what such bytes often start with: a version, a length,
// a key's number.
func (s *sampler) head() []byte {
	out := s.random()
	copy(out, [][]byte{
		{0, 0, 0, byte(len(out))}, {1}, {2, 0}, {byte(len(out) >> 8), byte(len(out))}, {byte(len(out))}, []byte("Salted__"), {0x81, 0xa5}, {0x0b},
	}[s.r.IntN(8)])
	return out
}

// picture is a piece of a PNG or JPEG.
func (s *sampler) picture(t *testing.T) func() []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 128, 128))
	for i := range 128 * 128 {
		m.Set(i%128, i/128, color.RGBA{uint8(s.r.Uint32()), uint8(i), uint8(i / 128 * 3), 255})
	}
	var p, j bytes.Buffer
	if err := png.Encode(&p, m); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, m, nil); err != nil {
		t.Fatal(err)
	}
	return func() []byte {
		all := [][]byte{p.Bytes(), j.Bytes()}[s.r.IntN(2)]
		if s.r.IntN(8) == 0 {
			return all[:min(len(all), s.size())]
		}
		n := min(s.size(), len(all)-1)
		start := s.r.IntN(len(all) - n)
		return all[start : start+n]
	}
}

// words are lines of plain text, in three scripts.
func (s *sampler) words() []byte {
	list := strings.Fields("the page view https://example.org/ time=1588291200 Wörter für häufige Fälle 我能吞下玻璃 而不伤身体 screen_width 1080 Android com.example.app AppleWebKit/537.36 consent Съешь ещё этих булок en-US,en;q=0.9 a")
	var out []byte
	for size := s.size(); len(out) < size; {
		out = append(append(out, list[s.r.IntN(len(list))]...), " _-/.,"[s.r.IntN(6)])
	}
	return out
}

// id is a token as records have them, 16 characters or more.
func (s *sampler) id() []byte {
	b := noise(s.r, 12+s.r.IntN(40))
	switch s.r.IntN(4) {
	case 0:
		return []byte(hex.EncodeToString(b))
	case 1:
		return []byte(base64.StdEncoding.EncodeToString(b))
	case 2:
		return []byte(base64.RawURLEncoding.EncodeToString(b))
	default:
		return fmt.Appendf(nil, "%X-%d-%s", b[:4], s.r.Uint64(), base64.RawURLEncoding.EncodeToString(b[4:]))
	}
}

// What is not compressed is never taken for it.
func TestNotCompressed(t *testing.T) {
	s := newSampler(t)
	for _, sample := range []struct {
		name   string
		trials int
		draw   func() []byte
	}{
		{"random", 100_000, s.random},
		{"random behind a head", 50_000, s.head},
		{"picture", 25_000, s.picture(t)},
		{"words", 25_000, s.words},
		{"id", 100_000, s.id},
		{"record", 50_000, func() []byte { return record(s.r, s.size()/8+16) }},
	} {
		t.Run(sample.name, func(t *testing.T) {
			for range sample.trials {
				in := layer{step: "request.body", data: sample.draw(), room: fuzzRoom}
				for _, name := range guesses {
					d := named(t, name)
					if !d.gate(in) {
						continue
					}
					err := d.decode(in, func(p part) bool { t.Errorf("%x is %.100q", in.data, p); return true })
					if err != nil {
						t.Errorf("%x: %s: %v", in.data, name, err)
					}
				}
			}
		})
	}
}

// A guess leaves nothing below random bytes that would count as unread.
func TestGuessIsNotOpaque(t *testing.T) {
	s := newSampler(t)
	for range 2000 {
		data := s.random()
		for v, err := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(data)}, DefaultLimits) {
			if err == nil && v.Opaque && len(v.Trail) > 1 {
				t.Errorf("%x: %v is opaque", data, v.Trail)
			}
		}
	}
}
