package sensors

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// An Encoding says how [Encode] writes records.
type Encoding struct {
	Field string // data or data_list
	Gzip  int    // 0 or 1; 9 and 13 are for [EncodeSealed]
	CRC   string // "crc", "ext" or "" for none
}

// Encode writes records as a form, as SDKs do: the field, then crc and gzip.
// With the field data it writes the first record as an object.
func Encode(records []Value, e Encoding) string {
	v := NewList(records...)
	if e.Field == "data" && len(records) > 0 {
		v = records[0]
	}
	raw := v.Append(nil)
	if e.Gzip == 1 {
		raw = deflate(raw)
	}
	return e.form(base64.StdEncoding.EncodeToString(raw))
}

// EncodeSealed writes containers as a form. Containers for a whole request
// (gzip=13) have one payload, which is written as a string.
func EncodeSealed(containers []Container, e Encoding) string {
	values := make([]Value, len(containers))
	for i, c := range containers {
		values[i] = c.value(e.Gzip == 13)
	}
	v := NewList(values...)
	if e.Field == "data" && len(values) > 0 {
		v = values[0]
	}
	return e.form(string(v.Append(nil)))
}

func (e Encoding) form(text string) string {
	var b strings.Builder
	b.WriteString(e.Field + "=" + url.QueryEscape(text))
	crc := strconv.Itoa(int(Hash(text)))
	switch e.CRC {
	case "crc":
		b.WriteString("&crc=" + crc)
	case "ext":
		b.WriteString("&ext=" + url.QueryEscape("crc="+crc))
	}
	if e.Gzip != 0 {
		b.WriteString("&gzip=" + strconv.Itoa(e.Gzip))
	}
	return b.String()
}
