package judge

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"telltale/audit"
	"telltale/claims"
)

// A Rule says how one kind of assertion is judged.
type Rule struct {
	ID        string `json:"id"`
	Claim     string `json:"claim"` // what vendors say
	Why       string `json:"why"`
	Test      string `json:"test"` // what is done to find out
	Refutes   string `json:"refutes"`
	Supports  string `json:"supports"`
	CannotSee string `json:"cannot_see"`
}

// A binding ties a rule to the assertions that it judges and to its code.
type binding struct {
	id    string
	of    claims.Rule
	when  func(a claims.Assertion) bool // nil: any assertion of the type
	judge func(t *target, a claims.Assertion) audit.Verdict
}

// bindings is read from the top: the first that fits an assertion judges it.
var bindings = []binding{
	{"private", claims.Never{}, func(a claims.Assertion) bool { return a.When.Mode == claims.Private }, judgeNever},
	{"unasked", claims.Never{}, func(a claims.Assertion) bool { return a.When.Consent == claims.None }, judgeNever},
	{"opted-out", claims.Never{}, func(a claims.Assertion) bool { return a.When.Consent == claims.Withdrawn }, judgeNever},
	{"never", claims.Never{}, nil, judgeNever},
	{"unlinked", claims.Unlinked{}, nil, judgeUnlinked},
	{"aggregated", claims.Aggregated{}, nil, judgeAggregated},
	{"in-transit", claims.Confidential{}, inTransit, judgeTransit},
	{"confidential", claims.Confidential{}, nil, judgeConfidential},
	{"only-to", claims.OnlyTo{}, nil, judgeOnlyTo},
	{"one-place", claims.OnePlace{}, nil, judgeOnePlace},
	{"random", claims.Random{}, nil, judgeRandom},
	{"minimised", claims.Minimised{}, nil, judgeMinimised},
	{"rotates", claims.Rotates{}, nil, judgeRotates},
	{"deleted", claims.Deleted{}, nil, judgeDeleted},
	{"retained", claims.Retained{}, nil, judgeRetained},
	{"untestable", claims.Untestable{}, nil, judgeUntestable},
	{"opaque", nil, nil, nil}, // in every other rule: see unrefuted
}

// bindingOf returns the binding that judges an assertion.
func bindingOf(a claims.Assertion) binding {
	for _, b := range bindings {
		if b.of != nil && reflect.TypeOf(b.of) == reflect.TypeOf(a.Rule) && (b.when == nil || b.when(a)) {
			return b
		}
	}
	return binding{id: "unknown", judge: func(*target, claims.Assertion) audit.Verdict {
		return notTested("This program has no rule for such an assertion.")
	}}
}

//go:embed rules.txt
var rulesText string

// Rules returns the rules in words, for those who want to know how it is
// judged: in the order of rules.txt.
func Rules() []Rule { return ruleTable().rules }

// RuleOf returns the rule that judges an assertion. Its zero value, with the
// id "unknown", is for one that this program does not know.
func RuleOf(a claims.Assertion) Rule {
	id := bindingOf(a).id
	for _, r := range Rules() {
		if r.ID == id {
			return r
		}
	}
	return Rule{ID: id}
}

// Edition names the rules that this program judges by: their number, and the
// beginning of the SHA-256 of their words. A case has it in its plan.
func Edition() string {
	sum := sha256.Sum256([]byte(rulesText))
	return ruleTable().edition + "-" + hex.EncodeToString(sum[:8])
}

// A rulebook is what rules.txt holds.
type rulebook struct {
	edition string
	rules   []Rule
}

var ruleTable = sync.OnceValue(func() rulebook {
	book, err := readRules(rulesText)
	if err != nil {
		panic(fmt.Sprintf("judge: rules.txt: %v", err)) // embedded by the compiler, and tested
	}
	return book
})

// readRules reads the format that rules.txt describes.
func readRules(text string) (rulebook, error) {
	var book rulebook
	var field *string
	for n, line := range strings.Split(text, "\n") {
		rest, more := strings.CutPrefix(line, "  ")
		name, value, named := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
			field = nil
			continue
		case more && field != nil:
			*field += " " + strings.TrimSpace(rest)
			continue
		case more || !named:
			return book, fmt.Errorf("line %d: no field; write NAME: TEXT", n+1)
		}
		if name == "rule" {
			book.rules = append(book.rules, Rule{})
		}
		field = book.field(name)
		if field == nil || *field != "" {
			return book, fmt.Errorf("line %d: field %q is not known here, or is there already", n+1, name)
		}
		*field = value
	}
	return book, nil
}

// field returns where the text of a field of the last rule belongs, nil if
// there is no such field.
func (b *rulebook) field(name string) *string {
	if name == "edition" {
		return &b.edition
	}
	if len(b.rules) == 0 {
		return nil
	}
	r := &b.rules[len(b.rules)-1]
	switch name {
	case "rule":
		return &r.ID
	case "claim":
		return &r.Claim
	case "why":
		return &r.Why
	case "test":
		return &r.Test
	case "refutes":
		return &r.Refutes
	case "supports":
		return &r.Supports
	case "cannot see":
		return &r.CannotSee
	default:
		return nil
	}
}
