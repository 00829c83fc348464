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
	lock  lock // what may open it
	cribs *Cribs
	// asked is the step that a trail has below the layer, when it is replayed:
	// it may say what was found with more than the layer, such as a key.
	asked string
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
	// keyed says that the layer alone does not decide: it depends on the keys
	// that stand near it.
	keyed bool
}

// decoders is in the order in which the decoders are tried: first those that
// name the fields of a layer, then those that undo an encoding of it. All of
// the latter are tried, because hexadecimal digits are base64 too.
var decoders = []decoder{
	{"header", isHeader, decodeHeader, true, sign{}, false},
	{"cookie", isCookie, decodeCookie, true, sign{}, false},
	{"authorization", isBasic, decodeBasic, true, sign{}, false},
	{"declared", isDeclared, decodeDeclared, true, sign{}, false},
	{"sensors-id", isSensorsID, decodeSensorsID, true, sign{min: minSensorsID, has: "-"}, false},
	// What guesses stands before the names that it could be mistaken for.
	{"idna", isIDNA, decodeIDNA, false, sign{min: 6, has: "-"}, false},
	{"quoted-printable", isQuoted, decodeQuoted, false, sign{has: "="}, false},
	{"utf7", isUTF7, decodeUTF7, false, sign{has: "+"}, false},
	{"reversed", isReversed, decodeReversed, false, sign{min: minRun}, false},
	{"codes", isCodes, decodeCodes, false, sign{min: minRun, has: "0123456789"}, false},
	{"codepoints", isCodePoints, decodeCodePoints, false, sign{has: "+"}, false},
	{"bits", isBits, decodeBits, false, sign{min: minBits, has: "01"}, false},
	{"characters", isCharacters, decodeCharacters, false, sign{has: "["}, false},
	{"indexed", isIndexed, decodeIndexed, false, sign{min: minRun, has: "{"}, false},
	{"joined", isGrouped, decodeGrouped, false, sign{min: minBase32}, false},
	{"words", isWords, decodeWords, false, sign{min: minWord, has: " "}, false},
	{"delimited", isDelimited, decodeDelimited, false, sign{min: minRun + 1, has: delimiters}, false},
	{"packed", isPacked, decodePacked, false, sign{min: minGuess, has: "\x01"}, false},
	{"base45", isBase45, decodeBase45, false, sign{min: minBase45}, false},
	{"base85", isBase85, decodeBase85, false, sign{min: 5, has: punctuation}, false},
	{"base91", isBase91, decodeBase91, false, sign{min: minDense, has: punctuation}, false},
	{"websocket", isWebSocket, decodeWebSocket, true, sign{}, false},
	{"http2", isHTTP2, decodeHTTP2, true, sign{min: len(http2Preface), first: "P"}, false},
	{"message", isRawMessage, decodeRawMessage, true, sign{min: minRun, has: "\n"}, false},
	{"labels", isLabels, decodeLabels, false, sign{has: "."}, false},
	{"url", isURL, decodeURL, true, sign{min: 4, first: "hHwW/?"}, false},
	{"data", isDataURL, decodeDataURL, true, sign{min: 5, first: "dD"}, false},
	{"jwt", isJWT, decodeJWT, true, sign{min: minRun, has: "."}, false},
	{"json", isJSON, decodeJSON, true, sign{min: 2, first: jsonSpace + "{[\"\x1e\xef"}, false},
	{"xml", isXML, decodeXML, true, sign{min: 4, first: jsonSpace + "<\xef"}, false},
	{"multipart", isMultipart, decodeMultipart, true, sign{min: 4, first: "-"}, false},
	{"chunked", isChunked, decodeChunked, true, sign{min: 5, has: "\n"}, false},
	{"zip", isZip, decodeZip, true, sign{first: "P"}, false},
	{"tar", isTar, decodeTar, true, sign{min: tarMagic}, false},
	{"plist", isBinaryPlist, decodeBinaryPlist, true, sign{first: "b"}, false},
	{"avro", isAvro, decodeAvro, true, sign{first: "O"}, false},
	{"java", isJavaSerial, decodeJavaSerial, true, sign{first: "\xac"}, false},
	{"bson", isBSON, decodeBSON, true, sign{min: 6}, false},
	{"php", isPHP, decodePHP, true, sign{min: 6, has: ":"}, false},
	{"sse", isEventStream, decodeEventStream, true, sign{has: "\n"}, false},
	{"properties", isProperties, decodeProperties, true, sign{has: "\n"}, false},
	{"pairs", isPairs, decodeNamedPairs, true, sign{has: "="}, false},
	{"form", isForm, decodeForm, true, sign{min: 2, has: "="}, false},
	{"json-in", isJSONInText, decodeJSONInText, false, sign{has: "{["}, false},
	{"gzip", isGzip, decodeGzip, false, sign{min: 19, first: "\x1f"}, false},
	{"zlib", isZlib, decodeZlib, false, sign{min: 7, first: "\x78"}, false},
	{"zstd", isZstd, decodeZstd, true, sign{min: 5, first: "\x28" + skipped, has: "\xb5"}, false},
	{"lz4", isLZ4, decodeLZ4, true, sign{min: 5, first: "\x04\x02" + skipped, has: "\x18"}, false},
	{"snappy", isSnappy, decodeSnappy, true, sign{first: "\xff"}, false},
	{"bzip2", isBzip2, decodeBzip2, true, sign{first: "B"}, false},
	{"xz", isXz, decodeXz, true, sign{first: "\xfd"}, false},
	{"lzma", isLZMA, decodeLZMA, true, sign{min: lzmaHeader, has: "\x00"}, false},
	{"lzw", isLZW, decodeLZW, true, sign{min: 5, first: "\x1f"}, false},
	{"frames", isFrames, decodeFrames, true, sign{min: minUnmarked, first: "\x01\x02\x41\x42\x81\x82\xc1\xc2"}, false},
	{"hpack", isHPACK, decodeHPACK, true, sign{min: minHPACK, first: hpackFirst}, false},
	// What a key opens is nothing else, though chance reads it in other ways.
	{"sealed", isSealed, decodeSealed, true, sign{min: minSealed, has: unprintable}, true},
	{"sealed-digits", isSealedDigits, decodeSealedDigits, true, sign{min: 22}, true},
	{"snappy-block", snappyBlockStream.gate, snappyBlockStream.decode, true, sign{min: minUnmarked, has: unprintable}, false},
	{"deflate", deflateStream.gate, deflateStream.decode, true, sign{min: minUnmarked, has: unprintable}, false},
	{"brotli", brotliStream.gate, brotliStream.decode, true, sign{min: minUnmarked, has: unprintable}, false},
	{"lz-string", isLZString, decodeLZString, true, sign{min: minLZString}, false},
	{"grpc", isGRPC, decodeGRPC, true, sign{min: grpcPrefix, first: "\x00\x01\x80\x81"}, false},
	{"der", isDER, decodeDER, true, sign{min: minRun / 2, first: "\x30", has: unprintable}, false},
	{"pickle", isPickle, decodePickle, true, sign{min: minRun / 2, has: "."}, false},
	{"mqtt", isMQTT, decodeMQTT, true, sign{min: minRun / 2}, false},
	{"dns", isDNS, decodeDNS, true, sign{min: dnsHeader + 5, has: "\x00"}, false},
	{"thrift", isThrift, decodeThrift, true, sign{min: minRun / 2, has: "\x00\x80"}, false},
	{"thrift-compact", isThriftCompact, decodeThriftCompact, true, sign{min: minRun / 2, has: "\x00\x82"}, false},
	{"cbor", isCBOR, decodeCBOR, true, sign{min: minRun / 4, has: unprintable}, false},
	{"msgpack", isMessagePack, decodeMessagePack, true, sign{min: minRun / 4, has: unprintable}, false},
	{"tars", isTARS, decodeTARS, true, sign{min: minRun / 2, has: unprintable}, false},
	{"protobuf", isProtobuf, decodeProtobuf, false, sign{min: minProtobuf, has: unprintable}, false},
	{"framed", isFramed, decodeFramed, false, sign{min: minRun}, false},
	{"binary-string", isBinaryString, decodeBinaryString, false, sign{has: unprintable}, false},
	{"uuencode", isUuencode, decodeUuencode, false, sign{has: "\n"}, false},
	{"yenc", isYEnc, decodeYEnc, false, sign{has: "="}, false},
	{"utf16", isUTF16, decodeUTF16, false, sign{min: 2 * minWide, has: "\x00\xff"}, false},
	{"charset", isCharset, decodeCharset, false, sign{has: unprintable}, false},
	{"html", isHTML, decodeHTML, false, sign{has: "&"}, false},
	{"escape", isEscape, decodeEscape, false, sign{has: "\\"}, false},
	{"css-escape", isCSSEscape, decodeCSSEscape, false, sign{has: "\\"}, false},
	{"encoded-word", isEncodedWord, decodeEncodedWord, false, sign{has: "?"}, false},
	{"rot", isRot, decodeRot, false, sign{has: ":@9"}, false},
	{"percent", isPercent, decodePercent, false, sign{has: "%"}, false},
	{"percent-u", isPercentU, decodePercentU, false, sign{has: "%"}, false},
	{"hex", isHex, decodeHex, false, sign{min: minRun}, false},
	{"hex-list", isHexList, decodeHexList, false, sign{min: 5, has: ":- .,x"}, false},
	{"base64", isBase64, decodeBase64, false, sign{min: minToken}, false},
	{"base32", isBase32, decodeBase32, false, sign{min: minBase32}, false},
	{"radix", isRadix, decodeRadix, false, sign{min: minNumber}, false},
	{"xor", isXOR, decodeXOR, false, sign{min: minGuess}, false},
}
