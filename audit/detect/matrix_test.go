package detect_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/capture/har"
	"telltale/audit/detect"
)

// An encoder is one way to wrap a value.
type encoder struct {
	name   string
	encode func([]byte) []byte
}

var encoders = []encoder{
	{"percent", func(b []byte) []byte { return []byte(url.QueryEscape(string(b))) }},
	{"form", func(b []byte) []byte { return []byte("v=1&data=" + url.QueryEscape(string(b)) + "&t=0") }},
	{"json", func(b []byte) []byte {
		quoted, _ := json.Marshal(string(b)) // a string can always be marshalled
		return fmt.Appendf(nil, `{"events":[{"name":"open","p":%s}]}`, quoted)
	}},
	{"base64", func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }},
	{"base64url", func(b []byte) []byte { return []byte(base64.RawURLEncoding.EncodeToString(b)) }},
	{"hex", func(b []byte) []byte { return []byte(hex.EncodeToString(b)) }},
	{"HEX", func(b []byte) []byte { return []byte(strings.ToUpper(hex.EncodeToString(b))) }},
	{"gzip", packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })},
	{"zlib", packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })},
}

func packed(writer func(io.Writer) io.WriteCloser) func([]byte) []byte {
	return func(b []byte) []byte {
		var out bytes.Buffer
		w := writer(&out)
		_, _ = w.Write(b) // a buffer takes all
		_ = w.Close()
		return out.Bytes()
	}
}

// wrap puts a value into depth encodings of its own. Text only is put into
// JSON, which has no other.
func wrap(rng *rand.Rand, value string, depth int) (data []byte, names []string) {
	data = []byte(value)
	for len(names) < depth {
		e := encoders[rng.IntN(len(encoders))]
		if e.name == "json" && !bytes.Equal(data, bytes.ToValidUTF8(data, nil)) {
			continue
		}
		data, names = e.encode(data), append(names, e.name)
	}
	return data, names
}

// A cell is a seed with the body that it travels in.
type cell struct {
	seed  audit.Seed
	body  []byte
	names []string // of the encodings
}

// matrix makes cells of e-mail and URL seeds in up to six encodings, each
// single encoding first.
func matrix(rng *rand.Rand, n int) []cell {
	cells := make([]cell, n)
	for i := range cells {
		c := &cells[i]
		c.seed = planted(rng, fmt.Sprint("s", i), i%2 == 0)
		if i < 2*len(encoders) {
			e := encoders[i/2]
			c.body, c.names = e.encode([]byte(c.seed.Value)), []string{e.name}
			continue
		}
		c.body, c.names = wrap(rng, c.seed.Value, i%7)
	}
	return cells
}

// planted makes a seed of 64 random bits or more.
func planted(rng *rand.Rand, name string, mail bool) audit.Seed {
	r := rng.Uint64()
	if mail {
		return audit.Seed{Name: name, Kind: "contact/email", Value: fmt.Sprintf("p.%016x@post.example", r)}
	}
	return audit.Seed{Name: name, Kind: "behaviour/navigation/url", Value: fmt.Sprintf("https://www.%08x.example/a%016x?q=%08x&p=ä", r>>32, rng.Uint64(), uint32(r))}
}

