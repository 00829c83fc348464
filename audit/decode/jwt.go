package decode

import (
	"bytes"
	"errors"

	"telltale/audit"
)

// A token has three segments, or five if it is encrypted (RFC 7515 and 7516).
const (
	signedSegments    = 3
	encryptedSegments = 5
)

// isJWT reports whether the layer is a token, perhaps behind the name of a
// scheme as in "Bearer eyJ…": its header is JSON and therefore starts with
// these digits.
func isJWT(in layer) bool {
	return len(in.data) > minRun && bytes.HasPrefix(jwt(in.data).data, []byte("eyJ"))
}

// jwt returns the token of a layer.
func jwt(data []byte) piece {
	start := 0
	if i := bytes.IndexByte(data[:min(len(data), minRun)], ' '); i >= 0 {
		start = i + 1
	}
	return piece{data[start:], audit.Span{Start: start, End: len(data)}}
}

// jweCiphertext is the step to the content of an encrypted token.
const jweCiphertext = "jwe:ciphertext"

var errEncrypted = errors.New("the content is encrypted; it is not read")

// decodeJWT gives the header and the payload. A signature says nothing, unless
// somebody wrote text there. The content of an encrypted token is given as it
// is; what is too short to look opaque is an error.
func decodeJWT(in layer, emit func(part) bool) error {
	segments := jwtSegments(jwt(in.data))
	switch len(segments) {
	case signedSegments:
		ok := emitSegment("jwt:header", segments[0], emit) && emitSegment("jwt:payload", segments[1], emit)
		if ok && isText(fromBase64(segments[2].data)) {
			emitSegment("jwt:signature", segments[2], emit)
		}
	case encryptedSegments:
		if emitSegment("jwe:header", segments[0], emit) {
			emitSegment(jweCiphertext, segments[3], emit)
		}
		if len(fromBase64(segments[3].data)) < minOpaque {
			return errEncrypted
		}
	}
	return nil
}

// jwtSegments splits a token, none if it is no token.
func jwtSegments(token piece) (segments []piece) {
	for seg := range split(token.data, '.') {
		for _, c := range seg.data {
			if sextets[c] == noDigit {
				return nil
			}
		}
		if segments = append(segments, piece{seg.data, token.within(seg.span)}); len(segments) > encryptedSegments {
			return nil
		}
	}
	return segments
}

func emitSegment(step string, p piece, emit func(part) bool) bool {
	return emit(part{step, fromBase64(p.data), p.span})
}
