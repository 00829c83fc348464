package declared

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// What a property list is read as: a dictionary, a []any, a string, a bool, or
// other for what no manifest has (numbers, dates, bytes).
type (
	dictionary map[string]any
	other      struct{}
)

// Bounds of a property list.
const (
	maxDepth  = 32
	maxValues = 100_000
)

// readXML reads a property list in XML (Apple's PropertyList-1.0.dtd). Entities
// are not expanded but for those of XML itself.
func readXML(data []byte) (any, error) {
	r := &xmlReader{Decoder: xml.NewDecoder(bytes.NewReader(data))}
	start, err := r.next("")
	if err != nil {
		return nil, err
	}
	if start != nil && start.Name.Local == "plist" {
		if start, err = r.next("plist"); err != nil {
			return nil, err
		}
	}
	if start == nil {
		return nil, r.wrong("an empty property list")
	}
	return r.value(start, 0)
}

type xmlReader struct {
	*xml.Decoder
	values int
}

// wrong makes an error at the place that was read last.
func (r *xmlReader) wrong(format string, args ...any) error {
	line, column := r.InputPos()
	return position{line: line, column: column}.at("correct the property list", format, args...)
}

// next returns the next element below another, nil at its end. Text between
// elements has to be empty.
func (r *xmlReader) next(below string) (*xml.StartElement, error) {
	for {
		token, err := r.Token()
		if errors.Is(err, io.EOF) && below == "" {
			return nil, nil //nolint:nilnil // the end of the file is the end of its elements
		}
		if err != nil {
			return nil, r.wrong("no XML: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil //nolint:nilnil // see above
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, r.wrong("text between elements")
			}
		}
	}
}

// text returns the text of an element that has no other elements.
func (r *xmlReader) text(name string) (string, error) {
	var b strings.Builder
	for {
		token, err := r.Token()
		if err != nil {
			return "", r.wrong("no XML: %v", err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", r.wrong("<%s> in <%s>", t.Name.Local, name)
		case xml.CharData:
			b.Write(t)
		}
	}
}

// value reads the value that begins with an element.
func (r *xmlReader) value(start *xml.StartElement, depth int) (any, error) {
	if r.values++; r.values > maxValues || depth > maxDepth {
		return nil, r.wrong("more than %d values or %d levels", maxValues, maxDepth)
	}
	switch name := start.Name.Local; name {
	case "dict":
		return r.dict(depth)
	case "array":
		list := []any{}
		for {
			item, err := r.next(name)
			if err != nil || item == nil {
				return list, err
			}
			v, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	case "string":
		return r.text(name)
	case "true", "false":
		_, err := r.text(name)
		return name == "true", err
	case "integer", "real", "date", "data":
		_, err := r.text(name)
		return other{}, err
	default:
		return nil, r.wrong("an element <%s>", name)
	}
}

// dict reads keys and values by turns.
func (r *xmlReader) dict(depth int) (any, error) {
	d := make(dictionary)
	for {
		start, err := r.next("dict")
		if err != nil || start == nil {
			return d, err
		}
		if start.Name.Local != "key" {
			return nil, r.wrong("<%s> where a <key> belongs", start.Name.Local)
		}
		key, err := r.text("key")
		if err != nil {
			return nil, err
		}
		if _, twice := d[key]; twice {
			return nil, r.wrong("a second key %q", key)
		}
		if start, err = r.next("dict"); err != nil {
			return nil, err
		}
		if start == nil {
			return nil, r.wrong("no value for the key %q", key)
		}
		if d[key], err = r.value(start, depth+1); err != nil {
			return nil, err
		}
	}
}
