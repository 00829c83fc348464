package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// aggregates are the functions over a group.
var aggregates = map[string]bool{"count": true, "count_star": true, "sum": true, "avg": true}

// scalars are the functions over a value. None reads a file, a setting or the
// clock, and none has state.
var scalars = map[string]bool{
	"->>": true, "json_extract_string": true, "+": true, "-": true, "*": true, "/": true, "%": true,
	"date_trunc": true, "date_part": true, "strftime": true, "year": true, "month": true, "day": true, "hour": true,
	"dayofweek": true, "isodow": true, "lower": true, "upper": true, "round": true, "floor": true, "ceil": true,
	"~~": true, "!~~": true, "starts_with": true, "contains": true, "length": true,
}

// inAggregate are the functions that the argument of an aggregate may have. A
// function that makes some rows NULL would make a group smaller unseen.
var inAggregate = map[string]bool{"->>": true, "json_extract_string": true}

// classes are the kinds of expressions that may be used.
var classes = map[string]bool{
	"COLUMN_REF": true, "CONSTANT": true, "FUNCTION": true, "COMPARISON": true, "CONJUNCTION": true,
	"CAST": true, "OPERATOR": true, "BETWEEN": true, "CASE": true, "STAR": true,
}

// plainClasses are those that the argument of an aggregate may be made of.
var plainClasses = map[string]bool{"COLUMN_REF": true, "CONSTANT": true, "CAST": true, "FUNCTION": true}

// selectOf returns the one SELECT of a tree.
func selectOf(tree map[string]any) (map[string]any, error) {
	list, _ := tree["statements"].([]any)
	if len(list) != 1 {
		return nil, errors.New("ask one question at a time")
	}
	statement, _ := list[0].(map[string]any)
	node, _ := statement["node"].(map[string]any)
	if node["type"] != "SELECT_NODE" {
		return nil, errors.New("a question is one SELECT, without UNION and the like")
	}
	return node, nil
}

// Check says what of a question may not be asked. guarded says that its groups
// need the condition of k users, as must the arguments of its aggregates.
func Check(tree map[string]any) (args []any, guarded bool, err error) {
	node, err := selectOf(tree)
	if err != nil {
		return nil, false, err
	}
	ctes, _ := node["cte_map"].(map[string]any)
	if list, _ := ctes["map"].([]any); len(list) > 0 {
		return nil, false, errors.New("WITH may not be used")
	}
	table, err := tableOf(node["from_table"])
	if err != nil {
		return nil, false, err
	}
	if node["sample"] != nil || node["qualify"] != nil {
		return nil, false, errors.New("SAMPLE and QUALIFY may not be used")
	}
	c := &checker{events: table == "events"}
	modifiers, _ := node["modifiers"].([]any)
	for _, m := range modifiers {
		modifier, _ := m.(map[string]any)
		if kind := modifier["type"]; kind != "ORDER_MODIFIER" && kind != "LIMIT_MODIFIER" {
			return nil, false, errors.New("of what may follow a SELECT there are ORDER BY and LIMIT only")
		}
	}
	for _, part := range []string{"select_list", "where_clause", "group_expressions", "having", "modifiers"} {
		if err := c.walk(node[part]); err != nil {
			return nil, false, err
		}
	}
	return c.args, c.events, nil
}

// tableOf returns the name of the one table.
func tableOf(v any) (string, error) {
	from, _ := v.(map[string]any)
	name, _ := from["table_name"].(string)
	name = strings.ToLower(name)
	plain := from["type"] == "BASE_TABLE" && from["schema_name"] == "" && from["catalog_name"] == "" && from["sample"] == nil && from["at_clause"] == nil
	if !plain || name != "events" && name != "counts" {
		return "", errors.New("a question is about one table, events or counts")
	}
	if columns, _ := from["column_name_alias"].([]any); len(columns) > 0 {
		return "", errors.New("columns of the table may not be renamed")
	}
	return name, nil
}

type checker struct {
	events bool
	args   []any
}

// walk checks all expressions in v.
func (c *checker) walk(v any) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := c.walk(item); err != nil {
				return err
			}
		}
	case map[string]any:
		if class, ok := v["class"].(string); ok {
			return c.expression(class, v)
		}
		return c.members(v)
	}
	return nil
}

func (c *checker) members(v map[string]any) error {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := c.walk(v[name]); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) expression(class string, v map[string]any) error {
	if !classes[class] {
		return fmt.Errorf("a question has no %s", strings.ToLower(class))
	}
	switch class {
	case "CONSTANT":
		return nil
	case "STAR":
		if c.events {
			return errors.New("rows of events are about one user each; ask for counts, sums or means of groups")
		}
	case "COLUMN_REF":
		return c.column(v)
	case "FUNCTION":
		return c.function(v)
	}
	return c.members(v)
}

// column refuses pseudonyms: a condition on one is about one user.
func (c *checker) column(v map[string]any) error {
	names, _ := v["column_names"].([]any)
	for _, name := range names {
		if s, _ := name.(string); c.events && (strings.EqualFold(s, "subject") || strings.EqualFold(s, "events")) {
			return errors.New("subject may be counted, as in count(DISTINCT subject), and nothing else")
		}
	}
	return nil
}

func (c *checker) function(v map[string]any) error {
	name, _ := v["function_name"].(string)
	name = strings.ToLower(name)
	children, _ := v["children"].([]any)
	switch {
	case v["schema"] != "" || v["catalog"] != "":
		return errors.New("functions have no schema here")
	case scalars[name]:
		return c.walk(children)
	case !aggregates[name]:
		return fmt.Errorf("there is no function %s here", name)
	case !c.events:
		return c.walk(children)
	case v["filter"] != nil || hasOrders(v["order_bys"]):
		return errors.New("FILTER and ORDER BY in an aggregate may not be used; put the condition behind WHERE")
	case name == "count_star" || name == "count" && isSubject(children) && v["distinct"] == true:
		return nil
	case len(children) != 1:
		return fmt.Errorf("%s has one argument", name)
	}
	if err := c.argument(children[0]); err != nil {
		return err
	}
	c.args = append(c.args, children[0])
	return nil
}

func hasOrders(v any) bool {
	m, _ := v.(map[string]any)
	list, _ := m["orders"].([]any)
	return len(list) > 0
}

func isSubject(children []any) bool {
	if len(children) != 1 {
		return false
	}
	v, _ := children[0].(map[string]any)
	names, _ := v["column_names"].([]any)
	s, _ := v["class"].(string)
	last, _ := lastOf(names).(string)
	return s == "COLUMN_REF" && len(names) == 1 && strings.EqualFold(last, "subject")
}

func lastOf(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// argument checks the argument of an aggregate: a column or a property, perhaps
// as another type.
func (c *checker) argument(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	class, _ := m["class"].(string)
	name, _ := m["function_name"].(string)
	if !plainClasses[class] || class == "FUNCTION" && !inAggregate[name] {
		return errors.New("the argument of an aggregate is a column or a property, perhaps with CAST")
	}
	if class == "COLUMN_REF" {
		return c.column(m)
	}
	if err := c.argument(m["child"]); err != nil {
		return err
	}
	children, _ := m["children"].([]any)
	for _, child := range children {
		if err := c.argument(child); err != nil {
			return err
		}
	}
	return nil
}
