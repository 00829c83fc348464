package detect_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"telltale/audit"
	"telltale/audit/decode"
	"telltale/audit/detect"
)

// BenchmarkPeelAndMatch takes traffic apart and searches it for seeds, half of
// them addresses: for a hundred, which are written and hashed in 34,000 ways,
// and for ten thousand, of which there are three million. The bytes are counted
// as they were sent.
func BenchmarkPeelAndMatch(b *testing.B) {
	crafted := crafted(rand.New(rand.NewPCG(7, 7)))
	for _, n := range []int{100, 10_000} {
		s, err := detect.NewSeeds(benchSeeds(n))
		if err != nil {
			b.Fatal(err)
		}
		for _, mix := range []struct {
			name     string
			exhibits []audit.Exhibit
		}{{"captured", captured(b)}, {"payloads", payloads(b)}, {"crafted", crafted}} {
			size := int64(0)
			for _, ex := range mix.exhibits {
				size += int64(ex.Data.Len())
			}
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/seeds=%d/workers=%d", mix.name, n, workers), func(b *testing.B) {
					b.SetBytes(size)
					b.ReportAllocs()
					pass := func() {
						detect.DetectWith(s, caught(mix.exhibits), decode.NewPeeler(decode.Options{Limits: decode.DefaultLimits}).Values, workers)
					}
					pass() // the first one computes the digests of all seeds
					for b.Loop() {
						pass()
					}
				})
			}
		}
	}
}

func benchSeeds(n int) []audit.Seed {
	rng := rand.New(rand.NewPCG(7, 7))
	seeds := make([]audit.Seed, n)
	for i := range seeds {
		seeds[i] = planted(rng, fmt.Sprint("s", i), i%2 == 0)
	}
	return seeds
}

// captured is what a real browser with an analytics library in it sent in an
// experiment; see the benchmark of audit/decode, whose file it is.
func captured(b *testing.B) []audit.Exhibit { return load(b, "../decode/testdata/mix.jsonl.zst") }

// payloads are larger; see there, too.
func payloads(b *testing.B) []audit.Exhibit { return load(b, "../decode/testdata/payloads.jsonl.zst") }

func load(b *testing.B, file string) (mix []audit.Exhibit) {
	packed, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer packed.Close()
	f, err := zstd.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := json.NewDecoder(f); lines.More(); {
		ex := body(len(mix)+1, here, "sink.example", "")
		var data []byte
		if err := lines.Decode(&struct {
			Part *string
			Data *[]byte
		}{&ex.Part, &data}); err != nil {
			b.Fatal(err)
		}
		ex.Data = audit.NewSecret(data)
		mix = append(mix, ex)
	}
	return mix
}

// crafted are 200 bodies with more layers than bytes: each is a value in one to
// six of the encodings above, beside two kilobytes of JSON such as a telemetry
// library sends, of which every second one is gzip in base64 in a form.
func crafted(rng *rand.Rand) (mix []audit.Exhibit) {
	for i := range 200 {
		leak, _ := wrap(rng, planted(rng, "", i%2 == 0).Value, 1+i%6)
		data := telemetry(rng, leak)
		if i%2 == 0 {
			data = encoders[1].encode(encoders[3].encode(encoders[7].encode(data)))
		}
		mix = append(mix, body(i+1, here, "sink.example", string(data)))
	}
	return mix
}

// telemetry is a batch of events as a library sends them, with a value in it.
func telemetry(rng *rand.Rand, value []byte) []byte {
	events := make([]any, 8)
	for i := range events {
		events[i] = map[string]any{
			"event": "$AppViewScreen", "time": 1795228589000 + rng.IntN(1000), "distinct_id": fmt.Sprintf("%016x", rng.Uint64()),
			"properties": map[string]any{"$model": "Redmi Note 8", "$os_version": "10", "$lib": "Android", "$wifi": true, "n": rng.IntN(100)},
		}
	}
	out, _ := json.Marshal(map[string]any{"v": base64.StdEncoding.EncodeToString(value), "events": events}) // plain values
	return out
}

// BenchmarkNewSeeds prepares the search for 10,000 seeds.
func BenchmarkNewSeeds(b *testing.B) {
	seeds := benchSeeds(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := detect.NewSeeds(seeds); err != nil {
			b.Fatal(err)
		}
	}
}
