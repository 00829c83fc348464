package decode

import "testing"

// Groups have separators, so that the digits alone may be too few for base32.
func TestGroupsOfFewDigits(t *testing.T) {
	for _, text := range []string{"ABCDE-FGHIJ-KLMNO-PQRST-U", "ABCDEFG ABCDEFG ABCDEFG="} {
		in := layer{data: []byte(text)}
		if !isGrouped(in) {
			t.Errorf("%q are no groups", text)
		}
		err := decodeGrouped(in, func(p part) bool {
			t.Errorf("%q gives %q", text, p.data)
			return true
		})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
