package decode

import (
	"bytes"
	"net/http/httputil"
	"testing"
)

func encodeChunked(data []byte) []byte {
	var b bytes.Buffer
	w := httputil.NewChunkedWriter(&b)
	for _, chunk := range [][]byte{data[:len(data)/2], data[len(data)/2:]} {
		_, _ = w.Write(chunk)
	}
	_ = w.Close()
	b.WriteString("\r\n")
	return b.Bytes()
}

func FuzzChunked(f *testing.F) { contained(f, "chunked") }

// A body that breaks off is read as far as it goes.
func TestChunkedCut(t *testing.T) {
	var got []byte
	err := decodeChunked(layer{data: []byte("3\r\nabc\r\n2;x=y\r\nde\r\n8\r\nfgh")}, func(p part) bool {
		got = p.data
		return true
	})
	if err == nil || string(got) != "abcdefgh" {
		t.Errorf("got %q, %v", got, err)
	}
}

// Extensions of a chunk say nothing; the fields of a trailer do.
func TestChunkedTrailer(t *testing.T) {
	in := []byte("3;sig=a\r\nabc\r\n0\r\nX-Id: honey\r\n\r\n")
	parts := run(t, named(t, "chunked"), layer{data: in})
	if !holds(parts, "chunked", []byte("abc")) || !holds(parts, "header:X-Id", []byte("honey")) {
		t.Fatalf("got %q", listed(parts))
	}
	if at := parts[1].span; string(in[at.Start:at.End]) != "honey" {
		t.Errorf("%q stands where the field is said to be", in[at.Start:at.End])
	}
}
