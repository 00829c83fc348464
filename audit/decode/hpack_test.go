package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"telltale/audit"
)

// blockOf writes the header of a request that has a field with this value.
func blockOf(t testing.TB, value string) []byte {
	t.Helper()
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":path", Value: "/collect"}, {Name: "x-user", Value: value}, {Name: "cookie", Value: "id=1"},
	} {
		if err := e.WriteField(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func h2Frame(kind, flags byte, stream uint32, payload []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	out = append(out, flags)
	return append(binary.BigEndian.AppendUint32(out, stream), payload...)
}

// http2Of writes a connection with one request, whose header is in two frames
// and whose body, with padding, in two more.
func http2Of(t testing.TB, value string, body []byte) []byte {
	t.Helper()
	block, half := blockOf(t, value), len(body)/2
	out := append([]byte(http2Preface), h2Frame(4, 0, 0, nil)...)
	out = append(out, h2Frame(h2Headers, h2Priority, 1, append([]byte{0, 0, 0, 0, 16}, block[:3]...))...)
	out = append(out, h2Frame(h2Continuation, h2EndHeaders, 1, block[3:])...)
	out = append(out, h2Frame(h2Data, h2Padded, 1, append(append([]byte{2}, body[:half]...), 0, 0))...)
	return append(out, h2Frame(h2Data, 1, 1, body[half:])...)
}

const blockText = ":method: POST\r\n:path: /collect\r\nx-user: %s\r\ncookie: id=1\r\n"

func FuzzHPACK(f *testing.F) {
	f.Add([]byte("jane.doe@mail.example"))
	f.Add(blockOf(f, "in itself"))
	d := named(f, "hpack")
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, d, layer{data: data, room: fuzzRoom})
		if value := string(letters(data)); !strings.ContainsAny(value, "\r\n") {
			want := fmt.Appendf(nil, blockText, value)
			if parts := run(t, d, layer{data: blockOf(t, value), room: 1 << 22}); !holds(parts, "request.header", want) {
				t.Errorf("got %q, want %q", listed(parts), want)
			}
		}
	})
}

func FuzzHTTP2(f *testing.F) {
	f.Add([]byte("https://example.org/honey"))
	f.Add(http2Of(f, "a", []byte("in itself")))
	d := named(f, "http2")
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, d, layer{data: data, room: fuzzRoom})
		run(t, d, layer{data: append([]byte(http2Preface), data...), room: fuzzRoom})
		parts := run(t, d, layer{data: http2Of(t, "jane", data), room: 1 << 22})
		if len(data) > 0 && !holds(parts, "http2:1", data) || !holds(parts, "request.header", fmt.Appendf(nil, blockText, "jane")) {
			t.Errorf("%q: got %q", data, listed(parts))
		}
	})
}

// A byte may stand for a field of the table that is long.
func TestHPACKBomb(t *testing.T) {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: "x", Value: strings.Repeat("long", 1000)}} {
		if err := e.WriteField(f); err != nil {
			t.Fatal(err)
		}
	}
	block := append(b.Bytes(), bytes.Repeat([]byte{0x80 | 62}, 50_000)...)
	const room = 1 << 20
	parts := run(t, named(t, "hpack"), layer{data: block, room: room}) // holds what comes out against the room
	if len(parts) != 1 || len(parts[0].data) < room/2 {
		t.Errorf("got %q, want what there is room for", listed(parts))
	}
}

// What is framed in a body is taken apart, and its cookies are.
func TestFramesInBodies(t *testing.T) {
	frames := websocketOf([]byte("https://example.org/honey"))
	frames = frames[bytes.Index(frames, []byte("\r\n\r\n"))+4:]
	for _, tt := range []struct {
		data []byte
		want string // step and value
	}{
		{frames, "[request.body websocket:1] https://example.org/honey"},
		{frames, "[request.body websocket:3] https://example.org/honey"},
		{blockOf(t, "jane"), "[request.body request.header header:Cookie cookie:id] 1"},
		{http2Of(t, "jane", []byte("x=y")), "[request.body http2:1 form:x] y"},
	} {
		found := false
		ex := audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(tt.data)}
		var all []string
		for v, err := range Values(ex, DefaultLimits) {
			got := fmt.Sprintf("%v %s", []string(v.Trail), v.Data.Reveal())
			all = append(all, got)
			found = found || strings.EqualFold(got, tt.want)
			if err != nil {
				t.Error(err)
			}
		}
		if !found {
			t.Errorf("%q has no %s: %q", tt.data, tt.want, all)
		}
	}
}
