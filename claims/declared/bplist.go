package declared

import (
	"encoding/binary"
	"unicode/utf16"
)

// A binary property list ends with a trailer of 32 bytes: the sizes of offsets
// and of references, the number of objects, the root, the table of offsets
// (opensource.apple.com, CFBinaryPList.c).
const trailer = 32

// A binaryReader reads one. Each object is read once, so that lists of lists of
// the same object cost no more than their bytes.
type binaryReader struct {
	data            []byte
	offsets         []byte // table
	size, reference int    // bytes of an offset, and of the number of an object
	read            map[uint64]any
	open            map[uint64]bool // objects that are being read
	budget          int             // bytes and elements that may still be taken: objects can overlap
}

// readBinary reads a binary property list.
func readBinary(data []byte) (any, error) {
	if len(data) < len("bplist00")+trailer {
		return nil, cut(len(data))
	}
	end := len(data) - trailer
	t := data[end:]
	r := &binaryReader{data: data[:end], size: int(t[6]), reference: int(t[7]), read: make(map[uint64]any), open: make(map[uint64]bool), budget: 4 * maxSize}
	count, root, table := binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(t[16:]), binary.BigEndian.Uint64(t[24:])
	switch {
	case r.size < 1 || r.size > 8 || r.reference < 1 || r.reference > 8:
		return nil, position{offset: end + 6}.at(again, "sizes of %d and %d bytes", r.size, r.reference)
	case table > uint64(end) || count > (uint64(end)-table)/uint64(r.size): //nolint:gosec // both are small and positive
		return nil, position{offset: end + 8}.at(again, "a table of %d objects that is not there", count)
	}
	r.offsets = data[table : table+count*uint64(r.size)]
	return r.object(root, 0)
}

const again = "build the manifest again"

func cut(at int) error { return position{offset: at}.at(again, "the file breaks off") }

// number64 reads a number of n bytes, 8 at most; ok is false past the end.
func number64(data []byte, at, n int) (v uint64, ok bool) {
	if at < 0 || n > 8 || at > len(data)-n {
		return 0, false
	}
	for _, b := range data[at : at+n] {
		v = v<<8 | uint64(b)
	}
	return v, true
}

// object reads the object with a number.
func (r *binaryReader) object(ref uint64, depth int) (any, error) {
	if v, done := r.read[ref]; done {
		return v, nil
	}
	if ref >= uint64(len(r.offsets)/r.size) { //nolint:gosec // a length
		return nil, position{offset: len(r.data)}.at(again, "no object %d", ref)
	}
	offset, _ := number64(r.offsets, int(ref)*r.size, r.size) //nolint:gosec // below the number of objects
	if offset >= uint64(len(r.data)) {
		return nil, position{offset: len(r.data)}.at(again, "object %d begins past the end", ref)
	}
	at := int(offset) //nolint:gosec // within the data
	if r.open[ref] || depth > maxDepth {
		return nil, position{offset: at}.at(again, "object %d holds itself, or lies more than %d levels deep", ref, maxDepth)
	}
	r.open[ref] = true
	v, err := r.value(at, depth)
	delete(r.open, ref)
	r.read[ref] = v
	return v, err
}

// value reads the object at a place: the high half of its first byte is its
// type, the low half its length.
func (r *binaryReader) value(at, depth int) (any, error) {
	kind, low := r.data[at]>>4, int(r.data[at]&15)
	switch {
	case kind == 0 && low == 8:
		return false, nil
	case kind == 0 && low == 9:
		return true, nil
	case kind == 0, kind == 1, kind == 2, kind == 3, kind == 8: // null, numbers, dates, uids
		return other{}, nil
	}
	n, start, err := r.length(at, low)
	if err != nil {
		return nil, err
	}
	left := len(r.data) - start
	if r.budget -= n; r.budget < 0 {
		return nil, position{offset: at}.at(again, "objects that lie over each other")
	}
	switch kind {
	case 4: // bytes
		return other{}, short(n > left, at)
	case 5: // ASCII
		if n > left {
			return nil, cut(at)
		}
		return string(r.data[start : start+n]), nil
	case 6: // UTF-16
		if n > left/2 {
			return nil, cut(at)
		}
		units := make([]uint16, n)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(r.data[start+2*i:])
		}
		return string(utf16.Decode(units)), nil
	case 10, 12: // array, set
		return r.list(start, n, depth)
	case 13:
		return r.dict(start, n, depth)
	default:
		return nil, position{offset: at}.at(again, "an object of type %d", kind)
	}
}

func short(is bool, at int) error {
	if is {
		return cut(at)
	}
	return nil
}

// length returns the number of elements of the object at a place, and where
// they begin. A low half of 15 says that a number follows.
func (r *binaryReader) length(at, low int) (n, start int, err error) {
	if low < 15 {
		return low, at + 1, nil
	}
	if at+1 >= len(r.data) || r.data[at+1]>>4 != 1 || r.data[at+1]&15 > 3 {
		return 0, 0, cut(at)
	}
	size := 1 << (r.data[at+1] & 15)
	v, ok := number64(r.data, at+2, size)
	if !ok || v > uint64(len(r.data)) {
		return 0, 0, cut(at)
	}
	return int(v), at + 2 + size, nil //nolint:gosec // at most the length of the data
}

// references reads n numbers of objects.
func (r *binaryReader) references(start, n int) ([]uint64, error) {
	if n > (len(r.data)-start)/r.reference {
		return nil, cut(start)
	}
	refs := make([]uint64, n)
	for i := range refs {
		refs[i], _ = number64(r.data, start+i*r.reference, r.reference)
	}
	return refs, nil
}

func (r *binaryReader) list(start, n, depth int) (any, error) {
	refs, err := r.references(start, n)
	if err != nil {
		return nil, err
	}
	values := make([]any, n)
	for i, ref := range refs {
		if values[i], err = r.object(ref, depth+1); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (r *binaryReader) dict(start, n, depth int) (any, error) {
	if n > len(r.data) {
		return nil, cut(start)
	}
	refs, err := r.references(start, 2*n)
	if err != nil {
		return nil, err
	}
	d := make(dictionary, n)
	for i := range n {
		k, err := r.object(refs[i], depth+1)
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, position{offset: start}.at(again, "a key that is no text")
		}
		if _, twice := d[key]; twice {
			return nil, position{offset: start}.at(again, "a second key %q", key)
		}
		if d[key], err = r.object(refs[n+i], depth+1); err != nil {
			return nil, err
		}
	}
	return d, nil
}
