package sensors

import (
	"strconv"
	"strings"
)

// maxName is the length of a name, in characters, all of which are ASCII.
const maxName = 100

// reserved are the names, in lower case, that the server's own columns have.
var reserved = map[string]bool{
	"distinct_id": true, "original_id": true, "time": true, "properties": true, "id": true, "first_id": true,
	"second_id": true, "users": true, "events": true, "event": true, "user_id": true, "date": true, "datetime": true,
}

// IsName reports whether s can name an event, a property, a project or a type
// of item: 1 to 100 letters, digits, _ and $, no digit first, not one of the
// reserved words in any case, and not starting with user_tag or user_group.
func IsName(s string) bool {
	if !isIdentifier(s) {
		return false
	}
	// Of the reserved words none has more than 11 letters.
	if len(s) > 11 || !reserved[strings.ToLower(s)] {
		return !hasPrefixFold(s, "user_tag") && !hasPrefixFold(s, "user_group")
	}
	return false
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= maxName
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// fieldOf names the ith member for a message. What is no identifier may be
// anything, an address too, and is named by its number, from 1.
func fieldOf(parent, name string, i int) string {
	switch {
	case !isIdentifier(name):
		return parent + "[" + strconv.Itoa(i+1) + "]"
	case parent == "":
		return name
	default:
		return parent + "." + name
	}
}

// twice returns a member that stands twice, as a field; "" if none does.
func twice(parent string, v Value) string {
	const few = 40 // up to here comparing is quicker than a map
	if len(v.items) <= few {
		for i, m := range v.items {
			for _, other := range v.items[:i] {
				if m.Name == other.Name {
					return fieldOf(parent, m.Name, i)
				}
			}
		}
		return ""
	}
	seen := make(map[string]bool, len(v.items))
	for i, m := range v.items {
		if seen[m.Name] {
			return fieldOf(parent, m.Name, i)
		}
		seen[m.Name] = true
	}
	return ""
}
