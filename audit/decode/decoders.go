package decode

import "telltale/audit"

// A layer is what a decoder gets to see.
type layer struct {
	step string // the last one of its trail
	data []byte
	room int64 // the most bytes that a decompression may give
	// media is the media type that the sender gave to the exhibit. Layers
	// below the first have none.
	media string
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
	sign   sign
}

// decoders is in the order in which the decoders are tried: first those that
// name the fields of a layer, then those that undo an encoding of it. All of
// the latter are tried, because hexadecimal digits are base64 too.
var decoders = []decoder{
	{"header", isHeader, decodeHeader, true, sign{}},
	{"cookie", isCookie, decodeCookie, true, sign{}},
	{"authorization", isBasic, decodeBasic, true, sign{}},
	{"declared", isDeclared, decodeDeclared, true, sign{}},
	{"sensors-id", isSensorsID, decodeSensorsID, true, sign{min: minSensorsID, has: "-"}},
	// What guesses stands before the names that it could be mistaken for.
	{"idna", isIDNA, decodeIDNA, false, sign{min: 6, has: "-"}},
	{"quoted-printable", isQuoted, decodeQuoted, false, sign{has: "="}},
	{"utf7", isUTF7, decodeUTF7, false, sign{has: "+"}},
	{"reversed", isReversed, decodeReversed, false, sign{min: minRun}},
	{"codes", isCodes, decodeCodes, false, sign{min: minRun, has: "0123456789"}},
	{"codepoints", isCodePoints, decodeCodePoints, false, sign{has: "+"}},
	{"bits", isBits, decodeBits, false, sign{min: minBits, has: "01"}},
	{"characters", isCharacters, decodeCharacters, false, sign{has: "["}},
	{"joined", isGrouped, decodeGrouped, false, sign{min: minBase32}},
	{"base45", isBase45, decodeBase45, false, sign{min: minBase45}},
	{"base85", isBase85, decodeBase85, false, sign{min: 5, has: punctuation}},
	{"base91", isBase91, decodeBase91, false, sign{min: minDense, has: punctuation}},
	{"websocket", isWebSocket, decodeWebSocket, true, sign{}},
	{"message", isRawMessage, decodeRawMessage, true, sign{min: minRun, has: "\n"}},
	{"labels", isLabels, decodeLabels, false, sign{has: "."}},
	{"url", isURL, decodeURL, true, sign{min: 4, first: "hHwW/"}},
	{"data", isDataURL, decodeDataURL, true, sign{min: 5, first: "dD"}},
	{"jwt", isJWT, decodeJWT, true, sign{min: minRun, has: "."}},
	{"json", isJSON, decodeJSON, true, sign{min: 2, first: jsonSpace + "{[\"\x1e\xef"}},
	{"xml", isXML, decodeXML, true, sign{min: 4, first: jsonSpace + "<\xef"}},
	{"multipart", isMultipart, decodeMultipart, true, sign{min: 4, first: "-"}},
	{"chunked", isChunked, decodeChunked, true, sign{min: 5, has: "\n"}},
	{"zip", isZip, decodeZip, true, sign{first: "P"}},
	{"tar", isTar, decodeTar, true, sign{min: tarMagic}},
	{"plist", isBinaryPlist, decodeBinaryPlist, true, sign{first: "b"}},
	{"avro", isAvro, decodeAvro, true, sign{first: "O"}},
	{"java", isJavaSerial, decodeJavaSerial, true, sign{first: "\xac"}},
	{"bson", isBSON, decodeBSON, true, sign{min: 6}},
	{"php", isPHP, decodePHP, true, sign{min: 6, has: ":"}},
	{"sse", isEventStream, decodeEventStream, true, sign{has: "\n"}},
	{"properties", isProperties, decodeProperties, true, sign{has: "\n"}},
	{"pairs", isPairs, decodeNamedPairs, true, sign{has: "="}},
	{"form", isForm, decodeForm, true, sign{min: 2, has: "="}},
	{"json-in", isJSONInText, decodeJSONInText, false, sign{has: "{["}},
	{"gzip", isGzip, decodeGzip, false, sign{min: 19, first: "\x1f"}},
	{"zlib", isZlib, decodeZlib, false, sign{min: 7, first: "\x78"}},
	{"zstd", isZstd, decodeZstd, true, sign{min: 5, first: "\x28" + skipped, has: "\xb5"}},
	{"lz4", isLZ4, decodeLZ4, true, sign{min: 5, first: "\x04\x02" + skipped, has: "\x18"}},
	{"snappy", isSnappy, decodeSnappy, true, sign{first: "\xff"}},
	{"bzip2", isBzip2, decodeBzip2, true, sign{first: "B"}},
	{"xz", isXz, decodeXz, true, sign{first: "\xfd"}},
	{"lzma", isLZMA, decodeLZMA, true, sign{min: lzmaHeader, has: "\x00"}},
	{"lzw", isLZW, decodeLZW, true, sign{min: 5, first: "\x1f"}},
	{"snappy-block", snappyBlockStream.gate, snappyBlockStream.decode, true, sign{min: minUnmarked, has: unprintable}},
	{"deflate", deflateStream.gate, deflateStream.decode, true, sign{min: minUnmarked, has: unprintable}},
	{"brotli", brotliStream.gate, brotliStream.decode, true, sign{min: minUnmarked, has: unprintable}},
	{"lz-string", isLZString, decodeLZString, true, sign{min: minLZString}},
	{"grpc", isGRPC, decodeGRPC, true, sign{min: grpcPrefix, first: "\x00\x01\x80\x81"}},
	{"der", isDER, decodeDER, true, sign{min: minRun / 2, first: "\x30", has: unprintable}},
	{"pickle", isPickle, decodePickle, true, sign{min: minRun / 2, has: "."}},
	{"mqtt", isMQTT, decodeMQTT, true, sign{min: minRun / 2}},
	{"dns", isDNS, decodeDNS, true, sign{min: dnsHeader + 5, has: "\x00"}},
	{"thrift", isThrift, decodeThrift, true, sign{min: minRun / 2, has: "\x00\x80"}},
	{"thrift-compact", isThriftCompact, decodeThriftCompact, true, sign{min: minRun / 2, has: "\x00\x82"}},
	{"cbor", isCBOR, decodeCBOR, true, sign{min: minRun / 4, has: unprintable}},
	{"msgpack", isMessagePack, decodeMessagePack, true, sign{min: minRun / 4, has: unprintable}},
	{"tars", isTARS, decodeTARS, true, sign{min: minRun / 2, has: unprintable}},
	{"protobuf", isProtobuf, decodeProtobuf, false, sign{min: minProtobuf, has: unprintable}},
	{"framed", isFramed, decodeFramed, false, sign{min: minRun}},
	{"binary-string", isBinaryString, decodeBinaryString, false, sign{has: unprintable}},
	{"uuencode", isUuencode, decodeUuencode, false, sign{has: "\n"}},
	{"yenc", isYEnc, decodeYEnc, false, sign{has: "="}},
	{"utf16", isUTF16, decodeUTF16, false, sign{min: 2 * minWide, has: "\x00\xff"}},
	{"charset", isCharset, decodeCharset, false, sign{has: unprintable}},
	{"html", isHTML, decodeHTML, false, sign{has: "&"}},
	{"escape", isEscape, decodeEscape, false, sign{has: "\\"}},
	{"css-escape", isCSSEscape, decodeCSSEscape, false, sign{has: "\\"}},
	{"encoded-word", isEncodedWord, decodeEncodedWord, false, sign{has: "?"}},
	{"rot", isRot, decodeRot, false, sign{has: ":@9"}},
	{"percent", isPercent, decodePercent, false, sign{has: "%"}},
	{"percent-u", isPercentU, decodePercentU, false, sign{has: "%"}},
	{"hex", isHex, decodeHex, false, sign{min: minRun}},
	{"hex-list", isHexList, decodeHexList, false, sign{min: 5, has: ":- .,x"}},
	{"base64", isBase64, decodeBase64, false, sign{min: minToken}},
	{"base32", isBase32, decodeBase32, false, sign{min: minBase32}},
	{"radix", isRadix, decodeRadix, false, sign{min: minNumber}},
	{"xor", isXOR, decodeXOR, false, sign{min: minGuess}},
}
