package decode

import (
	"bytes"
	"mime/multipart"
	"testing"
)

// encodeMultipart puts data between a field and a file, behind a boundary that
// is not in it.
func encodeMultipart(data []byte) []byte {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("first", "1")
	p, _ := w.CreateFormField("data")
	_, _ = p.Write(data)
	p, _ = w.CreateFormFile("file", "picture of me.png")
	_, _ = p.Write([]byte("content"))
	_ = w.Close()
	return b.Bytes()
}

func FuzzMultipart(f *testing.F) { contained(f, "multipart") }

// A form is read as package mime/multipart reads it.
func TestMultipart(t *testing.T) {
	got := make(map[string]string)
	for _, p := range run(t, named(t, "multipart"), layer{data: encodeMultipart([]byte("x\r\n--y")), room: fuzzRoom}) {
		got[p.step] = string(p.data)
	}
	for step, want := range map[string]string{
		"part:first": "1", "part:data": "x\r\n--y", "part:file": "content", "part-file:file": "picture of me.png",
		"part-header:file/Content-Type": "application/octet-stream",
	} {
		if got[step] != want {
			t.Errorf("%s: got %q, want %q", step, got[step], want)
		}
	}
}
