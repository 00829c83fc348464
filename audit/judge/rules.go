package judge

import (
	"reflect"

	"telltale/audit"
	"telltale/claims"
)

// A Rule says how one kind of assertion is judged.
type Rule struct {
	ID        string
	Why       string
	Refutes   string
	Supports  string
	CannotSee string

	of    claims.Rule
	judge func(t *target, a claims.Assertion) audit.Verdict
}

const (
	needsReading = "everything that the software sent in these arms could be read, and none of it stands against the claim"
	byLength     = "with --probe also unread bytes that grow with the length of the visited address at the rate of a known encoding, p below 0.01 after correction: that is statistical, and the verdict says so"
	clientOnly   = "what a server does with what it got; what depends on a server's real answer"
)

// rules is the table of rules, one for each type of assertion.
var rules = []Rule{
	{
		ID: "never", of: claims.Never{}, judge: judgeNever,
		Why:       "what was planted exists nowhere else, so meeting it at a host that was not visited is proof",
		Refutes:   "one planted value, or one identifier that persists, in what was sent under the condition; " + byLength,
		Supports:  needsReading,
		CannotSee: clientOnly + "; what the plan does not do; an address inside what cannot be read, if it is cut, padded to a fixed size, sampled or sent late",
	},
	{
		ID: "unlinked", of: claims.Unlinked{}, judge: judgeUnlinked,
		Why:       "two facts in one record are one person's, and so are two records with one identifier",
		Refutes:   "one record with both kinds, or one identifier that joins a record of the kinds to one with the identifier, or to what was done when the condition did not hold",
		Supports:  needsReading,
		CannotSee: "joins by address, time or the shape of the traffic; joins with what a server has already",
	},
	{
		ID: "aggregated", of: claims.Aggregated{}, judge: judgeAggregated,
		Why:       "a record with one visit's address is about one visit of one person",
		Refutes:   "one record that holds a planted value of the kinds",
		Supports:  needsReading,
		CannotSee: clientOnly,
	},
	{
		ID: "confidential", of: claims.Confidential{}, judge: judgeConfidential,
		Why:       "an encoding or a compression that anyone can undo is no encryption; the line's own encryption ends at the receiver",
		Refutes:   "one value that was read without any key, or with one that stands in the traffic or is published",
		Supports:  needsReading,
		CannotSee: "how good an encryption is that could not be undone; what its length tells",
	},
	{
		ID: "only-to", of: claims.OnlyTo{}, judge: judgeOnlyTo,
		Why:       "who receives is told by the host's registered domain and the table of organisations",
		Refutes:   "personal data at a host of another organisation, or of one that is not known; at an address that a database of places has in another country; " + byLength,
		Supports:  needsReading,
		CannotSee: "where a server stands, without a network and a database of places, or behind an anycast address or a content network; who else gets the data later",
	},
	{
		ID: "rotates", of: claims.Rotates{}, judge: judgeRotates,
		Why:       "an identifier that is the same for longer than promised was not replaced",
		Refutes:   "one identifier that was seen over a longer time than promised",
		Supports:  "the experiment lasted longer than promised, and no identifier did",
		CannotSee: "anything beyond the time that the experiment lasted",
	},
	{
		ID: "retained", of: claims.Retained{}, judge: judgeRetained,
		Why:       "how long data is kept is not visible from outside",
		Refutes:   "nothing in traffic can",
		Supports:  "nothing in traffic can; a collector can enforce it",
		CannotSee: "all of it",
	},
}

// Rules returns the table, for those who want to know how it is judged.
func Rules() []Rule { return rules }

func ruleOf(r claims.Rule) Rule {
	for _, rule := range rules {
		if reflect.TypeOf(rule.of) == reflect.TypeOf(r) {
			return rule
		}
	}
	return Rule{ID: "unknown", judge: func(*target, claims.Assertion) audit.Verdict {
		return audit.Verdict{Result: audit.NotTested, Says: "This program has no rule for such an assertion."}
	}}
}
