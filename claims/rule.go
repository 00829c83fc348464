package claims

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"telltale/personal"
)

// A form is how a rule is written: its key, and the one key that may or must
// stand beside it.
type form struct {
	key    string
	beside string
	must   bool
	read   func(r *reader, rule, beside ast.Node) Rule
}

var forms = []form{
	{"never", "", false, func(r *reader, n, _ ast.Node) Rule { return Never{r.kinds(n)} }},
	{"unlinked", "to", true, func(r *reader, n, to ast.Node) Rule { return Unlinked{r.kinds(n), r.kinds(to)} }},
	{"aggregated", "k", false, func(r *reader, n, k ast.Node) Rule { return Aggregated{r.kinds(n), r.people(k)} }},
	{"confidential", "", false, func(r *reader, n, _ ast.Node) Rule { return r.confidential(n) }},
	{"only-to", "", false, func(r *reader, n, _ ast.Node) Rule { return r.onlyTo(n) }},
	{"rotates", "within", true, func(r *reader, n, within ast.Node) Rule { return Rotates{r.kind(n), r.duration(within)} }},
	{"retained", "", false, func(r *reader, n, _ ast.Node) Rule { return r.retained(n) }},
	{"random", "", false, func(r *reader, n, _ ast.Node) Rule { return Random{r.kinds(n)} }},
	{"minimised", "", false, func(r *reader, n, _ ast.Node) Rule { return Minimised{r.kinds(n)} }},
	{"one-place", "", false, func(r *reader, n, _ ast.Node) Rule { return OnePlace{r.kinds(n)} }},
	{"deleted", "", false, func(r *reader, n, _ ast.Node) Rule { return Deleted{r.kinds(n)} }},
	{"untestable", "", false, func(r *reader, n, _ ast.Node) Rule { return Untestable{r.text(n)} }},
}

func (r *reader) assertion(n ast.Node) (a Assertion) {
	var keys, besides []string
	for _, f := range forms {
		keys = append(keys, f.key)
		if f.beside != "" {
			besides = append(besides, f.beside)
		}
	}
	m := r.mapping(n, "an assertion", append(append(keys, besides...), "when")...)
	if m.values == nil {
		return a
	}
	a.When = r.condition(m.get("when"))
	rules := 0
	for _, f := range forms {
		if !m.has(f.key) {
			continue
		}
		if rules++; rules == 2 {
			r.fail(m.keys[f.key], "write a second assertion for it", "an assertion has two rules")
		}
		beside := m.get(f.beside)
		if f.must {
			beside = m.must(f.beside)
		}
		a.Rule = f.read(r, m.get(f.key), beside)
		for _, other := range besides {
			if other != f.beside && m.has(other) {
				r.fail(m.keys[other], "take it out", "%q does not go with %q", other, f.key)
			}
		}
	}
	if rules == 0 && !m.odd {
		r.fail(m.at, "add one of "+strings.Join(keys, ", "), "an assertion without a rule")
	}
	return a
}

func (r *reader) confidential(n ast.Node) Rule {
	m := r.mapping(n, "confidential", "kinds", "transit")
	return Confidential{r.kinds(m.get("kinds")), r.word(m.get("transit"), "value of transit", "true", "false") == "true"}
}

var validCountry = regexp.MustCompile(`^[A-Z]{2}$`)

func (r *reader) onlyTo(n ast.Node) Rule {
	m := r.mapping(n, "only-to", "organisations", "countries", "kinds")
	if m.values != nil && !m.has("organisations") && !m.has("countries") {
		r.fail(m.at, "add organisations or countries", "only-to names nobody")
	}
	var rule OnlyTo
	for _, n := range r.list(m.get("organisations"), "organisations") {
		rule.Organisations = append(rule.Organisations, r.text(n))
	}
	for _, n := range r.list(m.get("countries"), "countries") {
		country := r.text(n)
		if country != "" && !validCountry.MatchString(country) {
			r.fail(position(n), "write two capital letters, such as SG", "bad country %q", country)
		}
		rule.Countries = append(rule.Countries, country)
	}
	rule.Kinds = r.kinds(m.get("kinds"))
	return rule
}

func (r *reader) retained(n ast.Node) Rule {
	m := r.mapping(n, "retained", "at-most")
	return Retained{r.duration(m.must("at-most"))}
}

func (r *reader) kinds(n ast.Node) (kinds []personal.Kind) {
	for _, n := range r.list(n, "kinds") {
		k := r.kind(n)
		if slices.Contains(kinds, k) && k != "" {
			r.fail(position(n), "take it out", "the kind %q a second time", k)
		}
		kinds = append(kinds, k)
	}
	return kinds
}

func (r *reader) kind(n ast.Node) personal.Kind {
	kind := personal.Kind(r.text(n))
	if kind != "" && !kind.Known() {
		known := knownKinds()
		r.fail(position(n), suggest(string(kind), known, "write one below "+list(roots(known), "or")), "unknown kind %q", kind)
	}
	return kind
}

// knownKinds returns all kinds and their parents, each parent as often as it
// has children.
func knownKinds() (paths []string) {
	for _, k := range personal.Kinds() {
		for i, c := range k {
			if c == '/' {
				paths = append(paths, string(k[:i]))
			}
		}
		paths = append(paths, string(k))
	}
	return paths
}

// roots returns the words without a slash, each once.
func roots(paths []string) (roots []string) {
	for _, p := range paths {
		if !strings.Contains(p, "/") && !slices.Contains(roots, p) {
			roots = append(roots, p)
		}
	}
	return roots
}

// people reads the number of people that an aggregate is about; without one it
// is 0. One person is no aggregate.
func (r *reader) people(n ast.Node) int {
	if n == nil {
		return 0
	}
	text := r.text(n)
	k, err := strconv.ParseInt(text, 10, 32)
	if err != nil || k < 2 {
		r.fail(position(n), "write a whole number from 2", "bad k %q", text)
	}
	return int(k)
}

const day = 24 * time.Hour

// units are those of durations. A month is 30 days and a year 365: a promise
// of one month is not kept or broken by the length of February.
var units = map[string]time.Duration{"h": time.Hour, "d": day, "w": 7 * day, "mo": 30 * day, "y": 365 * day}

const maxDuration = 100 * 365 * day

func (r *reader) duration(n ast.Node) time.Duration {
	if n == nil {
		return 0
	}
	text := r.text(n)
	d, ok := parseDuration(text)
	if !ok {
		r.fail(position(n), "write a number and h, d, w, mo (30 days) or y (365 days), at most 100y", "bad duration %q", text)
	}
	return d
}

var validDuration = regexp.MustCompile(`^([0-9]{1,6})(h|d|w|mo|y)$`)

func parseDuration(s string) (time.Duration, bool) {
	m := validDuration.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	unit := units[m[2]]
	if err != nil || n == 0 || time.Duration(n) > maxDuration/unit {
		return 0, false
	}
	return time.Duration(n) * unit, true
}
