package flows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A tnet is a value of a tagged netstring (https://tnetstrings.info, with the
// text and floating point types of mitmproxy): string, float64, int64, bool,
// []tnet, map[string]tnet or nil. Text and bytes are both strings.
type tnet any

// Bounds of a value.
const (
	maxTNetDepth  = 32
	maxTNetValues = 1 << 22 // in one flow
)

var errTNet = errors.New("no tagged netstring where one should be")

// A tnetReader reads values, and bounds how many.
type tnetReader struct{ values int }

// read reads the value at the beginning of b and returns what is behind it.
func (t *tnetReader) read(b []byte, depth int) (v tnet, rest []byte, err error) {
	i := bytes.IndexByte(b[:min(len(b), 20)], ':')
	if i <= 0 {
		return nil, nil, errTNet
	}
	n, err := strconv.ParseInt(string(b[:i]), 10, 40)
	if err != nil || n < 0 || n >= int64(len(b)-i-1) {
		return nil, nil, errTNet
	}
	data, kind := b[i+1:i+1+int(n)], b[i+1+int(n)]
	v, err = t.value(kind, data, depth)
	return v, b[i+2+int(n):], err
}

// value is the value of a type with its bytes.
func (t *tnetReader) value(kind byte, data []byte, depth int) (tnet, error) {
	if t.values++; t.values > maxTNetValues || depth > maxTNetDepth {
		return nil, fmt.Errorf("more than %d values, or %d in one another", maxTNetValues, maxTNetDepth)
	}
	switch kind {
	case ',', ';':
		return string(data), nil
	case '#':
		n, err := strconv.ParseInt(string(data), 10, 64)
		return n, err
	case '^':
		x, err := strconv.ParseFloat(string(data), 64)
		return x, err
	case '!':
		return string(data) == "true", nil
	case '~':
		return nil, nil
	case ']':
		return t.list(data, depth)
	case '}':
		return t.dict(data, depth)
	}
	return nil, errTNet
}

func (t *tnetReader) list(b []byte, depth int) (tnet, error) {
	list := []tnet{}
	for len(b) > 0 {
		v, rest, err := t.read(b, depth+1)
		if err != nil {
			return nil, err
		}
		list, b = append(list, v), rest
	}
	return list, nil
}

func (t *tnetReader) dict(b []byte, depth int) (tnet, error) {
	dict := dict{}
	for len(b) > 0 {
		k, rest, err := t.read(b, depth+1)
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok || len(rest) == 0 {
			return nil, errTNet
		}
		v, rest, err := t.read(rest, depth+1)
		if err != nil {
			return nil, err
		}
		dict[name], b = v, rest
	}
	return dict, nil
}

// A dict is a dictionary. What it has not, or not of the type that is asked
// for, is the zero value.
type dict map[string]tnet

func (d dict) dict(name string) dict { v, _ := d[name].(dict); return v }
func (d dict) list(name string) []tnet {
	v, _ := d[name].([]tnet)
	return v
}
func (d dict) text(name string) string { return textOf(d[name]) }
func (d dict) int(name string) int64   { v, _ := d[name].(int64); return v }
func (d dict) time(name string) float64 {
	switch v := d[name].(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	}
	return 0
}

func textOf(v tnet) string { s, _ := v.(string); return s }

// at is the element of a list, nil if there is none.
func at(list []tnet, i int) tnet {
	if i >= len(list) {
		return nil
	}
	return list[i]
}

// readSize reads the length before a value.
func readSize(r io.ByteReader) (int64, error) {
	var digits strings.Builder
	for digits.Len() < 20 {
		c, err := r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && digits.Len() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		if c == ':' {
			n, err := strconv.ParseInt(digits.String(), 10, 62)
			if err != nil || n < 0 {
				return 0, errTNet
			}
			return n, nil
		}
		digits.WriteByte(c)
	}
	return 0, errTNet
}
