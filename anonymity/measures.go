package anonymity

import (
	"fmt"
	"slices"
)

// measures is the table of measures, in the order of the report. Add one by
// adding a file and a row; docs/add/measure.md says how.
var measures = []Measure{
	{
		ID: "identifiers", Title: "Identifiers", run: measureIdentifiers,
		Asks:      "Which columns tell subjects apart by themselves, and which values are only encoded or hashed?",
		Assumes:   "the attacker sees the data set, and can compute digests",
		CannotSay: "whether a digest with a secret salt or from a larger space can be reversed",
		Source:    "form and behaviour of values; exhaustive search",
	},
	{
		ID: "surprisal", Title: "What one value tells", run: measureSurprisal,
		Asks:      "How many bits does each column tell about a subject?",
		Assumes:   "the attacker knows one value",
		CannotSay: "how columns add up: they may tell the same",
		Source:    "Eckersley 2010",
	},
	{
		ID: "uniqueness", Title: "Uniqueness", run: measureUniqueness,
		Asks:      "How many records are alone with their quasi-identifiers?",
		Assumes:   "the attacker knows all quasi-identifiers of a person and that she is in the data",
		CannotSay: "what holds for people outside the data; see the population",
		Source:    "Sweeney 2002; Rocher 2019 for the correctness",
	},
	{
		ID: "diversity", Title: "Diversity of sensitive values", run: measureDiversity,
		Asks:      "Does belonging to a class of equal records tell a sensitive value?",
		Assumes:   "the attacker knows the class of a person",
		CannotSay: "what an attacker who knows more than the quasi-identifiers learns",
		Source:    "Machanavajjhala 2007; Li 2007; Cao 2012; Brickell 2008",
	},
	{
		ID: "presence", Title: "Presence", run: measurePresence,
		Asks:      "How surely can one tell that a person of a public table is in the data?",
		Assumes:   "the data is a part of the public table",
		CannotSay: "anything about people who are not in the public table",
		Source:    "Nergiz 2007",
	},
	{
		ID: "columns", Title: "Which columns do it", run: measureColumns,
		Asks:      "Which smallest sets of columns make records unique?",
		Assumes:   "the attacker knows the values of these columns",
		CannotSay: "how easy it is to know them",
		Source:    "minimal unique column combinations; Abedjan 2015",
	},
	{
		ID: "population", Title: "Uniqueness in the population", run: measurePopulation,
		Asks:      "How many people of the population would be unique, of whom the data has a sample?",
		Assumes:   "the data is a random sample, and the sizes of classes follow the model",
		CannotSay: "how large the error is: the models have none of their own",
		Source:    "Zayatz 1991; Hoshino 2001; Chen and Keller-McNulty 1998; rule of Dankar 2012",
	},
	{
		ID: "unicity", Title: "Unicity of traces", run: measureUnicity,
		Asks:      "How many points of a trace tell one subject from all others?",
		Assumes:   "the attacker knows some points of a person, drawn at random, exactly as they are in the data",
		CannotSay: "how likely it is to know such points; real ones are rarer or more telling than random ones",
		Source:    "de Montjoye 2013",
	},
	{
		ID: "linkage", Title: "Linkage", run: measureLinkage,
		Asks:      "Can a subject be found again by what it visits, without any id?",
		Assumes:   "everyone who is looked for is on the other side too",
		CannotSay: "how often someone is named who is not there",
		Source:    "Olejnik 2012; Bird 2020",
	},
	{
		ID: "wp29", Title: "Singling out, linkability, inference", run: measureTriple,
		Asks:      "How much better than guessing are the three attacks of the opinion on anonymisation?",
		Assumes:   "each attacker knows what the sentence says, and no more",
		CannotSay: "that the data is anonymous: other attacks may do better",
		Source:    "WP216; Cohen and Nissim 2020; permutation test, Fisher 1935; gain, Abbott 1925",
	},
	{
		ID: "aggregates", Title: "Counts made of it", run: measureAggregates,
		Asks:      "If counts of this data were released, what would they give away?",
		Assumes:   "the attacker sees the counts, and knows what a person visited",
		CannotSay: "what a release that adapts to questions gives away",
		Source:    "Homer 2008; Pyrgelis 2018",
	},
	{
		ID: "epsilon", Title: "Check of a release", run: measureEpsilon,
		Asks:      "Which ε does a release have at least, by how often its outputs differ?",
		Assumes:   "the two data sets of the replays differ in one subject",
		CannotSay: "that ε is not larger: a test finds a lower bound only",
		Source:    "Jagielski 2020; Clopper and Pearson 1934",
	},
	{
		ID: "protection", Title: "What would help", run: measureProtection,
		Asks:      "Which changes lower the risk, and what do they cost?",
		Assumes:   "the attackers of uniqueness, unicity and linkage, with the changed data",
		CannotSay: "which risk is small enough",
		Source:    "the measures above",
	},
}

// Measures returns the table of measures.
func Measures() []Measure { return slices.Clone(measures) }

// choose returns the measures of some ids, in the order of the table.
func choose(ids []string) ([]Measure, error) {
	if len(ids) == 0 {
		return Measures(), nil
	}
	var chosen []Measure
	known := make([]string, len(measures))
	for i, m := range measures {
		known[i] = m.ID
		if slices.Contains(ids, m.ID) {
			chosen = append(chosen, m)
		}
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return nil, fmt.Errorf("there is no measure %q; there are %s", id, series(known))
		}
	}
	return chosen, nil
}
