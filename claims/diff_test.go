package claims_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/claims"
	"telltale/personal"
)

func fileOf(asserts ...claims.Assertion) claims.File {
	return claims.File{Statements: []claims.Statement{{ID: "s", Asserts: asserts}}}
}

// Each change has the name that a reader of two policies would give it.
func TestDiff(t *testing.T) {
	always := claims.Condition{}
	private := claims.Condition{Mode: claims.Private}
	switched := claims.Condition{Mode: claims.Private, Consent: claims.Withdrawn}
	one := func(when claims.Condition, rule claims.Rule) claims.Assertion {
		return claims.Assertion{ID: "s/1", When: when, Rule: rule}
	}
	never := func(kinds ...personal.Kind) claims.Rule { return claims.Never{Kinds: kinds} }
	for name, c := range map[string]struct {
		old, new []claims.Assertion
		want     []claims.Change
	}{
		"the same":             {[]claims.Assertion{one(private, never("id"))}, []claims.Assertion{one(private, never("id"))}, []claims.Change{claims.Kept}},
		"only where switched":  {[]claims.Assertion{one(private, never("id"))}, []claims.Assertion{one(switched, never("id"))}, []claims.Change{claims.Weakened}},
		"everywhere":           {[]claims.Assertion{one(private, never("id"))}, []claims.Assertion{one(always, never("id"))}, []claims.Change{claims.Strengthened}},
		"one kind less":        {[]claims.Assertion{one(always, never("id", "contact"))}, []claims.Assertion{one(always, never("id"))}, []claims.Change{claims.Weakened}},
		"one kind more":        {[]claims.Assertion{one(always, never("id"))}, []claims.Assertion{one(always, never("id", "contact"))}, []claims.Change{claims.Strengthened}},
		"another kind":         {[]claims.Assertion{one(always, never("id"))}, []claims.Assertion{one(always, never("contact"))}, []claims.Change{claims.Dropped, claims.Added}},
		"one for another":      {[]claims.Assertion{one(always, never("id", "contact"))}, []claims.Assertion{one(always, never("id", "place"))}, []claims.Change{claims.Shifted}},
		"in two assertions":    {[]claims.Assertion{one(always, never("id", "contact"))}, []claims.Assertion{one(always, never("id")), {ID: "s/2", Rule: never("contact")}}, []claims.Change{claims.Kept}},
		"aggregated to never":  {[]claims.Assertion{one(always, claims.Aggregated{Kinds: ks("behaviour")})}, []claims.Assertion{one(always, never("behaviour"))}, []claims.Change{claims.Strengthened}},
		"never to aggregated":  {[]claims.Assertion{one(always, never("behaviour"))}, []claims.Assertion{one(always, claims.Aggregated{Kinds: ks("behaviour")})}, []claims.Change{claims.Weakened}},
		"the line alone":       {[]claims.Assertion{one(always, claims.Confidential{})}, []claims.Assertion{one(always, claims.Confidential{Transit: true})}, []claims.Change{claims.Weakened}},
		"a longer time":        {[]claims.Assertion{one(always, claims.Rotates{"id/install", 90})}, []claims.Assertion{one(always, claims.Rotates{"id/install", 91})}, []claims.Change{claims.Weakened}},
		"a shorter time":       {[]claims.Assertion{one(always, claims.Retained{90})}, []claims.Assertion{one(always, claims.Retained{89})}, []claims.Change{claims.Strengthened}},
		"one recipient more":   {[]claims.Assertion{one(always, claims.OnlyTo{Organisations: []string{"A"}})}, []claims.Assertion{one(always, claims.OnlyTo{Organisations: []string{"a", "B"}})}, []claims.Change{claims.Weakened}},
		"no matter where":      {[]claims.Assertion{one(always, claims.OnlyTo{Organisations: []string{"A"}, Countries: []string{"SG"}})}, []claims.Assertion{one(always, claims.OnlyTo{Organisations: []string{"A"}})}, []claims.Change{claims.Weakened}},
		"private is not after": {[]claims.Assertion{one(always, claims.Deleted{Kinds: ks("behaviour")})}, []claims.Assertion{one(private, never("behaviour"))}, []claims.Change{claims.Dropped, claims.Added}},
	} {
		var got []claims.Change
		for _, d := range claims.Diff(fileOf(c.old...), fileOf(c.new...)) {
			got = append(got, d.Change)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The vendor's update took back a promise of the incognito mode.
func TestDiffMint(t *testing.T) {
	before, _, _ := claims.Builtin("mint-2020")
	after, _, _ := claims.Builtin("mint-2020-update")
	i := slices.IndexFunc(claims.Diff(before, after), func(d claims.Difference) bool { return d.Change == claims.Weakened })
	if i < 0 {
		t.Fatal("nothing was weakened")
	}
	if diff := cmp.Diff([]string{"incognito/1"}, claims.Diff(before, after)[i].Old); diff != "" {
		t.Error(diff)
	}
}

func TestDiffReworded(t *testing.T) {
	before := claims.File{Statements: []claims.Statement{{ID: "s", Quote: "We never look.", Asserts: []claims.Assertion{{ID: "s/1", Rule: claims.Never{Kinds: ks("id")}}}}}}
	after := claims.File{Statements: []claims.Statement{{ID: "s", Quote: "We rarely look.", Asserts: before.Statements[0].Asserts}}}
	want := []claims.Difference{
		{Change: claims.Kept, Old: []string{"s/1"}, New: []string{"s/1"}},
		{Change: claims.Reworded, Old: []string{"s"}, New: []string{"s"}, Lost: []string{"“We never look.”"}, Gained: []string{"“We rarely look.”"}},
	}
	if diff := cmp.Diff(want, claims.Diff(before, after)); diff != "" {
		t.Error(diff)
	}
}

// A file is no different from itself. What one direction calls less the other
// does not.
func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawFile(t), drawFile(t)
		for _, d := range claims.Diff(a, a) {
			if d.Change != claims.Kept {
				t.Fatalf("%s to itself: %+v", d.Old, d)
			}
		}
		n := 0
		for _, s := range a.Statements {
			n += len(s.Asserts)
		}
		for i, d := range claims.Diff(a, b) {
			if (i < n) != (len(d.Old) == 1 && d.Change != claims.Reworded && d.Change != claims.Added) {
				t.Fatalf("difference %d of %d assertions: %+v", i, n, d)
			}
			if d.Change.Less() != (len(d.Lost) > 0 && d.Change != claims.Reworded) {
				t.Fatalf("less, or not: %+v", d)
			}
		}
	})
}

