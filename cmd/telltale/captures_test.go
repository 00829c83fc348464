package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"telltale/audit/evidence"
)

const oneRequest = `{"log":{"version":"1.2","creator":{"name":"x"},"entries":[{"startedDateTime":"2026-11-21T10:00:00Z","request":{"method":"GET","url":"https://a.example/"},"response":{"status":200}}]}}`

// packed compresses.
func packed(t *testing.T, data []byte, writer func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := writer(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func br(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func zst(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

// zipOf is a zip with files in the order of pairs.
func zipOf(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// imported imports a file and counts its requests and sources.
func imported(t *testing.T, name string, data []byte, codes ...int) (requests int, sources []string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(codes) == 0 {
		codes = []int{exitOK}
	}
	command(t, codes, "import", "-o", filepath.Join(dir, "case"), path)
	r, err := evidence.Open(filepath.Join(dir, "case"))
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Exchange != nil {
			requests++
		}
		if e.Source != nil {
			sources = append(sources, e.Source.Name+" "+e.Source.Error)
		}
	}
	return requests, sources
}

// Files are read whatever they are compressed with, also twice, and zips
// whatever is in them.
func TestCompressedCaptures(t *testing.T) {
	one := []byte(oneRequest)
	pcap, err := os.ReadFile(filepath.Join("testdata", "captures", "keys.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data    []byte
		want    int
		sources int
	}{
		"a.har.gz":  {packed(t, one, gz), 1, 1},
		"a.har.zst": {packed(t, one, zst), 1, 1},
		"a.har.br":  {packed(t, one, br), 1, 1},
		"twice":     {packed(t, packed(t, one, zst), gz), 1, 1},
		"a.zip": {
			zipOf(t, "folder/", "", "folder/a.har", oneRequest, "readme.txt", "words", "b.pcapng", string(pcap), "c.har.gz", string(packed(t, one, gz))), 7, 3,
		},
		"a.saz": {zipOf(t, "raw/1_c.txt", "GET http://a.example/ HTTP/1.1\r\n\r\n", "raw/1_s.txt", "HTTP/1.1 200 OK\r\n\r\n"), 1, 1},
	} {
		requests, sources := imported(t, name, c.data)
		if requests != c.want || len(sources) != c.sources {
			t.Errorf("%s: %d requests of %q, want %d of %d", name, requests, sources, c.want, c.sources)
		}
	}
}

// A file that becomes more than anybody believes is given up, and said so.
func TestCaptureBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses a gigabyte")
	}
	in := io.MultiReader(strings.NewReader(oneRequest[:len(oneRequest)-3]), io.LimitReader(spaces{}, 2<<30))
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, in); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	requests, sources := imported(t, "bomb.har.zst", b.Bytes(), exitFailed)
	if requests != 1 || len(sources) != 1 || !strings.Contains(sources[0], "it becomes too large when it is decompressed") && !strings.Contains(sources[0], "an entry of more than") {
		t.Errorf("%d requests, %q", requests, sources)
	}
}

// spaces is text without end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
