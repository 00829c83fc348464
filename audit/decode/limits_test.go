package decode_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/decode"
)

// cost peels and counts.
func cost(t *testing.T, data []byte, lim decode.Limits) (layers int, size int64, errs []string) {
	t.Helper()
	return costIn(t, audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(data)}, lim)
}

func costIn(t *testing.T, ex audit.Exhibit, lim decode.Limits) (layers int, size int64, errs []string) {
	t.Helper()
	for v, err := range decode.Values(ex, lim) {
		if err != nil {
			if v.Exhibit != "e1" || len(v.Trail) == 0 || !strings.Contains(err.Error(), v.Trail.String()) {
				t.Errorf("error without its place: %v", err)
			}
			errs = append(errs, err.Error())
			continue
		}
		layers++
		if len(v.Trail) > 1 {
			size += int64(v.Data.Len())
		}
		if len(v.Trail)-1 > lim.Depth {
			t.Errorf("%v is too deep", v.Trail)
		}
	}
	if size > lim.Bytes || layers > lim.Layers {
		t.Errorf("%d layers of %d bytes, the limits are %+v", layers, size, lim)
	}
	return layers, size, errs
}

// zeros is gzip of n MiB of zero bytes, in members of one MiB.
func zeros(n int) []byte {
	return bytes.Repeat(gzipped(make([]byte, 1<<20)), n)
}

// Whatever is thrown at it costs no more than the limits, and says so.
func TestBombs(t *testing.T) {
	small := decode.Limits{Depth: 12, Bytes: 4 << 20, Layers: 1000}
	matryoshka := []byte("https://example.org/honey")
	for range 40 {
		matryoshka = []byte(base64.StdEncoding.EncodeToString(matryoshka))
	}
	for _, tt := range []struct {
		name string
		data []byte
		lim  decode.Limits
		want string // in an error
	}{
		{"gzip of 1 GiB", zeros(1024), decode.DefaultLimits, "gzip: gives more than the limit of a layer, 16777216 bytes"},
		{"gzip of gzip", gzipped(zeros(64)), small, "request.body › gzip: gzip: gives more than the limit of a layer, 1048576 bytes"},
		{"base64 forty times", matryoshka, decode.DefaultLimits, "too deep"},
		{"JSON a million deep", bytes.Repeat([]byte("["), 1e6), decode.DefaultLimits, "json: nested more than 512 deep"},
		{"JSON a million objects deep", bytes.Repeat([]byte(`{"a":`), 1e6), decode.DefaultLimits, "json: nested more than 512 deep"},
		{"many values", []byte("[1" + strings.Repeat(",1", 1e6) + "]"), decode.DefaultLimits, "too many values"},
		{"many bytes", []byte(`["` + strings.Repeat("%41", 3<<20) + `"]`), small, "too many bytes"},
		{"long names", []byte(strings.Repeat(`{"`+strings.Repeat("n", 100)+`":`, 500) + "[1" + strings.Repeat(",1", 1e5)), small, "too many values"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			layers, size, errs := cost(t, tt.data, tt.lim)
			t.Logf("%d bytes gave %d layers of %d bytes", len(tt.data), layers, size)
			if !strings.Contains(strings.Join(errs, "\n"), tt.want) {
				t.Errorf("no error says %q", tt.want)
			}
		})
	}
}

// A bomb in one field does not hide what stands in the next one.
func TestBombBesideSeed(t *testing.T) {
	bomb := base64.StdEncoding.EncodeToString(zeros(256))
	ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret([]byte(`{"a":"` + bomb + `","b":"aHR0cHM6Ly9leGFtcGxlLm9yZy9ob25leQ"}`))}
	for v := range decode.Values(ex, decode.DefaultLimits) {
		if string(v.Data.Reveal()) == "https://example.org/honey" {
			return
		}
	}
	t.Error("not found")
}

// Who stops listening gets no more.
func TestStop(t *testing.T) {
	ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret([]byte(`{"a":1,"b":2}`))}
	n := 0
	for range decode.Values(ex, decode.DefaultLimits) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("got %d values", n)
	}
}
