package sensors

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Kind is a type of JSON.
type Kind uint8

// The types of JSON.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// String returns the kind with its article, as messages need it.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// A Value is a piece of JSON. Numbers are kept as they were written: the ids
// of some SDKs have 63 bits, more than a floating point number holds. The zero
// value is null. A Value shares memory with the text that it was parsed from.
type Value struct {
	kind  Kind
	text  string   // of a string, unescaped; of a number or boolean, as written
	items []Member // of a list, without names
}

// A Member is a named value of an object.
type Member struct {
	Name  string
	Value Value
}

// Text returns a string value.
func Text(s string) Value { return Value{kind: String, text: s} }

// Integer returns a number value.
func Integer(n int64) Value { return Value{kind: Number, text: strconv.FormatInt(n, 10)} }

// Truth returns a boolean value.
func Truth(b bool) Value { return Value{kind: Bool, text: strconv.FormatBool(b)} }

// NewList returns a list value.
func NewList(values ...Value) Value {
	v := Value{kind: List}
	for _, item := range values {
		v.items = append(v.items, Member{Value: item})
	}
	return v
}

// NewObject returns an object value with the members in that order.
func NewObject(members ...Member) Value { return Value{kind: Object, items: members} }

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.kind }

// Text returns a string, or a number as it was written. Other kinds have none.
func (v Value) Text() string {
	if v.kind != String && v.kind != Number {
		return ""
	}
	return v.text
}

// Bool reports whether v is true.
func (v Value) Bool() bool { return v.kind == Bool && v.text == "true" }

// Int returns a number that is an integer of 64 bits, however it is written:
// 1588291200000, 1.588e3 and 12.0 are integers.
func (v Value) Int() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
		return n, true
	}
	if !strings.ContainsAny(v.text, ".eE") {
		return 0, false
	}
	// Up to 2^53 a floating point number is exact.
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Len returns the number of items of a list or members of an object.
func (v Value) Len() int { return len(v.items) }

// Items yields the values of a list, none of another kind.
func (v Value) Items() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.kind != List {
			return
		}
		for i, item := range v.items {
			if !yield(i, item.Value) {
				return
			}
		}
	}
}

// Members yields the members of an object in the order of the text, none of
// another kind.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != Object {
			return
		}
		for _, m := range v.items {
			if !yield(m.Name, m.Value) {
				return
			}
		}
	}
}

// Get returns the member of that name, the last one if there are several. A
// missing member is null, and ok is false.
func (v Value) Get(name string) (member Value, ok bool) {
	if v.kind != Object {
		return Value{}, false
	}
	for i := range slices.Backward(v.items) {
		if v.items[i].Name == name {
			return v.items[i].Value, true
		}
	}
	return Value{}, false
}

// MarshalJSON implements [encoding/json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) { return v.Append(nil), nil }

// Append appends v as JSON without space.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case Bool, Number:
		return append(dst, v.text...)
	case String:
		return appendQuoted(dst, v.text)
	case List:
		return v.appendItems(dst, '[', ']')
	case Object:
		return v.appendItems(dst, '{', '}')
	default:
		return append(dst, "null"...)
	}
}

func (v Value) appendItems(dst []byte, opening, closing byte) []byte {
	dst = append(dst, opening)
	for i, m := range v.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.kind == Object {
			dst = append(appendQuoted(dst, m.Name), ':')
		}
		dst = m.Value.Append(dst)
	}
	return append(dst, closing)
}

func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