// archive writes bodies as a browser or a proxy writes them.
func archive(t testing.TB, cells []cell) []byte {
	var entries []any
	for _, c := range cells {
		data := map[string]any{"mimeType": "application/octet-stream", "text": string(c.body)}
		if !bytes.Equal(c.body, bytes.ToValidUTF8(c.body, nil)) {
			data["text"], data["encoding"] = base64.StdEncoding.EncodeToString(c.body), "base64"
		}
		entries = append(entries, map[string]any{"request": map[string]any{"method": "POST", "url": "https://sink.example/v1", "postData": data}})
	}
	out, err := json.Marshal(map[string]any{"log": map[string]any{"entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// analyzed detects the seeds of cells, and decoys, in their archive.
func analyzed(t *testing.T, cells []cell, decoys []audit.Seed, workers int) detect.Result {
	t.Helper()
	seeds := slices.Clone(decoys)
	for _, c := range cells {
		seeds = append(seeds, c.seed)
	}
	r, err := detect.Detect(har.Exhibits(bytes.NewReader(archive(t, cells)), 1<<20), detect.Experiment{Seeds: seeds}, peel, workers)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every seed is found in every nesting and where it stands, and none of ten
// thousand others.
func TestMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	cells := matrix(rng, 400)
	decoys := make([]audit.Seed, 10_000)
	for i := range decoys {
		decoys[i] = planted(rng, fmt.Sprint("decoy", i), i%2 == 0)
	}
	met := make(map[string]string) // seed to exhibit
	for _, f := range analyzed(t, cells, decoys, 2).Findings {
		switch {
		case strings.HasPrefix(f.Seed, "decoy"):
			t.Errorf("decoy %s is met as %s in %s", f.Seed, f.Form, f.Trail)
		case f.Form == detect.Plain:
			met[f.Seed] = f.Exhibit
		}
	}
	for i, c := range cells {
		want := fmt.Sprintf("e%d", 2*(i+1)) // after the URL of the request
		if got := met[c.seed.Name]; got != want {
			t.Errorf("%s in %v: met in %q, want %s", c.seed.Value, c.names, got, want)
		}
	}
}

// The result is the same for any number of workers.
func TestWorkers(t *testing.T) {
	cells := matrix(rand.New(rand.NewPCG(1, 1)), 60)
	facts := func(workers int) string {
		var b strings.Builder
		w := &audit.Writer{W: &b, Reveal: true}
		r := analyzed(t, cells, nil, workers)
		for i := range r.Findings {
			if err := w.Handle(audit.Fact{Finding: &r.Findings[i]}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range r.Problems {
			if err := w.Handle(audit.Fact{Error: &r.Problems[i]}); err != nil {
				t.Fatal(err)
			}
		}
		return b.String() + fmt.Sprint(r.Opaque)
	}
	want := facts(1)
	for _, n := range []int{2, 3, 16} {
		if diff := cmp.Diff(want, facts(n)); diff != "" {
			t.Errorf("%d workers: -one +many\n%s", n, diff)
		}
	}
}

// A seed is met in its other spellings, and as a digest of them that is whole
// or cut short.
func TestSpellings(t *testing.T) {
	seeds := []audit.Seed{
		{Name: "page", Kind: "behaviour/navigation/url", Value: "https://www.k7f3q9w2.example/m4x8abcdefgh/ijkl?q=zyxwvu987654321"},
		{Name: "mail", Kind: "contact/email", Value: "K7f3.q9w2+news@post.example"},
	}
	sum := sha256.Sum256([]byte("k7f3q9w2@post.example"))
	whole := sha256.Sum256([]byte("www.k7f3q9w2.example/m4x8abcdefgh/ijkl"))
	for in, want := range map[string]string{
		"see www.k7f3q9w2.example/m4x8abcdefgh/ijkl?q=zyxwvu987654321": "page url:no-scheme certain",
		"see https://www.k7f3q9w2.example/m4x8abcdefgh/ijkl now":       "page url:no-query likely",
		"get m4x8abcdefgh/ijkl?q=zyxwvu987654321 now":                  "page url:path likely",
		"get m4x8abcdefgh/ijkl now":                                    "page url:path-only likely",
		"to k7f3q9w2@POST.example!":                                    "mail email:canonical certain",
		fmt.Sprintf("%x", sum):                                         "mail sha256(email:canonical) certain",
		fmt.Sprintf("%x", sum[:16]):                                    "mail sha256(email:canonical)[:16] certain",
		fmt.Sprintf("%x", sum[:8]):                                     "mail sha256(email:canonical)[:8] likely",
		fmt.Sprintf("%x", whole):                                       "page sha256(url:no-query) likely",
		fmt.Sprintf("%x", sum[:4]):                                     "",
		"https://www.k7f3q9w2.example/":                                "page plain[:29] likely",
		"https://www.k7f3":                                             "",
	} {
		var got []string
		for _, f := range found(t, seeds, body(1, here, "sink.example", in)).Findings {
			got = append(got, fmt.Sprint(f.Seed, " ", f.Form, " ", f.Confidence))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %v, want %s", in, got, want)
		}
	}
}
