package decode

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"testing"
)

// wsFrameOf writes one frame with a mask.
func wsFrameOf(flags byte, payload []byte) []byte {
	out := []byte{flags}
	switch n := len(payload); {
	case n < 126:
		out = append(out, wsMask|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, wsMask|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, wsMask|127), uint64(n))
	}
	mask := []byte{1, 2, 3, 250}
	return append(append(out, mask...), unmask(payload, mask)...)
}

// websocketOf writes data as text in two frames with a ping between them, and
// then twice deflated, the second time by reference to the first.
func websocketOf(data []byte) []byte {
	out := []byte("GET /ws?x=1 HTTP/1.1\r\nHost: example.org\r\nUpgrade: WebSocket\r\n\r\n")
	half := len(data) / 2
	out = append(out, wsFrameOf(0x01, data[:half])...)
	out = append(out, wsFrameOf(0x89, nil)...)
	out = append(out, wsFrameOf(0x80, data[half:])...)
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	for range 2 {
		b.Reset()
		_, _ = w.Write(data)
		_ = w.Flush()
		out = append(out, wsFrameOf(0xc2, bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")))...)
	}
	return append(out, wsFrameOf(0x88, []byte("\x03\xe8goodbye"))...)
}

// Frames that are no tunnel are read if they fill the layer and say something.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("https://example.org/honey"))
	f.Add([]byte("\xc1\x0c\xf3\x48\xcd\xc9\xc9\xd7\x51\x28\xcf\x2f\xca"))
	d := named(f, "frames")
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, d, layer{data: data, room: fuzzRoom})
		data = letters(data)
		frames := websocketOf(data)
		frames = frames[handshake(frames):]
		parts := run(t, d, layer{data: frames, room: 1 << 22})
		for _, step := range []string{"websocket:1", "websocket:2", "websocket:3"} {
			if !holds(parts, step, data) {
				t.Errorf("no %q under %s in %q", data, step, listed(parts))
			}
		}
		if !holds(parts, "websocket:4", []byte("goodbye")) {
			t.Errorf("got %q", listed(parts))
		}
	})
}

func FuzzWebSocket(f *testing.F) {
	f.Add([]byte("https://example.org/honey"))
	f.Add(websocketOf([]byte("in itself")))
	d := named(f, "websocket")
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, d, layer{step: "tunnel.out", data: data, room: fuzzRoom})
		parts := run(t, d, layer{step: "tunnel.out", data: websocketOf(data), room: 1 << 22})
		for _, step := range []string{"websocket:1", "websocket:2", "websocket:3"} {
			if len(data) > 0 && !holds(parts, step, data) {
				t.Errorf("no %q under %s in %q", data, step, listed(parts))
			}
		}
		if !holds(parts, "websocket:4", []byte("goodbye")) || !holds(parts, "request.line", []byte("GET /ws?x=1 HTTP/1.1")) {
			t.Errorf("got %q", listed(parts))
		}
	})
}
