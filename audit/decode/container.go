package decode

// marked reports whether data starts with the mark of a container.
func marked(data []byte) bool {
	in := layer{data: data}
	return isZip(in) || isTar(in) || isBinaryPlist(in) || isAvro(in) || isJavaSerial(in)
}

// containers are those that have no mark, or a weak one, except protocol
// buffers.
var containers = []decoder{
	{gate: isMultipart, decode: decodeMultipart},
	{gate: isChunked, decode: decodeChunked},
	{gate: isRawMessage, decode: decodeRawMessage},
	{gate: isPHP, decode: decodePHP},
	{gate: isBSON, decode: decodeBSON},
	{gate: isGRPC, decode: decodeGRPC},
	{gate: isHPACK, decode: decodeHPACK},
	{gate: isDER, decode: decodeDER},
	{gate: isPickle, decode: decodePickle},
	{gate: isMQTT, decode: decodeMQTT},
	{gate: isDNS, decode: decodeDNS},
	{gate: isThrift, decode: decodeThrift},
	{gate: isThriftCompact, decode: decodeThriftCompact},
	{gate: isCBOR, decode: decodeCBOR},
	{gate: isMessagePack, decode: decodeMessagePack},
	{gate: isTARS, decode: decodeTARS},
}

// structured reports whether all of data is a message or another container
// that has no mark.
func structured(data []byte) bool {
	if isMessage(data) {
		return true
	}
	in := layer{data: data, room: maxProof}
	for _, d := range containers {
		found := false
		if d.gate(in) && d.decode(in, func(part) bool { found = true; return false }) == nil && found {
			return true
		}
	}
	return false
}

// sequence reads one value, or several that follow each other, each of the
// latter under its number. The first run, which hands nothing out, counts them.
func sequence(starts func(byte) bool, value func(*walker) error) func(*walker) error {
	values := 0
	return func(w *walker) error {
		if values > 1 {
			return w.items(uint64(values), func() error { return value(w) })
		}
		for values = 0; values == 0 || w.left() > 0; values++ {
			if values > 0 && !starts(w.data[w.pos]) {
				return errForeign
			}
			if err := value(w); err != nil {
				return err
			}
		}
		return nil
	}
}
