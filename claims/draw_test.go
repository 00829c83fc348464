package claims_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"telltale/claims"
	"telltale/personal"
)

var (
	behaviours = []personal.Kind{"behaviour", "behaviour/navigation/url", "behaviour/search/query"}
	ids        = []personal.Kind{"id", "id/install", "id/device"}
)

func oneOf[T any](t *rapid.T, what string, list ...T) T { return rapid.SampledFrom(list).Draw(t, what) }

// someKinds draws from 1 to n different kinds.
func someKinds(t *rapid.T, from []personal.Kind, n int) []personal.Kind {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 1, min(n, len(from)), rapid.ID[personal.Kind]).Draw(t, "kinds")
}

func drawCondition(t *rapid.T) claims.Condition {
	return claims.Condition{
		Mode:    oneOf[claims.Mode](t, "mode", "", claims.Normal, claims.Private),
		Consent: oneOf[claims.Consent](t, "consent", "", claims.None, claims.Withdrawn),
	}
}

// drawRule draws a rule about up to n kinds of each sort.
func drawRule(t *rapid.T, n int) claims.Rule {
	all := append(append([]personal.Kind(nil), behaviours...), ids...)
	switch rapid.IntRange(0, 10).Draw(t, "rule") {
	case 0:
		return claims.Never{Kinds: someKinds(t, all, n)}
	case 1:
		return claims.Unlinked{Kinds: someKinds(t, behaviours, n), To: someKinds(t, ids, n)}
	case 2:
		return claims.Aggregated{Kinds: someKinds(t, behaviours, n), K: oneOf(t, "k", 0, 2, 20)}
	case 3:
		c := claims.Confidential{Transit: rapid.Bool().Draw(t, "transit")}
		if rapid.Bool().Draw(t, "with kinds") {
			c.Kinds = someKinds(t, all, n)
		}
		return c
	case 4:
		o := claims.OnlyTo{Organisations: oneOf(t, "organisations", []string{"A"}, []string{"A", "B"})}
		if rapid.Bool().Draw(t, "with kinds") {
			o.Kinds = someKinds(t, all, n)
		}
		return o
	case 5:
		return claims.Random{Kinds: someKinds(t, ids, n)}
	case 6:
		return claims.Minimised{Kinds: someKinds(t, behaviours, n)}
	case 7:
		return claims.OnePlace{Kinds: someKinds(t, behaviours, n)}
	case 8:
		return claims.Rotates{Kind: oneOf(t, "kind", ids...), Within: oneOf[time.Duration](t, "within", 36, 24, 90*24, 365*24) * time.Hour}
	case 9:
		return claims.Retained{AtMost: oneOf[time.Duration](t, "at most", 1, 25*30*24, 2*365*24) * time.Hour}
	default:
		return claims.Untestable{Why: drawText(t)}
	}
}

// drawText draws a text as a claims file can hold it.
func drawText(t *rapid.T) string {
	return rapid.StringMatching(`[!-~äß語…'"]([ -~äß語\n:#]{0,20}[!-~äß語…'"])?`).Draw(t, "text")
}

func drawFile(t *rapid.T) claims.File {
	f := claims.File{Subject: claims.Subject{Name: drawText(t), Version: oneOf(t, "version", "", "3.40", "1e3", "0x10")}}
	for i := range rapid.IntRange(1, 4).Draw(t, "statements") {
		s := claims.Statement{ID: fmt.Sprintf("s-%d", i+1)}
		if rapid.Bool().Draw(t, "with quote") {
			s.Quote = drawText(t)
			s.Source = claims.Source{URL: "https://vendor.example/?a=b#c", Date: oneOf(t, "date", "", "2020-05-02")}
		}
		for j := range rapid.IntRange(1, 3).Draw(t, "assertions") {
			s.Asserts = append(s.Asserts, claims.Assertion{ID: fmt.Sprintf("%s/%d", s.ID, j+1), When: drawCondition(t), Rule: drawRule(t, 3)})
		}
		f.Statements = append(f.Statements, s)
	}
	return f
}
