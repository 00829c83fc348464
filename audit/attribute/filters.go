package attribute

import (
	"bytes"
	"encoding/json"
	"strings"
)

func isFilters(keys map[string]json.RawMessage) bool { return keys == nil }

// readFilters reads filter rules as EasyPrivacy has them. A rule counts that is
// about a host as a whole, ||host^, for whoever loads from it: options may say
// what kind of request is meant, but not on which sites. All others are about
// paths or pages, make exceptions or hide elements; they are left out.
func readFilters(l *List, data []byte) error {
	title, rules := "tracker", false
	for raw := range bytes.Lines(data) {
		line := strings.TrimSpace(string(raw))
		switch {
		case strings.HasPrefix(line, "[Adblock"):
			rules = true
		case strings.HasPrefix(line, "!"):
			if t, ok := strings.CutPrefix(line, "! Title:"); ok {
				title, rules = flat(t), true
			}
		case line == "":
		default:
			host, ok := hostRule(line)
			if !ok {
				l.left++
				continue
			}
			rules = true
			l.add(host, "", title)
		}
	}
	if !rules {
		return errNoList
	}
	return nil
}

// hostRule returns the host that a rule blocks, whatever is loaded from it.
func hostRule(line string) (host string, ok bool) {
	rest, ok := strings.CutPrefix(line, "||")
	if !ok {
		return "", false
	}
	host, options, ok := strings.Cut(rest, "^")
	if !ok || options != "" && options[0] != '$' || strings.Contains(options, "domain=") || !isHost(host) {
		return "", false
	}
	return host, true
}
