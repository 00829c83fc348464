package decode

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"telltale/audit"
)

const (
	avroSync = 16 // bytes between blocks
	// maxAvroSteps bounds the values that take no byte: a schema can make any
	// number of them.
	maxAvroSteps = 1 << 20
	// maxAvroWindow bounds the memory that zstd may ask for.
	maxAvroWindow = 32 << 20
)

var avroMagic = []byte("Obj\x01")

func isAvro(in layer) bool { return bytes.HasPrefix(in.data, avroMagic) }

var (
	errAvroSchema = errors.New("the records do not follow their schema")
	errAvroSteps  = errors.New("more values than bytes; the rest is not read")
)

// decodeAvro reads a file of objects by the schema in its header
// (avro.apache.org/docs/1.12.0/specification). A block that is compressed in a
// way that is not known is given as it stands.
func decodeAvro(in layer, emit func(part) bool) error {
	return walkOnce(in, "avro", emit, func(w *walker) error {
		w.pos = len(avroMagic)
		a := &avroFile{walker: w, room: in.room, steps: maxAvroSteps + len(in.data)}
		if err := a.header(); err != nil {
			return err
		}
		for n := 0; w.pos < len(w.data); n++ {
			if err := a.block(n); err != nil {
				return err
			}
		}
		return nil
	})
}

// An avroFile is a header and blocks of records.
type avroFile struct {
	*walker
	room    int64 // for what is inflated
	steps   int   // values that may still be read
	schema  *avroSchema
	codec   string
	records int // so far
}

// header reads the map of what the file says about itself.
func (a *avroFile) header() error {
	r := avroReader{walker: a.walker}
	var meta []byte
	err := r.blocks(func(n int) error {
		name, err := r.text()
		if err != nil {
			return err
		}
		value, err := r.text()
		if err != nil {
			return err
		}
		switch string(name.data) {
		case "avro.schema":
			meta = value.data
		case "avro.codec":
			a.codec = string(value.data)
		}
		return a.below([]byte("header"), 0, func() error {
			return a.member(name, n, func() error { return a.leaf(value.data, value.span) })
		})
	})
	if err != nil {
		return err
	}
	if a.schema, err = readAvroSchema(meta); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	_, err = a.take(avroSync)
	return err
}

// block reads the nth block: how many records, how many bytes, these.
func (a *avroFile) block(n int) error {
	r := avroReader{walker: a.walker}
	count, err := r.long()
	if err != nil {
		return err
	}
	block, err := r.text()
	if err != nil {
		return err
	}
	if _, err := a.take(avroSync); err != nil {
		return err
	}
	inside := &walker{data: block.data, format: a.format, path: a.path, emit: a.emit}
	r = avroReader{walker: inside, steps: &a.steps, offset: block.span.Start}
	if a.codec != "" && a.codec != "null" {
		open := avroCodecs[a.codec]
		if open == nil {
			return a.below([]byte("block"), 0, func() error {
				return a.item(n, func() error { return a.leaf(block.data, block.span) })
			})
		}
		if inside.data, err = open(block.data, a.room); err != nil {
			return err
		}
		a.room = max(0, a.room-int64(len(inside.data)))
		r.fixed = &block.span
	}
	inside.emit = r.moved(a.emit)
	for range count {
		if inside.pos == len(inside.data) {
			break
		}
		if err := inside.item(a.records, func() error { return r.value(a.schema) }); err != nil {
			return err
		}
		a.records++
	}
	return nil
}

// avroCodecs are the ways in which a block may be compressed, each giving no
// more than there is room for.
var avroCodecs = map[string]func(block []byte, room int64) ([]byte, error){
	"deflate": func(block []byte, room int64) ([]byte, error) {
		return inflate(flate.NewReader(bytes.NewReader(block)), room)
	},
	"bzip2": func(block []byte, room int64) ([]byte, error) {
		return inflate(bzip2.NewReader(bytes.NewReader(block)), room)
	},
	"zstandard": func(block []byte, room int64) ([]byte, error) {
		r, err := zstd.NewReader(bytes.NewReader(block), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxAvroWindow))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return inflate(r, room)
	},
	// Four bytes of checksum follow a block of snappy.
	"snappy": func(block []byte, room int64) ([]byte, error) {
		block = block[:max(0, len(block)-4)]
		if n, err := snappy.DecodedLen(block); err == nil && int64(n) > room {
			return nil, fmt.Errorf("block of snappy: %w, %d bytes", errRoom, room)
		}
		return snappy.Decode(nil, block)
	},
}

// An avroReader reads values by their schema.
type avroReader struct {
	*walker
	steps  *int        // values that may still be read
	offset int         // of its data in the layer
	fixed  *audit.Span // the range of all that it reads, if that was inflated
}

// moved returns an emit for the parts of the reader's data.
func (r avroReader) moved(emit func(part) bool) func(part) bool {
	return func(p part) bool {
		p.span.Start += r.offset
		p.span.End += r.offset
		if r.fixed != nil {
			p.span = *r.fixed
		}
		return emit(p)
	}
}

func (r avroReader) long() (int64, error) { return compactReader{r.walker}.zigzag() }

func (r avroReader) text() (piece, error) {
	n, err := r.long()
	if err != nil {
		return piece{}, err
	}
	if n < 0 {
		return piece{}, errAvroSchema
	}
	b, err := r.take(uint64(n))
	return piece{b, r.since(r.pos - len(b))}, err
}

