package personal

import (
	_ "embed"
	"sync"
)

// names.txt says which names of fields mean which form.
//
//go:embed names.txt
var namesText string

// meaning maps a plain name to the forms that it means, as places in forms.
var meaning = sync.OnceValue(func() map[string][]uint8 {
	byName := make(map[string]uint8, len(forms))
	for i, f := range forms {
		byName[f.Name] = uint8(i)
	}
	table := make(map[string][]uint8)
	for r := range rows(namesText, 3) {
		if i, ok := byName[r[1]]; ok {
			table[r[0]] = append(table[r[0]], i)
		}
	}
	return table
})

// maxName is the length up to which the name of a field is looked at.
const maxName = 64

// meant returns the forms that a field of that name should have. Capitals and
// what is no letter and no digit do not count: android_id is AndroidId is
// $android-id.
func meant(field string) []uint8 {
	if field == "" || len(field) > maxName {
		return nil
	}
	var buf [maxName]byte
	n := 0
	for i := range len(field) {
		c := field[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case !isLower(c) && !isDigit(c):
			continue
		}
		buf[n] = c
		n++
	}
	return meaning()[string(buf[:n])]
}
