package attribute

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// radarOwner is who a domain of Tracker Radar belongs to.
type radarOwner struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// radarDomain is the file of a domain, or an entry of the block list.
type radarDomain struct {
	Domain     string     `json:"domain"`
	Owner      radarOwner `json:"owner"`
	Categories []string   `json:"categories"`
}

// radarEntity is the file of an entity, or an entry of one of the maps: in
// entity_map.json an entity by its name, in domain_map.json one by its domain.
type radarEntity struct {
	radarOwner
	Properties []string `json:"properties"`
	EntityName string   `json:"entityName"`
}

func (o radarOwner) called() string { return cmp.Or(o.DisplayName, o.Name) }

func isRadar(keys map[string]json.RawMessage) bool { return keys != nil }

func readRadar(l *List, data []byte) error {
	var one struct {
		radarDomain
		radarEntity
		Trackers map[string]radarDomain `json:"trackers"`
	}
	// Of a map of entities the keys are domains or names, and none of these.
	if err := json.Unmarshal(data, &one); err == nil {
		switch {
		case len(one.Trackers) > 0:
			for _, name := range slices.Sorted(maps.Keys(one.Trackers)) {
				d := one.Trackers[name]
				l.add(cmp.Or(d.Domain, name), d.Owner.called(), d.Categories...)
			}
			return nil
		case one.Domain != "":
			l.add(one.Domain, one.Owner.called(), one.Categories...)
			return nil
		case len(one.Properties) > 0:
			for _, d := range one.Properties {
				l.add(d, one.called())
			}
			return nil
		}
	}
	var entities map[string]radarEntity
	if err := json.Unmarshal(data, &entities); err != nil {
		return fmt.Errorf("%w (as a map of entities: %w)", errNoList, err)
	}
	for _, key := range slices.Sorted(maps.Keys(entities)) {
		e := entities[key]
		if e.EntityName != "" {
			l.add(key, cmp.Or(e.DisplayName, e.EntityName))
		}
		for _, d := range e.Properties {
			l.add(d, cmp.Or(e.DisplayName, key))
		}
	}
	if len(l.entries) == 0 { // some other object
		return errNoList
	}
	return nil
}
