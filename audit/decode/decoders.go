package decode

import "telltale/audit"

// A layer is what a decoder gets to see.
type layer struct {
	step string // the last one of its trail
	data []byte
	room int64 // the most bytes that a decompression may give
}

// A part is one output of a decoder.
type part struct {
	step string // such as "base64" or "json:/imei"
	data []byte
	span audit.Span // the range of the layer that it was taken from
}

// whole returns a part that was taken from all of in.
func (in layer) whole(step string, data []byte) part {
	return part{step, data, audit.Span{End: len(in.data)}}
}

// A decoder takes one encoding off.
type decoder struct {
	name string
	// gate is a cheap test; what passes it need not be in the encoding.
	gate func(in layer) bool
	// decode hands the parts to emit until that returns false. A layer that
	// is not in the encoding has no parts and is no error. An error says that
	// the layer is in the encoding and could not be read to its end.
	//
	// Parts must not depend on in.room except that the data of a part is cut.
	decode func(in layer, emit func(part) bool) error
	// covers says that the parts hold everything that the layer says. The
	// decoders after it are then not tried on the layer itself, so that what
	// stands in a field is found under the field's name.
	covers bool
}

// decoders is in the order in which the decoders are tried: first those that
// name the fields of a layer, then those that undo an encoding of it. All of
// the latter are tried, because hexadecimal digits are base64 too.
var decoders = []decoder{
	{"header", isHeader, decodeHeader, true},
	{"cookie", isCookie, decodeCookie, true},
	{"url", isURL, decodeURL, true},
	{"json", isJSON, decodeJSON, true},
	{"form", isForm, decodeForm, true},
	{"gzip", isGzip, decodeGzip, false},
	{"zlib", isZlib, decodeZlib, false},
	{"protobuf", isProtobuf, decodeProtobuf, false},
	{"percent", isPercent, decodePercent, false},
	{"hex", isHex, decodeHex, false},
	{"base64", isBase64, decodeBase64, false},
}
