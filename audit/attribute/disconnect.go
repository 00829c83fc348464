package attribute

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

func isDisconnect(keys map[string]json.RawMessage) bool {
	return len(keys["categories"]) > 0 && keys["categories"][0] == '{'
}

// readDisconnect reads services.json: category, list of companies, each an
// object of its site and the list of its domains. Beside sites a company has
// remarks, whose values are words; they are passed over.
func readDisconnect(l *List, data []byte) error {
	var file struct {
		Categories map[string][]map[string]map[string]json.RawMessage `json:"categories"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return fmt.Errorf("categories: %w", err)
	}
	for _, category := range slices.Sorted(maps.Keys(file.Categories)) {
		for _, companies := range file.Categories[category] {
			for _, company := range slices.Sorted(maps.Keys(companies)) {
				for _, site := range slices.Sorted(maps.Keys(companies[company])) {
					var domains []string
					if json.Unmarshal(companies[company][site], &domains) != nil {
						continue
					}
					for _, d := range domains {
						l.add(d, company, category)
					}
				}
			}
		}
	}
	return nil
}