// blocks reads the items of an array or a map: counts, each with that many
// items, up to a zero. A negative count has the size of its block behind it.
func (r avroReader) blocks(read func(n int) error) error {
	for n := 0; ; {
		count, err := r.long()
		if err != nil || count == 0 {
			return err
		}
		if count < 0 {
			if _, err := r.long(); err != nil {
				return err
			}
			count = -count
		}
		if count < 0 || count > int64(len(r.data)) {
			return errAvroSchema
		}
		for range count {
			if err := read(n); err != nil {
				return err
			}
			n++
		}
	}
}

func (r avroReader) value(s *avroSchema) error {
	if *r.steps--; *r.steps < 0 {
		return errAvroSteps
	}
	return r.nested(func() error {
		switch s.kind {
		case "record", "error":
			for i, f := range s.fields {
				if err := r.below([]byte(f.name), i, func() error { return r.value(f.schema) }); err != nil {
					return err
				}
			}
			return nil
		case "array":
			return r.blocks(func(n int) error { return r.item(n, func() error { return r.value(s.items) }) })
		case "map":
			return r.blocks(func(n int) error { return r.entry(s.items, n) })
		case "union":
			i, err := r.long()
			if err != nil || i < 0 || i >= int64(len(s.options)) {
				return errAvroSchema
			}
			return r.value(s.options[i])
		default:
			return r.primitive(s)
		}
	})
}

func (r avroReader) entry(s *avroSchema, n int) error {
	name, err := r.text()
	if err != nil {
		return err
	}
	return r.member(name, n, func() error { return r.value(s) })
}

func (r avroReader) primitive(s *avroSchema) error {
	start := r.pos
	switch s.kind {
	case "null":
		return nil
	case "boolean":
		c, err := r.byte()
		if err != nil {
			return err
		}
		return r.say(strconv.FormatBool(c == 1), start)
	case "int", "long", "enum":
		v, err := r.long()
		if err != nil {
			return err
		}
		if s.kind == "enum" && v >= 0 && v < int64(len(s.symbols)) {
			return r.say(s.symbols[v], start)
		}
		return r.say(strconv.FormatInt(v, 10), start)
	case "float":
		b, err := r.take(4)
		if err != nil {
			return err
		}
		return r.say(formatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), start)
	case "double":
		b, err := r.take(8)
		if err != nil {
			return err
		}
		return r.say(formatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b))), start)
	case "bytes", "string":
		p, err := r.text()
		if err != nil {
			return err
		}
		return r.leaf(p.data, p.span)
	case "fixed":
		b, err := r.take(s.size)
		if err != nil {
			return err
		}
		return r.str(b)
	default:
		return errAvroSchema
	}
}

// An avroSchema says what a value is made of.
type avroSchema struct {
	kind    string
	fields  []avroField   // of a record
	items   *avroSchema   // of an array or a map
	options []*avroSchema // of a union
	symbols []string      // of an enum
	size    uint64        // of a fixed
}

type avroField struct {
	name   string
	schema *avroSchema
}

func readAvroSchema(text []byte) (*avroSchema, error) {
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	return (&avroNames{named: make(map[string]*avroSchema)}).read(doc)
}

// avroNames are the schemas that have a name, by which others refer to them.
type avroNames struct {
	named map[string]*avroSchema
	depth int
}

func (names *avroNames) read(doc any) (*avroSchema, error) {
	if names.depth++; names.depth > maxNesting {
		return nil, errNested
	}
	defer func() { names.depth-- }()
	switch doc := doc.(type) {
	case string:
		if s := names.named[doc]; s != nil {
			return s, nil
		}
		return &avroSchema{kind: doc}, nil
	case []any:
		s := &avroSchema{kind: "union"}
		for _, option := range doc {
			o, err := names.read(option)
			if err != nil {
				return nil, err
			}
			s.options = append(s.options, o)
		}
		return s, nil
	case map[string]any:
		return names.object(doc)
	default:
		return nil, errAvroSchema
	}
}

func (names *avroNames) object(doc map[string]any) (*avroSchema, error) {
	kind, ok := doc["type"].(string)
	if !ok {
		return names.read(doc["type"])
	}
	s := &avroSchema{kind: kind}
	if name, ok := doc["name"].(string); ok {
		names.named[name] = s
		if space, ok := doc["namespace"].(string); ok {
			names.named[space+"."+name] = s
		}
	}
	var err error
	switch kind {
	case "record", "error":
		err = names.fields(s, doc["fields"])
	case "array":
		s.items, err = names.read(doc["items"])
	case "map":
		s.items, err = names.read(doc["values"])
	case "enum":
		symbols, _ := doc["symbols"].([]any)
		for _, symbol := range symbols {
			s.symbols = append(s.symbols, fmt.Sprint(symbol))
		}
	case "fixed":
		size, _ := doc["size"].(float64)
		s.size = uint64(max(size, 0))
	default:
		return names.read(kind)
	}
	return s, err
}

func (names *avroNames) fields(s *avroSchema, doc any) error {
	fields, _ := doc.([]any)
	for _, f := range fields {
		field, _ := f.(map[string]any)
		name, _ := field["name"].(string)
		schema, err := names.read(field["type"])
		if err != nil {
			return err
		}
		s.fields = append(s.fields, avroField{name, schema})
	}
	return nil
}
