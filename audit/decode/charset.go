package decode

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// A charset is a way to write text from before Unicode. Nothing marks it;
// fits is the strong rule by which it is known.
type charset struct {
	step     string
	encoding encoding.Encoding
	fits     func(data []byte) bool
}

var charsets = []charset{
	{"gbk", simplifiedchinese.GBK, fitsGBK},
	{"shift-jis", japanese.ShiftJIS, fitsShiftJIS},
	{"latin1", charmap.Windows1252, fitsLatin},
	{"ebcdic", charmap.CodePage037, fitsEBCDIC},
}

// minWideChars is how many characters of two bytes must be there.
const minWideChars = 4

// isCharset wants bytes above 127 that are no UTF-8 and no control characters.
func isCharset(in layer) bool {
	high := false
	for _, c := range in.data {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
		high = high || c > 0x7f
	}
	return high && !utf8.Valid(in.data)
}

func decodeCharset(in layer, emit func(part) bool) error {
	for _, c := range charsets {
		if !c.fits(in.data) {
			continue
		}
		if out, err := c.encoding.NewDecoder().Bytes(in.data); err == nil && isText(out) && !bytes.ContainsRune(out, utf8.RuneError) {
			emit(in.whole(c.step, out))
			break
		}
	}
	return nil
}

// fitsGBK wants the characters of GB 2312, most of them of its first level,
// which has the common ones.
func fitsGBK(data []byte) bool {
	chars, common := 0, 0
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c < 0x80 {
			continue
		}
		if i++; i == len(data) || c < 0xa1 || c > 0xf7 || data[i] < 0xa1 || data[i] == 0xff {
			return false
		}
		if chars++; c >= 0xb0 && c <= 0xd7 || c <= 0xa3 {
			common++
		}
	}
	return chars >= minWideChars && 4*common >= 3*chars
}

// fitsShiftJIS wants some kana among the characters of two bytes: no Japanese
// sentence goes without.
func fitsShiftJIS(data []byte) bool {
	chars, kana := 0, 0
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c < 0x80 {
			continue
		}
		if i++; i == len(data) || c > 0xea || c >= 0xa0 && c < 0xe0 || data[i] < 0x40 {
			return false
		}
		if chars++; c == 0x82 && data[i] >= 0x9f || c == 0x83 && data[i] <= 0x96 {
			kana++
		}
	}
	return chars >= minWideChars && 4*kana >= chars
}

// fitsLatin wants some letters above 127 that are few and stand beside ASCII
// letters, none of them a capital after a small one.
func fitsLatin(data []byte) bool {
	high := 0
	for i, c := range data {
		if c < 0x80 {
			continue
		}
		before, after := i > 0 && isAlnum(data[i-1]), i+1 < len(data) && isAlnum(data[i+1])
		capital := c < 0xdf && before && data[i-1] >= 'a'
		if high++; c < 0xc0 || c == 0xd7 || c == 0xf7 || capital || !before && !after {
			return false
		}
	}
	return len(data) >= minGuess && high > 1 && 5*high <= len(data)
}

// ebcdicMarks are "://" and "@" in EBCDIC.
var ebcdicMarks = [][]byte{{0x7a, 0x61, 0x61}, {0x7c}}

// fitsEBCDIC wants an address, in letters that are all above 127.
func fitsEBCDIC(data []byte) bool {
	for _, mark := range ebcdicMarks {
		if !bytes.Contains(data, mark) {
			continue
		}
		out, err := charmap.CodePage037.NewDecoder().Bytes(data)
		return err == nil && telling(out)
	}
	return false
}
