package decode

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// containerNames are the decoders of containers, each once.
func containerNames() (names []string) {
	for _, c := range Containers {
		if len(names) == 0 || names[len(names)-1] != c.Name {
			names = append(names, c.Name)
		}
	}
	return names
}

// Random bytes, records and words are hardly ever taken for a container.
func TestNotContainers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const trials = 20000
	words := []byte("Some words, and a number: 42. {\"json\": [1, 2]} <b> https://example.org/?a=b&c=d aGVsbG8gd29ybGQ= ")
	samples := map[string]func() []byte{
		"random":  func() []byte { return noise(r, 8+r.IntN(100)) },
		"records": func() []byte { return record(r, 8+r.IntN(100)) },
		"small":   func() []byte { return bytes.Map(func(c rune) rune { return c & 15 }, noise(r, 8+r.IntN(30))) },
		"words":   func() []byte { i := r.IntN(len(words) - 20); return words[i : i+20+r.IntN(len(words)-i-19)] },
	}
	for name, sample := range samples {
		taken := make(map[string]int)
		for range trials {
			in := layer{step: "request.body", data: sample(), room: fuzzRoom}
			for _, c := range containerNames() {
				if len(run(t, named(t, c), in)) > 0 {
					taken[c]++
				}
			}
		}
		for c, n := range taken {
			t.Logf("%s: %d of %d are %s", name, n, trials, c)
			if n > trials/1000 {
				t.Errorf("%s: %d of %d are %s", name, n, trials, c)
			}
		}
	}
}

// A million levels are an error, and nothing is handed out.
func TestContainerBombs(t *testing.T) {
	for name, in := range map[string][]byte{
		"cbor":           bytes.Repeat([]byte{0x81}, 1e6),
		"msgpack":        bytes.Repeat([]byte{0x91}, 1e6),
		"thrift":         append(bytes.Repeat([]byte{thriftStruct, 0, 1}, 1e6), 0),
		"thrift-compact": append(bytes.Repeat([]byte{0x10 | compactStruct}, 1e6), 0),
		"php":            bytes.Repeat([]byte("a:1:{i:0;"), 1e6),
		"xml":            bytes.Repeat([]byte("<a>"), 1e6),
	} {
		d := named(t, name)
		if !d.gate(layer{data: in}) {
			t.Errorf("%s: not looked at", name)
		}
		err := d.decode(layer{data: in, room: fuzzRoom}, func(part) bool { t.Errorf("%s: a part", name); return false })
		if !errors.Is(err, errNested) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}
