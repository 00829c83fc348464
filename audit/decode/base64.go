package decode

import (
	"bytes"
	"unicode/utf8"

	"telltale/audit"
)

// sextets maps the digits of the standard and of the URL alphabet.
var sextets = digitTable(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
)

const (
	minToken  = 11   // base64 digits of 8 bytes
	minBinary = 24   // digits that must be there before binary bytes are believed
	minLine   = 60   // length of a line of wrapped base64; PEM has 64, MIME 76
	headSize  = 4096 // digits by which a run is judged
)

func isBase64(in layer) bool {
	if !bothCases(in.data) {
		return false
	}
	if isToken(in.data) {
		return true
	}
	for run := range runs(in.data, sextets) {
		if bothCases(in.data[run.Start:run.End]) {
			return true
		}
	}
	return false
}

// isToken reports whether all of data could be base64 in which a proxy or an
// old client has turned "+" into a space.
func isToken(data []byte) bool {
	for _, c := range trimPadding(data) {
		if sextets[c] == noDigit && c != ' ' {
			return false
		}
	}
	return len(data) >= minToken
}

func trimPadding(data []byte) []byte {
	for range 2 {
		data = bytes.TrimSuffix(data, []byte("="))
	}
	return data
}

// decodeBase64 decodes the layer if all of it is a token that reads well, or
// else each run of digits in it. Any word is base64 of something; what counts
// is decided by [believe].
func decodeBase64(in layer, emit func(part) bool) error {
	token, level := readToken(in.data)
	if level >= mostly {
		emit(in.whole("base64", token))
		return nil
	}
	found, best := readRuns(in.data)
	if level > best {
		emit(in.whole("base64", token))
		return nil
	}
	for _, r := range found {
		if !emit(part{"base64", fromBase64(in.data[r.Start:r.End]), padded(in.data, r)}) {
			break
		}
	}
	return nil
}

// readToken decodes data that is too short to be a run, or that has spaces for
// plus signs. Prose has more spaces than the one in 64 that base64 has plus
// signs.
func readToken(data []byte) (out []byte, level belief) {
	spaces := bytes.Count(data, []byte(" "))
	if !isToken(data) || len(trimPadding(data)) >= minRun && spaces == 0 {
		return nil, unlikely
	}
	text := bytes.ReplaceAll(trimPadding(data), []byte(" "), []byte("+"))
	if spaces > len(text)/16 && !promisingDigits(text) { // as prose is
		return nil, unlikely
	}
	level = believe(text, 0)
	switch {
	case len(text) < minRun && level < readable:
		return nil, unlikely
	case level < mostly && spaces > len(text)/16:
		return nil, unlikely
	}
	return fromBase64(text), level
}

// readRuns returns the ranges that are worth decoding, and the best belief.
func readRuns(data []byte) (found []audit.Span, best belief) {
	end := 0
	for run := range runs(data, sextets) {
		if run.Start < end {
			continue // a further line
		}
		run = wrapped(data, run)
		end = run.End
		ranges, level := readings(data, run)
		found = append(found, ranges...)
		best = max(best, level)
	}
	return found, best
}

// wrapped extends a run over line ends, if its lines are as long as those of
// wrapped base64.
func wrapped(data []byte, run audit.Span) audit.Span {
	for line := run.Len(); line >= minLine; {
		next := run.End
		for next < len(data) && next < run.End+2 && (data[next] == '\r' || data[next] == '\n') {
			next++
		}
		start := next
		for next < len(data) && sextets[data[next]] != noDigit {
			next++
		}
		if next == start || start == run.End {
			break
		}
		line, run.End = next-start, next
	}
	return run
}

// padded extends the range of a reading over the padding.
func padded(data []byte, r audit.Span) audit.Span {
	for n := 0; n < 2 && r.End < len(data) && data[r.End] == '='; n++ {
		r.End++
	}
	return r
}

// readings returns the ranges of a run that are worth decoding. A run may have
// swallowed neighbours: the segments of a path, a word and a dash. Then a part
// of it may read better than all of it, and both are given, the better first.
func readings(data []byte, run audit.Span) (found []audit.Span, level belief) {
	if !bothCases(data[run.Start:run.End]) {
		return nil, unlikely
	}
	all, level := bestPhase(data, run)
	if level == readable {
		return []audit.Span{all}, level
	}
	for _, separators := range []string{"/+", "-_"} {
		if found = pieces(data, run, separators); found != nil {
			break
		}
	}
	switch {
	case found == nil && level == unlikely:
		return nil, unlikely
	case found == nil:
		return []audit.Span{all}, level
	case level > unlikely:
		found = append(found, all)
	}
	return found, readable
}

