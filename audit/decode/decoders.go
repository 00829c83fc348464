package decode

import "telltale/audit"

// A layer is what a decoder gets to see.
type layer struct {
	step string // the last one of its trail
	data []byte
	room int64 // the most bytes that a decompression may give
	lock lock  // what may open it
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
	// What guesses stands before the names that it could be mistaken for.
	{"idna", isIDNA, decodeIDNA, false},
	{"quoted-printable", isQuoted, decodeQuoted, false},
	{"utf7", isUTF7, decodeUTF7, false},
	{"reversed", isReversed, decodeReversed, false},
	{"codes", isCodes, decodeCodes, false},
	{"characters", isCharacters, decodeCharacters, false},
	{"base85", isBase85, decodeBase85, false},
	{"base91", isBase91, decodeBase91, false},
	{"websocket", isWebSocket, decodeWebSocket, true},
	{"url", isURL, decodeURL, true},
	{"data", isDataURL, decodeDataURL, true},
	{"jwt", isJWT, decodeJWT, true},
	{"json", isJSON, decodeJSON, true},
	{"xml", isXML, decodeXML, true},
	{"multipart", isMultipart, decodeMultipart, true},
	{"chunked", isChunked, decodeChunked, true},
	{"zip", isZip, decodeZip, true},
	{"tar", isTar, decodeTar, true},
	{"plist", isBinaryPlist, decodeBinaryPlist, true},
	{"avro", isAvro, decodeAvro, true},
	{"bson", isBSON, decodeBSON, true},
	{"php", isPHP, decodePHP, true},
	{"properties", isProperties, decodeProperties, true},
	{"form", isForm, decodeForm, true},
	{"gzip", isGzip, decodeGzip, false},
	{"zlib", isZlib, decodeZlib, false},
	{"grpc", isGRPC, decodeGRPC, true},
	{"der", isDER, decodeDER, true},
	{"thrift", isThrift, decodeThrift, true},
	{"thrift-compact", isThriftCompact, decodeThriftCompact, true},
	{"cbor", isCBOR, decodeCBOR, true},
	{"msgpack", isMessagePack, decodeMessagePack, true},
	{"protobuf", isProtobuf, decodeProtobuf, false},
	{"uuencode", isUuencode, decodeUuencode, false},
	{"yenc", isYEnc, decodeYEnc, false},
	{"utf16", isUTF16, decodeUTF16, false},
	{"charset", isCharset, decodeCharset, false},
	{"html", isHTML, decodeHTML, false},
	{"escape", isEscape, decodeEscape, false},
	{"rot", isRot, decodeRot, false},
	{"percent", isPercent, decodePercent, false},
	{"percent-u", isPercentU, decodePercentU, false},
	{"hex", isHex, decodeHex, false},
	{"hex-list", isHexList, decodeHexList, false},
	{"base64", isBase64, decodeBase64, false},
	{"base32", isBase32, decodeBase32, false},
	{"radix", isRadix, decodeRadix, false},
	{"xor", isXOR, decodeXOR, false},
	{"sealed", isSealed, decodeSealed, false},
	{"sealed-digits", isSealedDigits, decodeSealedDigits, false},
}
