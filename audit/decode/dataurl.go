package decode

import (
	"bytes"
	"strings"

	"telltale/audit"
)

// isDataURL reports whether the layer is an address that is its own content
// (RFC 2397).
func isDataURL(in layer) bool {
	if len(in.data) == 0 || in.data[0]|0x20 != 'd' {
		return false
	}
	_, _, ok := cutDataURL(in.data)
	return ok
}

// cutDataURL returns the media type with its parameters, and the content.
func cutDataURL(data []byte) (media, content []byte, ok bool) {
	const scheme = "data:"
	if len(data) <= len(scheme) || !strings.EqualFold(string(data[:len(scheme)]), scheme) {
		return nil, nil, false
	}
	head := data[len(scheme):]
	comma := bytes.IndexByte(head[:min(len(head), 2*maxName)], ',')
	if comma < 0 {
		return nil, nil, false
	}
	media, content = head[:comma], head[comma+1:]
	for _, c := range media {
		if !mediaTypes[c] {
			return nil, nil, false
		}
	}
	return media, content, len(media) == 0 || bytes.ContainsAny(media, "/;")
}

var mediaTypes = byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/;=-+._%\"'")

// decodeDataURL takes the percent encoding, the base64 and the charset off. The media type
// is "data-type", as anything may stand in its parameters.
func decodeDataURL(in layer, emit func(part) bool) error {
	media, content, _ := cutDataURL(in.data)
	span := audit.Span{Start: len(in.data) - len(content), End: len(in.data)}
	out := unescape(content, false)
	if strings.HasSuffix(strings.ToLower(string(media)), ";base64") {
		out = fromBase64(out)
	}
	out = transcode(charsetOf(string(media)), out)
	mediaSpan := audit.Span{Start: span.Start - 1 - len(media), End: span.Start - 1}
	if emit(part{"data", out, span}) {
		emit(part{"data-type", media, mediaSpan})
	}
	return nil
}
