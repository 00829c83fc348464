package pcap

import (
	"net/http"
	"strings"

	"golang.org/x/net/http2/hpack"

	"telltale/audit"
)

// Bounds of a header: its fields decoded, and the table that they refer to.
const (
	maxFields     = 1 << 20 // bytes
	maxTable      = 1 << 20
	fieldOverhead = 32 // what a field counts at least (RFC 7541 section 4.1)
)

// blocks decodes the header blocks of one side (RFC 7541). The other side may
// have allowed a larger table; the encoder says how large it is.
type blocks struct {
	decoder *hpack.Decoder
	stream  uint32
	ended   bool // the stream ends with this block
	promise bool
	pseudo  map[string]string
	list    []audit.Field
	cookies []string
	size    int
}

func newBlocks() *blocks {
	b := &blocks{}
	b.decoder = hpack.NewDecoder(4096, b.emit)
	b.decoder.SetAllowedMaxDynamicTableSize(maxTable)
	b.decoder.SetMaxStringLength(maxFields)
	return b
}

// begin starts the header of a stream.
func (b *blocks) begin(stream uint32, ended, promise bool) {
	b.stream, b.ended, b.promise = stream, ended, promise
	b.pseudo, b.list, b.cookies, b.size = map[string]string{}, nil, nil, 0
}

// emit takes a field. Those beyond the bound are decoded and dropped: a few
// bytes can stand for the same long field again and again.
func (b *blocks) emit(f hpack.HeaderField) {
	b.size += len(f.Name) + len(f.Value) + fieldOverhead
	switch {
	case b.size > maxFields:
	case f.IsPseudo():
		b.pseudo[f.Name] = f.Value
	case f.Name == "cookie":
		b.cookies = append(b.cookies, f.Value)
	default:
		b.list = append(b.list, audit.Field{Name: http.CanonicalHeaderKey(f.Name), Value: f.Value})
	}
}

func (b *blocks) add(piece []byte, last bool) error {
	if _, err := b.decoder.Write(piece); err != nil {
		return err
	}
	if last {
		return b.decoder.Close()
	}
	return nil
}

// fields returns the header by name. A cookie that was sent in pieces is one
// again (RFC 9113 section 8.2.3).
func (b *blocks) fields() []audit.Field {
	fs := b.list
	if len(b.cookies) > 0 {
		fs = append(fs, audit.Field{Name: "Cookie", Value: strings.Join(b.cookies, "; ")})
	}
	byName(fs)
	return fs
}
