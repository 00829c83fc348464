package ingest

import (
	"slices"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/sensors"
)

// A conversion returns the value as a type of the plan has it; ok is false if
// it has another type.
type conversion struct {
	rule string
	to   func(sensors.Value) (v collect.Value, ok bool)
}

var conversions = map[claims.PropertyType]conversion{
	claims.StringType:  {"must be a string", toString},
	claims.NumberType:  {"must be a number", toNumber},
	claims.BoolType:    {"must be a boolean", toBool},
	claims.DateType:    {"must be a date: YYYY-MM-DD, perhaps with HH:MM:SS", toDate},
	claims.StringsType: {"must be a list of strings", toStrings},
}

// typed returns a value as the plan has it, or the rule that it breaks.
func typed(p claims.Property, v sensors.Value) (out collect.Value, rule string) {
	c := conversions[p.Type]
	out, ok := c.to(v)
	if !ok {
		return collect.Value{}, c.rule
	}
	out.Type = p.Type
	if len(p.Values) > 0 && !allowed(p.Values, out) {
		return collect.Value{}, "must be one of the values that the tracking plan has"
	}
	return out, ""
}

func allowed(values []string, v collect.Value) bool {
	if v.Type != claims.StringsType {
		return slices.Contains(values, v.Text)
	}
	return !slices.ContainsFunc(v.List, func(s string) bool { return !slices.Contains(values, s) })
}

func toString(v sensors.Value) (collect.Value, bool) {
	return collect.Value{Text: v.Text()}, v.Kind() == sensors.String
}

func toNumber(v sensors.Value) (collect.Value, bool) {
	return collect.Value{Text: v.Text()}, v.Kind() == sensors.Number
}

func toBool(v sensors.Value) (collect.Value, bool) {
	return collect.Value{True: v.Bool()}, v.Kind() == sensors.Bool
}

func toDate(v sensors.Value) (collect.Value, bool) {
	if v.Kind() != sensors.String {
		return collect.Value{}, false
	}
	s := v.Text()
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return collect.Value{Text: s}, true
	}
	_, ok := sensors.ParseDate(s, "")
	return collect.Value{Text: s}, ok
}

func toStrings(v sensors.Value) (collect.Value, bool) {
	if v.Kind() != sensors.List {
		return collect.Value{}, false
	}
	list := make([]string, 0, v.Len())
	for _, item := range v.Items() {
		if item.Kind() != sensors.String {
			return collect.Value{}, false
		}
		list = append(list, item.Text())
	}
	return collect.Value{List: list}, true
}
