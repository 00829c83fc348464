package decode

import "testing"

func FuzzLZW(f *testing.F) { fuzzPacked(f, "lzw") }

// compressZ is compress(1) in block mode, which never clears the table.
func compressZ(data []byte, most int) []byte {
	out := []byte{0x1f, 0x9d, byte(0x80 | most)}
	if len(data) == 0 {
		return out
	}
	table := make(map[string]int)
	for c := range 256 {
		table[string([]byte{byte(c)})] = c
	}
	width, next, group, pending, count := minLZWBits, 257, 0, uint64(0), 0
	flush := func(all bool) {
		for ; count >= 8 || all && count > 0; count -= 8 {
			out, pending = append(out, byte(pending)), pending>>8
		}
		count = max(count, 0)
	}
	write := func(code int) {
		pending |= uint64(code) << count
		count += width
		flush(false)
		group = (group + 1) % 8
	}
	known := ""
	for _, c := range data {
		longer := known + string([]byte{c})
		if _, ok := table[longer]; ok {
			known = longer
			continue
		}
		write(table[known])
		if next < 1<<most {
			table[longer] = next
			next++
		}
		// The reader has its string a code later: it widens when this writer
		// has one more than fits.
		if next > 1<<width && width < most {
			for group != 0 {
				write(0)
			}
			width++
		}
		known = string([]byte{c})
	}
	write(table[known])
	flush(true)
	return out
}

func encodeLZW(data []byte) []byte { return compressZ(data, 12) }
