package detect

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/big"

	"telltale/audit"
)

// A token is a run of digits that may be a digest. Decoding does not believe
// short digits that stand for random bytes: any word would be such. Here they
// are only looked up, so that no layer comes of them.
type token struct {
	sum  []byte
	form string // of the digits
	span audit.Span
}

// The bounds of a token: the digits of eight bytes, and those of 64 with a
// prefix or with separators.
const (
	leastToken   = 11
	longestToken = 192
)

// maxTokens is the size of a layer that is searched for tokens. What has
// further layers is searched in these, unless it may be a token as a whole.
const maxTokens = 16 << 10

// tokens calls hit for each token in a value.
func tokens(v audit.Value, hit func(token)) {
	data := v.Data.Reveal()
	if n := len(data); n < leastToken || n > maxTokens || !v.Leaf && n > longestToken {
		return
	}
	if number, ok := decimalToken(data); ok {
		hit(number)
		return
	}
	for start := 0; start < len(data); {
		end, kinds := start, ^digitKind(0)
		for end < len(data) && digitKinds[data[end]] != 0 {
			kinds &= digitKinds[data[end]]
			end++
		}
		if n := end - start; n >= leastToken && n <= longestToken {
			readToken(data, audit.Span{Start: start, End: end}, kinds, hit)
		}
		start = end + 1
	}
}

// A digitKind is a set of alphabets.
type digitKind byte

const (
	base64Digit  digitKind = 1 << iota // of either alphabet
	hexDigit                           // or a dash
	upper32Digit                       // RFC 4648, section 6
	lower32Digit                       // the same in small letters
)

var digitKinds = func() (kinds [256]digitKind) {
	add := func(digits string, kind digitKind) {
		for i := range len(digits) {
			kinds[digits[i]] |= kind
		}
	}
	const small, capital, decimal = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	add(small+capital+decimal+"+/-_", base64Digit)
	add("abcdefABCDEF"+decimal+"-", hexDigit)
	add(capital+"234567", upper32Digit)
	add(small+"234567", lower32Digit)
	return kinds
}()

// readToken reads a run of digits in each alphabet that has all of them.
func readToken(data []byte, run audit.Span, kinds digitKind, hit func(token)) {
	text := data[run.Start:run.End]
	if kinds&hexDigit != 0 {
		if digits := bytes.ReplaceAll(text, []byte("-"), nil); len(digits) < len(text) && len(digits)%2 == 0 && len(digits) >= 2*gram {
			sum, _ := hex.AppendDecode(nil, digits) // all of them are digits
			hit(token{sum, "dashed", run})
		}
	}
	if kinds&(upper32Digit|lower32Digit) != 0 {
		if sum, err := base32.StdEncoding.WithPadding(base32.NoPadding).AppendDecode(nil, bytes.ToUpper(text)); err == nil && len(sum) >= gram {
			hit(token{sum, "base32", run})
		}
	}
	if kinds&hexDigit != 0 && len(text)%2 == 0 {
		return // of hexadecimal digits, decoding makes a layer
	}
	// A word may stand before the digits, such as in "sha256-47DEQ…".
	for range maxWords {
		if sum, ok := fromBase64(data[run.Start:run.End]); ok {
			hit(token{sum, "base64", run})
		}
		i := bytes.IndexAny(data[run.Start:run.End], "-_/")
		if i < 0 || run.Len()-i-1 < leastToken {
			return
		}
		run.Start += i + 1
	}
}

// maxWords is how many starts of a token are tried.
const maxWords = 4

var toStandard = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
	}
	table['-'], table['_'] = '+', '/'
	return table
}()

// fromBase64 decodes digits of either alphabet without padding.
func fromBase64(digits []byte) ([]byte, bool) {
	var standard [longestToken]byte
	for i, c := range digits {
		standard[i] = toStandard[c]
	}
	sum, err := base64.RawStdEncoding.AppendDecode(nil, standard[:len(digits)])
	return sum, err == nil && len(sum) >= gram
}

// digestSizes are those of digests that are written as one number.
var digestSizes = []int{8, 16, 20, 28, 32, 48, 64}

// leastDecimal is the length from which a decimal number may be a digest: of
// 64 random bits, one in a thousand is shorter. The longest has 512 bits.
const leastDecimal, longestDecimal = 17, 156

// decimalToken reads a value that is a number, with or without a sign, as a
// digest of as many bytes as it needs.
func decimalToken(data []byte) (token, bool) {
	if len(data) < leastDecimal || len(data) > longestDecimal || len(bytes.Trim(data[1:], "0123456789")) > 0 {
		return token{}, false
	}
	number, ok := new(big.Int).SetString(string(data), 10)
	if !ok {
		return token{}, false
	}
	bits := number.BitLen()
	if number.Sign() < 0 {
		bits = new(big.Int).Not(number).BitLen() + 1
	}
	for _, size := range digestSizes {
		if bits > 8*size {
			continue
		}
		if number.Sign() < 0 { // in two's complement
			number.Add(number, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
		}
		return token{number.FillBytes(make([]byte, size)), "decimal", audit.Span{End: len(data)}}, true
	}
	return token{}, false
}

// tokens returns the matches of the digests in a value that stand there in
// digits.
func (s *Seeds) tokens(v audit.Value) []Match {
	if s.images.len() == 0 {
		return nil
	}
	var found []Match
	tokens(v, func(t token) {
		s.images.at(t.sum, func(i int) {
			m := s.digest(i, t.sum, 0)
			if t.form == "decimal" && m.Span.Len() < len(t.sum) {
				return // a number is not cut
			}
			m.Form, m.Span = t.form+" "+m.Form, t.span
			found = append(found, m)
		})
	})
	return found
}
