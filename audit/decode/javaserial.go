package decode

import (
	"bytes"
	"math"
	"strconv"
)

// Marks in the stream of java.io.ObjectOutputStream (Java Object Serialization
// Specification, section 6.4.2).
const (
	javaNull      = 0x70
	javaReference = 0x71
	javaClassDesc = 0x72
	javaObject    = 0x73
	javaString    = 0x74
	javaArray     = 0x75
	javaClass     = 0x76
	javaBlock     = 0x77
	javaBlockEnd  = 0x78
	javaReset     = 0x79
	javaBlockLong = 0x7a
	javaLongText  = 0x7c
	javaProxyDesc = 0x7d
	javaEnum      = 0x7e

	javaFirstHandle = 0x7e0000
)

// Flags of a class.
const (
	javaWriteMethod  = 0x01
	javaSerializable = 0x02
	javaExternal     = 0x04
	javaBlockData    = 0x08
)

var javaMagic = []byte("\xac\xed\x00\x05")

func isJavaSerial(in layer) bool { return bytes.HasPrefix(in.data, javaMagic) }

// decodeJavaSerial gives strings and blocks as they are, arrays of bytes whole,
// and numbers as text, each under the names of its fields. What a class wrote
// by itself has numbers.
func decodeJavaSerial(in layer, emit func(part) bool) error {
	return walkOnce(in, "java", emit, func(w *walker) error {
		w.pos = len(javaMagic)
		r := &javaReader{walker: w}
		for n := 0; r.left() > 0; n++ {
			if err := r.item(n, r.content); err != nil {
				return err
			}
		}
		return nil
	})
}

type javaReader struct {
	*walker
	handles []*javaDesc // what can be referred to; nil if it is no class
}

// A javaDesc says what the objects of a class are made of.
type javaDesc struct {
	flags  byte
	fields []javaField
	super  *javaDesc
	array  byte // type of the elements, if it is an array
}

type javaField struct {
	kind byte
	name []byte
}

// content reads an object or a block of bytes.
func (r *javaReader) content() error {
	mark, err := r.byte()
	if err != nil {
		return err
	}
	switch mark {
	case javaNull, javaReset:
		return nil
	case javaReference:
		_, err := r.take(4)
		return err
	case javaBlock, javaBlockLong:
		return r.sized(mark, javaBlock, 1, 4)
	case javaString, javaLongText:
		r.handles = append(r.handles, nil)
		return r.sized(mark, javaString, 2, 8)
	case javaClass, javaClassDesc, javaProxyDesc:
		if mark != javaClass {
			r.pos--
		}
		_, err := r.class()
		return err
	}
	desc, err := r.class()
	if err != nil || desc == nil {
		return errForeign
	}
	r.handles = append(r.handles, nil)
	return r.nested(func() error {
		switch mark {
		case javaObject:
			return r.object(desc)
		case javaArray:
			return r.array(desc)
		case javaEnum:
			return r.content() // its name
		default:
			return errForeign
		}
	})
}

// sized reads bytes behind their length, whose size depends on the mark.
func (r *javaReader) sized(mark, short byte, size, long uint64) error {
	if mark != short {
		size = long
	}
	n, err := r.uint(size)
	if err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.str(b)
}

// class reads the description of a class: a new one, one that was met, or none.
func (r *javaReader) class() (*javaDesc, error) {
	mark, err := r.byte()
	if err != nil {
		return nil, err
	}
	switch mark {
	case javaNull:
		return nil, nil //nolint:nilnil // a class need not have one above it
	case javaReference:
		n, err := r.uint(4)
		if err != nil || n < javaFirstHandle || n-javaFirstHandle >= uint64(len(r.handles)) {
			return nil, errForeign
		}
		return r.handles[n-javaFirstHandle], nil
	case javaClassDesc, javaProxyDesc:
		d := &javaDesc{}
		return d, r.nested(func() error { return r.newClass(mark, d) })
	default:
		return nil, errForeign
	}
}

