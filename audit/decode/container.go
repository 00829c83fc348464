package decode

// marked reports whether data starts with the mark of a container.
func marked(data []byte) bool {
	in := layer{data: data}
	return isZip(in) || isTar(in) || isBinaryPlist(in) || isAvro(in)
}

// structured reports whether all of data is a message or another container
// that has no mark.
func structured(data []byte) bool {
	if isMessage(data) {
		return true
	}
	in := layer{data: data}
	for _, d := range []decoder{
		{gate: isMultipart, decode: decodeMultipart},
		{gate: isChunked, decode: decodeChunked},
		{gate: isPHP, decode: decodePHP},
		{gate: isBSON, decode: decodeBSON},
		{gate: isGRPC, decode: decodeGRPC},
		{gate: isDER, decode: decodeDER},
		{gate: isThrift, decode: decodeThrift},
		{gate: isThriftCompact, decode: decodeThriftCompact},
		{gate: isCBOR, decode: decodeCBOR},
		{gate: isMessagePack, decode: decodeMessagePack},
	} {
		found := false
		if d.gate(in) && d.decode(in, func(part) bool { found = true; return false }) == nil && found {
			return true
		}
	}
	return false
}