// A world is what one program did: one record, and perhaps a second one that
// shares an identifier with it.
type world struct {
	kinds     []personal.Kind
	mode      claims.Mode
	consent   claims.Consent
	people    int    // that the record is about
	read      string // by whom: nobody, the line's end, anyone
	org       string
	fault     string // "", full address, two hosts, derived id
	also      personal.Kind
	alsoWhere claims.Condition
}

func worlds(yield func(world) bool) {
	leaves := []personal.Kind{"behaviour/navigation/url", "behaviour/search/query", "id/install", "id/device/imei"}
	sets := [][]personal.Kind{{leaves[0]}, {leaves[1]}, {leaves[2]}, {leaves[3]}, {leaves[0], leaves[2]}, {leaves[1], leaves[3]}}
	for _, kinds := range sets {
		for _, where := range []claims.Condition{{claims.Normal, claims.None}, {claims.Private, claims.None}, {claims.Normal, claims.Withdrawn}, {claims.Private, claims.Withdrawn}} {
			for _, people := range []int{1, 5, 30} {
				for _, read := range []string{"nobody", "the end", "anyone"} {
					for _, org := range []string{"A", "B", "C"} {
						for _, fault := range []string{"", "full", "two hosts", "derived"} {
							for _, also := range []personal.Kind{"", "id/install", "id/device/imei"} {
								w := world{kinds, where.Mode, where.Consent, people, read, org, fault, also, claims.Condition{Mode: claims.Normal, Consent: claims.None}}
								if !yield(w) {
									return
								}
							}
						}
					}
				}
			}
		}
	}
}

// breaks says by the words of the rules whether a world breaks an assertion.
func (w world) breaks(a claims.Assertion) bool {
	holds := a.When.Holds(w.mode, w.consent)
	sent := func(under []personal.Kind) bool {
		return holds && (len(under) == 0 || slices.ContainsFunc(w.kinds, func(k personal.Kind) bool { return slices.ContainsFunc(under, k.Under) }))
	}
	switch r := a.Rule.(type) {
	case claims.Never:
		also := w.also != "" && a.When.Holds(w.alsoWhere.Mode, w.alsoWhere.Consent) && slices.ContainsFunc(r.Kinds, w.also.Under)
		return sent(r.Kinds) || also
	case claims.Unlinked:
		with := append(slices.Clone(w.kinds), w.also)
		return sent(r.Kinds) && slices.ContainsFunc(with, func(k personal.Kind) bool { return slices.ContainsFunc(r.To, k.Under) })
	case claims.Aggregated:
		return sent(r.Kinds) && w.people < max(2, r.K)
	case claims.Confidential:
		return sent(r.Kinds) && (w.read == "anyone" || w.read == "the end" && !r.Transit)
	case claims.OnlyTo:
		return sent(r.Kinds) && !slices.Contains(r.Organisations, w.org)
	case claims.Random:
		return sent(r.Kinds) && w.fault == "derived"
	case claims.Minimised:
		return sent(r.Kinds) && w.fault == "full"
	case claims.OnePlace:
		return sent(r.Kinds) && w.fault == "two hosts"
	}
	return false
}

// One promise implies another exactly if every world that breaks the other
// breaks it too: by brute force over small worlds.
func TestImplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := claims.Assertion{When: drawCondition(t), Rule: drawRule(t, 1)}
		b := claims.Assertion{When: drawCondition(t), Rule: drawRule(t, 1)}
		for _, x := range []claims.Assertion{a, b} {
			switch x.Rule.(type) {
			case claims.Rotates, claims.Retained, claims.Untestable:
				t.Skip("a world has no time")
			}
		}
		want := true
		for w := range worlds {
			if w.breaks(b) && !w.breaks(a) {
				want = false
				break
			}
		}
		if got := claims.Implies(a, b); got != want {
			t.Fatalf("%s\nimplies %s: got %v want %v", a, b, got, want)
		}
	})
}
