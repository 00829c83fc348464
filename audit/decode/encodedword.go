package decode

import (
	"bytes"
	"io"
	"mime"
)

// isEncodedWord wants the marks of a word that is no ASCII, as the header of a
// mail has them: "=?utf-8?B?aG9uZXk=?=" (RFC 2047).
func isEncodedWord(in layer) bool {
	if len(in.data) < minRun/2 {
		return false
	}
	_, rest, ok := bytes.Cut(in.data, []byte("=?"))
	return ok && bytes.Contains(rest, []byte("?="))
}

// decodeEncodedWord decodes the words and leaves what is between them.
func decodeEncodedWord(in layer, emit func(part) bool) error {
	words := mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		if enc := encodingOf(charset); enc != nil {
			return enc.NewDecoder().Reader(input), nil
		}
		return input, nil
	}}
	out, err := words.DecodeHeader(string(in.data))
	if err == nil && out != string(in.data) {
		emit(in.whole("encoded-word", []byte(out)))
	}
	return nil
}
