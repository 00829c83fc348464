package attribute

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// exodusTracker is one entry of the list of Exodus Privacy. The list says
// which tracker, not which company.
type exodusTracker struct {
	Name       string            `json:"name"`
	Network    string            `json:"network_signature"` // regular expressions with | between
	Categories []json.RawMessage `json:"categories"`        // words, or objects with a name
}

func isExodus(keys map[string]json.RawMessage) bool {
	return keys["trackers"] != nil && strings.Contains(string(keys["trackers"]), `"network_signature"`)
}

// readExodus reads the answer of the interface of Exodus, an object of trackers
// by number, and the export of its tracker database, a list of them.
func readExodus(l *List, data []byte) error {
	var file struct {
		Trackers json.RawMessage `json:"trackers"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return err
	}
	var trackers []exodusTracker
	if err := json.Unmarshal(file.Trackers, &trackers); err != nil {
		var byNumber map[string]exodusTracker
		if err := json.Unmarshal(file.Trackers, &byNumber); err != nil {
			return fmt.Errorf("trackers: %w", err)
		}
		trackers = nil
		for _, number := range slices.Sorted(maps.Keys(byNumber)) {
			trackers = append(trackers, byNumber[number])
		}
	}
	for _, t := range trackers {
		var categories []string
		for _, c := range t.Categories {
			categories = append(categories, exodusCategory(c))
		}
		for signature := range strings.SplitSeq(t.Network, "|") {
			// What is a regular expression beyond its escaped dots is no name.
			if signature = strings.TrimSpace(signature); signature != "" && signature != "NC" {
				l.add(strings.ReplaceAll(signature, `\.`, "."), t.Name, categories...)
			}
		}
	}
	return nil
}

func exodusCategory(raw json.RawMessage) string {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return word
	}
	var object struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(raw, &object) // without a name it has no category
	return object.Name
}
