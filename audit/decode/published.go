package decode

import (
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"

	"telltale/audit"
)

//go:embed keys.txt
var keysText string

// roles are the words of keys.txt for what a key is used as. All
// of them are known from CBC, so that no other mode need be tried.
var roles = map[string]role{"key": asBlockKey, "iv": asBlockIV, "both": asBlockKey | asBlockIV}

// published returns the keys of keys.txt. A line that cannot be read is left
// out; a test looks for such lines.
var published = sync.OnceValue(func() (list []material) {
	for line := range strings.Lines(keysText) {
		if m, ok := publishedKey(line); ok {
			list = append(list, m)
		}
	}
	return list
})

func publishedKey(line string) (material, bool) {
	fields := strings.Split(strings.TrimSpace(line), "\t")
	if len(fields) != 4 || roles[fields[1]] == 0 || fields[3] == "" {
		return material{}, false
	}
	m := material{label: audit.PublishedKey + fields[0], role: roles[fields[1]]}
	switch form, value, _ := strings.Cut(fields[2], ":"); form {
	case "text":
		m.data = []byte(value)
	case "hex":
		m.data, _ = hex.DecodeString(value)
	}
	return m, len(m.data) > 0
}
