package decode

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"

	"telltale/audit"
)

// A walker reads a container that is made of values within values, and hands
// out each one under its pointer.
type walker struct {
	data   []byte
	pos    int
	format string
	path   pointer // step of the value at pos
	depth  int
	// vouched says that something was read that chance hardly makes.
	vouched bool
	emit    func(part) bool // nil: nothing is handed out, and path stays
}

var (
	errForeign = errors.New("is not what the encoding has here")
	errShort   = errors.New("ends in the middle of a value")
	errNested  = errors.New("nested more than " + strconv.Itoa(maxNesting) + " deep")
	errEnough  = errors.New("no more wanted")
)

// walk reads a container whose start any bytes may look like. It is believed
// if it can be read to its last byte and something in it vouches for it: read
// runs once without handing anything out, and then once more.
func walk(in layer, format string, emit func(part) bool, read func(*walker) error) error {
	dry := &walker{data: in.data}
	switch err := read(dry); {
	case errors.Is(err, errNested):
		return err
	case err != nil || dry.pos != len(in.data) || !dry.vouched:
		return nil //nolint:nilerr // it is another encoding
	}
	return walkOnce(in, format, emit, read)
}

// walkOnce reads a container that a magic number vouches for, as far as it goes.
func walkOnce(in layer, format string, emit func(part) bool, read func(*walker) error) error {
	w := &walker{data: in.data, format: format, path: pointer(format + ":"), emit: emit}
	if err := read(w); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

// left returns how many bytes are not read yet.
func (w *walker) left() uint64 { return uint64(len(w.data) - w.pos) } //nolint:gosec // never less than none

// take returns the next n bytes.
func (w *walker) take(n uint64) ([]byte, error) {
	if n > w.left() {
		return nil, errShort
	}
	b := w.data[w.pos : w.pos+int(n)] //nolint:gosec // not more than len(data)
	w.pos += len(b)
	return b, nil
}

func (w *walker) byte() (byte, error) {
	b, err := w.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint reads a number of n bytes, at most 8, the highest one first.
func (w *walker) uint(n uint64) (uint64, error) {
	b, err := w.take(n)
	if err != nil {
		return 0, err
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, nil
}

// varint reads a number in groups of seven bits, the lowest first.
func (w *walker) varint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.pos:])
	if n <= 0 {
		return 0, errShort
	}
	w.pos += n
	return v, nil
}

// since returns the range from start to where the walker is.
func (w *walker) since(start int) audit.Span { return audit.Span{Start: start, End: w.pos} }

// leaf hands out a value that stands at a range.
func (w *walker) leaf(data []byte, span audit.Span) error {
	if w.emit != nil && !w.emit(part{string(w.path), data, span}) {
		return errEnough
	}
	return nil
}

// say hands out text for the value between start and pos.
func (w *walker) say(text string, start int) error {
	if w.emit == nil {
		return nil
	}
	return w.leaf([]byte(text), w.since(start))
}

// str hands out the bytes just read.
func (w *walker) str(b []byte) error {
	w.vouched = w.vouched || len(b) >= minRun/2
	return w.leaf(b, w.since(w.pos-len(b)))
}

// items reads n values, each under its number.
func (w *walker) items(n uint64, read func() error) error {
	return w.nested(func() error {
		for i := 0; uint64(i) < n; i++ {
			if err := w.item(i, read); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *walker) item(n int, read func() error) error {
	if w.emit == nil {
		return read()
	}
	return w.below(strconv.AppendInt(nil, int64(n), 10), n, read)
}

// nested reads what stands one level deeper.
func (w *walker) nested(read func() error) error {
	if w.depth++; w.depth > maxNesting {
		return errNested
	}
	err := read()
	w.depth--
	return err
}

// member reads the nth value of a map under its name, which is a value too if
// data may stand in it.
func (w *walker) member(name piece, n int, read func() error) error {
	if !isKey(name.data) {
		return errForeign
	}
	w.vouched = true
	return w.below(name.data, n, func() error {
		if w.emit != nil && !plainName(name.data) {
			step := w.format + "-name:" + string(w.path[len(w.format)+1:])
			if !w.emit(part{step, name.data, name.span}) {
				return errEnough
			}
		}
		return read()
	})
}

// isKey reports whether a name of a member is text.
func isKey(name []byte) bool {
	return utf8.Valid(name) && (len(name) == 0 || isText(name))
}

// below reads a value with its name added to the pointer.
func (w *walker) below(name []byte, n int, read func() error) error {
	if w.emit == nil {
		return read()
	}
	length := len(w.path)
	w.path = w.path.then(name, n)
	err := read()
	w.path = w.path[:length]
	return err
}

// last returns the n bytes just read, as a piece.
func (w *walker) last(n int) piece {
	return piece{w.data[w.pos-n : w.pos], w.since(w.pos - n)}
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