// pieces returns the readable ranges of a run between separators.
func pieces(data []byte, run audit.Span, separators string) (found []audit.Span) {
	text := data[run.Start:run.End]
	if !bytes.ContainsAny(text, separators) {
		return nil
	}
	for start := 0; start < len(text); {
		end := len(text)
		if i := bytes.IndexAny(text[start:], separators); i >= 0 {
			end = start + i
		}
		if end-start >= minRun {
			best, level := bestPhase(data, audit.Span{Start: run.Start + start, End: run.Start + end})
			if level == readable {
				found = append(found, best)
			}
		}
		start = end + 1
	}
	return found
}

// bestPhase tries the four ways in which digits before the start of the base64
// may have shifted it.
func bestPhase(data []byte, run audit.Span) (best audit.Span, level belief) {
	for phase := range 4 {
		r := audit.Span{Start: run.Start + phase, End: run.End}
		if b := believe(data[r.Start:r.End], phase); b > level {
			best, level = r, b
		}
		if level == readable {
			break
		}
	}
	return best, level
}

// A belief says how likely it is that a run is base64.
type belief int

const (
	unlikely belief = iota
	random          // binary, but the digits are as mixed as those of base64
	mostly          // nearly all text
	message         // a protocol buffer or another container
	readable        // text or compressed
)

// believe judges a run by its first digits. Binary bytes are believed only
// where the run starts, for want of any other sign that it starts elsewhere.
func believe(text []byte, phase int) belief {
	head := text[:min(len(text), headSize)]
	if phase > 0 && !promisingDigits(head) {
		return unlikely
	}
	out := fromBase64(head)
	switch {
	case len(out) < 8:
		return unlikely
	case isText(out) || compressed(out) && inflatable(out) || marked(out) || isWrapped(out):
		return readable
	case phase == 0 && len(text) >= minBinary && structured(fromBase64(text)):
		return message
	case isMostlyText(out):
		return mostly
	case phase == 0 && len(text) >= minBinary && mixed(head):
		return random
	default:
		return unlikely
	}
}

// promisingDigits reports whether the first of the bytes that digits stand for
// may be text, or the start of something known. Random bytes are half text or
// have no control character in one case out of six.
func promisingDigits(digits []byte) bool {
	var first [24]byte
	out := appendBase64(first[:0], digits[:min(len(digits), len(first)*4/3)])
	text, control := 0, 0
	for _, c := range out {
		switch {
		case asciiText[c]:
			text++
		case c < utf8.RuneSelf:
			control++
		}
	}
	return 2*text >= len(out) || control == 0 || compressed(out) || marked(out) || hasWideMark(out)
}

// bothCases reports whether there are capital and small letters. Base64 of
// anything has both; most words, names and hexadecimal digits have not.
func bothCases(text []byte) bool {
	var capital, small bool
	for _, c := range text {
		capital = capital || 'A' <= c && c <= 'Z'
		if small = small || 'a' <= c && c <= 'z'; small && capital {
			return true
		}
	}
	return false
}

// mixed reports whether digits have the classes of characters in about the
// shares that base64 of anything has: 26, 26 and 10 of 64. Names, words and
// hexadecimal digits have not.
func mixed(text []byte) bool {
	var upper, lower, digit int
	for _, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			upper++
		case 'a' <= c && c <= 'z':
			lower++
		case '0' <= c && c <= '9':
			digit++
		}
	}
	return min(upper, lower) > len(text)/8 && digit > len(text)/32
}

// fromBase64 decodes digits of either alphabet and skips anything else. Bits
// that fill no byte are dropped.
func fromBase64(digits []byte) []byte {
	return appendBase64(make([]byte, 0, len(digits)*3/4), digits)
}

func appendBase64(out, digits []byte) []byte {
	var bits uint32
	n := 0
	for _, c := range digits {
		v := sextets[c]
		if v == noDigit {
			continue
		}
		bits = bits<<6 | uint32(v)
		if n += 6; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n)) //nolint:gosec // the low byte is meant
		}
	}
	return out
}
