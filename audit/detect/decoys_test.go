package detect_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/capture/har"
	"telltale/audit/detect"
	"telltale/audit/evidence"
)

// decoys are seeds that were never sent: e-mail addresses, and addresses of
// pages on hosts that do stand in the traffic and on others.
func decoys(n int) []audit.Seed {
	rng := rand.New(rand.NewPCG(9, 9))
	hosts := []string{"www.google.com", "accounts.google.com", "sa.api.intl.miui.com", "cdn.example", "www.news.example"}
	seeds := make([]audit.Seed, n)
	for i := range seeds {
		s := planted(rng, fmt.Sprint("decoy", i), i%2 == 0)
		if i%4 == 1 {
			s.Value = fmt.Sprintf("https://%s/news/%016x?q=today&lang=en", hosts[rng.IntN(len(hosts))], rng.Uint64())
		}
		seeds[i] = s
	}
	return seeds
}

// unpacked unpacks a case and returns its folder.
func unpacked(t *testing.T, archive string) string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(unzip); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+head.Name))
		if head.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o700)
		} else {
			var data []byte
			if data, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, data, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// noDecoy fails for every finding of a decoy.
func noDecoy(t *testing.T, r detect.Result) {
	t.Helper()
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Seed, "decoy") {
			t.Errorf("%s is met as %s in %s at %s", f.Seed, f.Form, f.Exhibit, f.Trail)
		}
	}
}

// Ten thousand decoys are not met in what a real browser and a leaking
// extension said in the laboratory. The seeds of the case are.
func TestDecoysInCase(t *testing.T) {
	c, err := evidence.Open(filepath.Join(unpacked(t, "../../cmd/telltale/testdata/cases/mint-2020.tar.gz"), "mint-2020"))
	if err != nil {
		t.Fatal(err)
	}
	x := detect.Experiment{Arms: c.Case.Arms, Runs: c.Case.Runs, Seeds: append(decoys(10_000), c.Seeds...)}
	r, err := detect.Detect(capture.Exhibits(c.Case.ID, c.Events(), c.Body, 32<<20), x, peel, 2)
	if err != nil {
		t.Fatal(err)
	}
	noDecoy(t, r)
	n := 0
	for _, f := range r.Findings {
		if f.Seed != "" && f.Confidence == audit.Certain {
			n++
		}
	}
	if n == 0 {
		t.Error("the seeds of the case are not met either")
	}
}

// Ten thousand decoys are not met in ordinary traffic: pages, pictures,
// signatures, tokens, digests, identifiers and batches of events.
func TestDecoysInOrdinaryTraffic(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	cells := make([]cell, 120)
	for i := range cells {
		c := &cells[i]
		switch i % 6 {
		case 0:
			c.body = telemetry(rng, random(64))
		case 1:
			c.body = fmt.Appendf(nil, "uid=%x&sig=%x&tid=%x&salt=%x&v=2&u=https%%3A%%2F%%2Fwww.google.com%%2Fsearch%%3Fq%%3Dweather", random(16), random(32), random(20), random(8))
		case 2:
			c.body = append([]byte("\x89PNG\r\n\x1a\n"), random(8<<10)...)
		case 3:
			c.body = fmt.Appendf(nil, `{"host":"www.google.com","path":"/search","crc":%d,"id":"%d","at":[%d,%d]}`, rng.Uint32(), rng.Uint64(), rng.Uint32(), rng.Int64())
		case 4:
			c.body = encoders[1].encode(encoders[3].encode(encoders[7].encode(telemetry(rng, random(200)))))
		default:
			c.body = []byte(`<!doctype html><title>News of today</title><a href="https://www.news.example/news/today?lang=en&amp;q=today">more</a> write to info@post.example`)
		}
	}
	r, err := detect.Detect(har.Exhibits(strings.NewReader(string(archive(t, cells))), 1<<20), detect.Experiment{Seeds: decoys(10_000)}, peel, 2)
	if err != nil {
		t.Fatal(err)
	}
	noDecoy(t, r)
}
