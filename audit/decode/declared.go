package decode

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// maxCharset is how long the name of a charset may be.
const maxCharset = 40

// isDeclared wants a charset that the sender gave to the exhibit and that
// changes something.
func isDeclared(in layer) bool {
	return in.media != "" && !bytes.Equal(transcode(charsetOf(in.media), in.data), in.data)
}

// decodeDeclared gives the layer in UTF-8. The step is the name of the charset.
func decodeDeclared(in layer, emit func(part) bool) error {
	name := charsetOf(in.media)
	emit(in.whole("charset:"+strings.ToLower(name), transcode(name, in.data)))
	return nil
}

// charsetOf returns the charset of a media type such as "text/xml;
// charset=GBK", nothing if it has none.
func charsetOf(media string) string {
	if _, params, err := mime.ParseMediaType(media); err == nil {
		return params["charset"]
	}
	_, after, ok := strings.Cut(strings.ToLower(media), "charset=")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(after, ";")
	return strings.Trim(name, "\"' ")
}

// transcode returns data in UTF-8. Data that is not in the charset, or whose
// charset is not known, stays as it is.
func transcode(charset string, data []byte) []byte {
	enc := encodingOf(charset)
	if enc == nil {
		return data
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil || len(out) == 0 || bytes.ContainsRune(out, utf8.RuneError) {
		return data
	}
	return out
}

// encodingOf returns the encoding with a name as browsers know it
// (encoding.spec.whatwg.org), or as the registry of IANA does; nil for UTF-8
// and for what neither knows.
func encodingOf(name string) encoding.Encoding {
	if len(name) == 0 || len(name) > maxCharset {
		return nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		if enc, err = ianaindex.IANA.Encoding(name); err != nil || enc == nil {
			return nil
		}
	}
	if canonical, err := htmlindex.Name(enc); err == nil && (canonical == "utf-8" || canonical == "replacement") {
		return nil
	}
	return enc
}
