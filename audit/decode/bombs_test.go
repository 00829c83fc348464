package decode_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"telltale/audit"
	"telltale/audit/decode"
)

// A bomb takes few bytes and asks for many, or for many levels.
type bomb struct {
	name string
	part string // "request.body" if empty
	data []byte
	want string // in an error
}

const (
	manyBytes  = "gives more than the limit of a layer, 262144 bytes"
	manyLevels = "nested more than 512 deep"
	tooDeep    = "too deep: the limit of steps is hit"
	manyValues = "too many values"
)

// bombLimits leave a decompression a quarter of a MiB.
var bombLimits = decode.Limits{Depth: 12, Bytes: 1 << 20, Layers: 1000}

// Whatever a format can ask for costs no more than the limits, and an error
// says what was not read. The memory that was taken for it, all together, is
// bounded too, windows and dictionaries included.
func TestEveryBomb(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			before := allocated()
			layers, size, errs := costOf(t, b, bombLimits)
			taken := allocated() - before
			t.Logf("%d bytes gave %d layers of %d bytes and took %d KiB", len(b.data), layers, size, taken>>10)
			if !strings.Contains(strings.Join(errs, "\n"), b.want) {
				t.Errorf("no error says %q: %q", b.want, errs)
			}
			if most := 32*uint64(bombLimits.Bytes) + 64*uint64(len(b.data)); taken > most {
				t.Errorf("took %d bytes of memory, at most %d", taken, most)
			}
		})
	}
}

// allocated returns the bytes that were ever taken from the heap.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func costOf(t *testing.T, b bomb, lim decode.Limits) (layers int, size int64, errs []string) {
	t.Helper()
	if b.part == "" {
		b.part = "request.body"
	}
	return costIn(t, audit.Exhibit{ID: "e1", Part: b.part, Data: audit.NewSecret(b.data)}, lim)
}

func bombs() (list []bomb) {
	const kib = 1 << 10
	blank := bytes.Repeat([]byte(" a"), 600*kib)
	for _, c := range decode.Packed {
		list = append(list,
			bomb{c.Name, "", c.Encode(blank), c.Name + ": " + manyBytes},
			bomb{c.Name + " of " + c.Name, "", c.Encode(c.Encode(blank)), c.Name + ": " + c.Name + ": " + manyBytes})
	}
	list = append(list,
		bomb{"zstd with a window of 2 GiB", "", []byte("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), "window size exceeded"},
		bomb{"lz-string", "", []byte(decode.LZString(strings.Repeat(" a", 150*kib))), "lz-string: " + manyBytes},
		bomb{"websocket", "tunnel.out", decode.WebSocketBomb(blank), "websocket: " + manyBytes},
		bomb{"zip", "", zipOf(blank), "zip: " + manyBytes},
		bomb{"tar of many", "", tarOf(2000), manyValues},
	)
	for _, c := range decode.Unmarked {
		in := c.Encode(blank)
		list = append(list, bomb{c.Name, "", in, c.Name + ": " + manyBytes},
			bomb{c.Name + " in hex", "", []byte(hex.EncodeToString(in)), c.Name + ": " + manyBytes})
	}
	return append(list, deepBombs()...)
}

// deepBombs ask for levels.
func deepBombs() []bomb {
	const million = 1_000_000
	b64, proto, bson := []byte("https://example.org/honey"), []byte("\x0a\x10https://honey.te"), []byte("\x05\x00\x00\x00\x00")
	for range 20 {
		b64 = []byte(base64.StdEncoding.EncodeToString(b64))
	}
	for range 2000 {
		proto = append(binary.AppendUvarint([]byte{0x0a}, uint64(len(proto))), proto...)
		bson = append(binary.LittleEndian.AppendUint32(nil, uint32(len(bson)+8)), append([]byte("\x03a\x00"), append(bson, 0)...)...)
	}
	laughs := `<!DOCTYPE l [<!ENTITY a "lol">`
	for c := 'b'; c < 'k'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat("&"+string(c-1)+";", 10))
	}
	return []bomb{
		{"XML entities", "", []byte(laughs + "]><l>&j;</l>"), "entities that the document declares are not expanded"},
		{"XML", "", bytes.Repeat([]byte("<a>"), million), manyLevels},
		{"JSON lists", "", bytes.Repeat([]byte("["), million), manyLevels},
		{"JSON objects", "", bytes.Repeat([]byte(`{"a":`), million), manyLevels},
		{"CBOR", "", bytes.Repeat([]byte{0x81}, million), manyLevels},
		{"MessagePack", "", bytes.Repeat([]byte{0x91}, million), manyLevels},
		{"Thrift", "", append(bytes.Repeat([]byte{12, 0, 1}, million), 0), manyLevels},
		{"PHP", "", bytes.Repeat([]byte("a:1:{i:0;"), million), manyLevels},
		{"BSON", "", bson, manyLevels},
		{"property list", "", plistOf(2000), manyLevels},
		{"protocol buffers", "", proto, tooDeep},
		{"base64", "", b64, tooDeep},
		{"percent", "", []byte("https:%" + strings.Repeat("25", 1000) + "2f/example.org/honey"), tooDeep},
	}
}

func zipOf(data []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m, _ := w.Create("bomb.txt")
	_, _ = m.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func tarOf(n int) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range n {
		_ = w.WriteHeader(&tar.Header{Name: fmt.Sprint("f", i), Size: 1, Mode: 0o600})
		_, _ = w.Write([]byte("x"))
	}
	_ = w.Close()
	return b.Bytes()
}

// plistOf is a binary property list of n lists, each in the one before.
func plistOf(n int) []byte {
	out := []byte("bplist00")
	var at []byte
	for i := range n {
		at = binary.BigEndian.AppendUint32(at, uint32(len(out)))
		out = binary.BigEndian.AppendUint16(append(out, 0xa1), uint16(i+1))
	}
	at = binary.BigEndian.AppendUint32(at, uint32(len(out)))
	out = append(out, 0x08) // false
	table := len(out)
	out = append(append(out, at...), 0, 0, 0, 0, 0, 0, 4, 2)
	for _, v := range []int{n + 1, 0, table} {
		out = binary.BigEndian.AppendUint64(out, uint64(v))
	}
	return out
}