func (r *javaReader) newClass(mark byte, d *javaDesc) error {
	var err error
	if mark == javaProxyDesc {
		r.handles = append(r.handles, d)
		d.flags = javaSerializable
		err = r.interfaces()
	} else {
		err = r.describe(d)
	}
	if err != nil {
		return err
	}
	if err := r.annotation(); err != nil {
		return err
	}
	d.super, err = r.class()
	return err
}

// interfaces reads the names of those that a proxy stands for.
func (r *javaReader) interfaces() error {
	n, err := r.uint(4)
	for ; err == nil && n > 0; n-- {
		_, err = r.utf()
	}
	return err
}

// describe reads name, version, flags and fields.
func (r *javaReader) describe(d *javaDesc) error {
	name, err := r.utf()
	if err != nil {
		return err
	}
	if len(name) > 1 && name[0] == '[' {
		d.array = name[1]
	}
	if _, err := r.take(8); err != nil {
		return err
	}
	r.handles = append(r.handles, d)
	if d.flags, err = r.byte(); err != nil {
		return err
	}
	n, err := r.uint(2)
	if err != nil {
		return err
	}
	for range n {
		kind, err := r.byte()
		if err != nil {
			return err
		}
		name, err := r.utf()
		if err != nil {
			return err
		}
		if kind == '[' || kind == 'L' {
			quiet := r.quiet()
			err := r.content() // the name of the type
			quiet()
			if err != nil {
				return err
			}
		}
		d.fields = append(d.fields, javaField{kind, name})
	}
	return nil
}

// quiet hands nothing out until what it returns is called: names of classes
// are no data.
func (r *javaReader) quiet() (restore func()) {
	emit := r.emit
	r.emit = nil
	return func() { r.emit = emit }
}

// utf reads text behind two bytes of length.
func (r *javaReader) utf() ([]byte, error) {
	n, err := r.uint(2)
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

// annotation reads contents up to the mark of their end.
func (r *javaReader) annotation() error {
	for n := 0; ; n++ {
		if r.left() > 0 && r.data[r.pos] == javaBlockEnd {
			r.pos++
			return nil
		}
		if err := r.item(n, r.content); err != nil {
			return err
		}
	}
}

// object reads the fields of the classes above first.
func (r *javaReader) object(d *javaDesc) error {
	return r.nested(func() error {
		if d.super != nil {
			if err := r.object(d.super); err != nil {
				return err
			}
		}
		if d.flags&javaExternal != 0 {
			if d.flags&javaBlockData == 0 {
				return errForeign // the class alone knows its length
			}
			return r.annotation()
		}
		for i, f := range d.fields {
			if err := r.below(f.name, i, func() error { return r.value(f.kind) }); err != nil {
				return err
			}
		}
		if d.flags&javaWriteMethod != 0 {
			return r.annotation()
		}
		return nil
	})
}

// array reads the elements. Bytes are one value.
func (r *javaReader) array(d *javaDesc) error {
	n, err := r.uint(4)
	if err != nil {
		return err
	}
	if n > r.left() {
		return errShort
	}
	if d.array == 'B' {
		b, err := r.take(n)
		if err != nil {
			return err
		}
		return r.str(b)
	}
	return r.items(n, func() error { return r.value(d.array) })
}

// javaSizes is how many bytes a number has.
var javaSizes = map[byte]uint64{'B': 1, 'Z': 1, 'C': 2, 'S': 2, 'I': 4, 'F': 4, 'J': 8, 'D': 8}

func (r *javaReader) value(kind byte) error {
	if kind == '[' || kind == 'L' {
		return r.content()
	}
	size := javaSizes[kind]
	if size == 0 {
		return errForeign
	}
	start := r.pos
	v, err := r.uint(size)
	if err != nil {
		return err
	}
	switch kind {
	case 'Z':
		return r.say(strconv.FormatBool(v != 0), start)
	case 'C':
		return r.say(string(rune(v)), start) //nolint:gosec // two bytes were read
	case 'F':
		return r.say(formatFloat(float64(math.Float32frombits(uint32(v)))), start) //nolint:gosec // four bytes were read
	case 'D':
		return r.say(formatFloat(math.Float64frombits(v)), start)
	default:
		return r.say(strconv.FormatInt(signed(v, size), 10), start)
	}
}
