package judge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/judge"
	"telltale/claims"
	"telltale/personal"
)

// withdrawing makes of the private arms those in which consent is withdrawn,
// and of the normal ones those in which it is given.
func withdrawing(s *scene) *scene {
	for i := range s.Case.Arms {
		arm := &s.Case.Arms[i]
		arm.Consent = claims.Given
		if arm.Mode == claims.Private {
			arm.Consent = claims.Withdrawn
		}
		arm.Mode = claims.Normal
	}
	return s
}

func at(s *scene, url string) string {
	id := s.exhibit("normal", 1, "sink.example")
	ex := s.Exhibits[id]
	ex.URL = url
	s.Exhibits[id] = ex
	return id
}

// seeded adds the finding of a planted value, with the layer that it stands in.
func (s *scene) seeded(exhibit, seed, trail, layer, value string) {
	kind := personal.Kind("behaviour/navigation/url")
	if seed == "android-id" {
		kind = "id/device/android-id"
	}
	span := audit.Span{Start: strings.Index(layer, value)}
	span.End = span.Start + len(value)
	s.find(audit.Finding{
		Exhibit: exhibit, Kind: kind, Seed: seed, Form: "plain", Trail: strings.Split(trail, " › "),
		Value: audit.NewSecret([]byte(layer)), Span: span,
	})
}

// The rules on what the vendor's other sentences mean.
func TestMoreRules(t *testing.T) {
	const field = "request.body › json:/url"
	url := []personal.Kind{"behaviour/navigation/url"}
	install := claims.Random{Kinds: []personal.Kind{"id/install"}}
	installed := func(s *scene) { s.identifier(s.exhibit("normal", 1, "sink.example"), "id/install", "i1") }
	digest := func(s *scene) {
		s.find(audit.Finding{Exhibit: s.exhibit("normal", 1, "sink.example"), Kind: "id/device/android-id", Seed: "android-id", Form: "sha256", Trail: audit.Trail{"request.body", "json:/id"}})
	}
	for name, c := range map[string]struct {
		rule  claims.Rule
		scene func(s *scene)
		want  audit.Result
		says  string
	}{
		"one place, one host": {claims.OnePlace{Kinds: url}, func(s *scene) {
			s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1)
			s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1)
		}, audit.Supported, ""},
		"one place, two events": {claims.OnePlace{Kinds: url}, func(s *scene) {
			s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1)
			s.page(s.exhibit("normal", 2, "else.example"), "normal", 2)
		}, audit.Supported, ""},
		"one place, two hosts": {claims.OnePlace{Kinds: url}, func(s *scene) {
			s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1)
			s.page(s.exhibit("normal", 1, "else.example"), "normal", 1)
		}, audit.Refuted, "The same page address sent to 2 hosts, else.example and sink.example (Vendor), in 1 of 3 runs, 2 records."},
		"one place, an id at two": {claims.OnePlace{Kinds: []personal.Kind{"id"}}, func(s *scene) {
			for _, host := range []string{"sink.example", "else.example"} {
				s.find(audit.Finding{Exhibit: s.exhibit("normal", 1, host), Kind: "id/account", Seed: "account", Form: "plain"})
			}
		}, audit.Supported, ""},

		"minimised, nothing sent": {claims.Minimised{Kinds: url}, func(*scene) {}, audit.Supported, ""},
		"minimised, the path": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", field, "see?x https://news.example/k7f3q9w2?ref=1", "k7f3q9w2")
		}, audit.Supported, ""},
		"minimised, the query": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", field, "https://news.example/?ref=k7f3q9w2", "k7f3q9w2")
		}, audit.Refuted, "Query, fragment or words of page address sent to sink.example"},
		"minimised, the fragment": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", field, `{"u":"https://news.example/#k7f3q9w2"}`, "k7f3q9w2")
		}, audit.Refuted, ""},
		"minimised, an address before": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", field, `"https://a.example/?b","https://news.example/k7f3q9w2"`, "k7f3q9w2")
		}, audit.Supported, ""},
		"minimised, taken apart": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", field+" › query:ref", "k7f3q9w2", "k7f3q9w2")
		}, audit.Refuted, ""},
		"minimised, in the request's own query": {claims.Minimised{Kinds: url}, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "normal/1/page", "request.url › query:p", "k7f3q9w2", "k7f3q9w2")
		}, audit.Supported, ""},
		"minimised, search words": {claims.Minimised{Kinds: []personal.Kind{"behaviour"}}, func(s *scene) {
			s.find(audit.Finding{Exhibit: s.exhibit("normal", 1, "sink.example"), Kind: "behaviour/search/query", Seed: "normal/1/search", Form: "plain"})
		}, audit.Refuted, "search words"},

		"random, no identifier": {install, func(*scene) {}, audit.NotTested, "No such identifier"},
		"random, seen":          {install, installed, audit.Supported, ""},
		"random, nothing planted": {install, func(s *scene) {
			installed(s)
			s.Seeds = s.Seeds[:len(s.Seeds)-2]
		}, audit.NotTested, "No number of the device"},
		"random, something unread": {install, func(s *scene) {
			installed(s)
			s.Coverage[0].Opaque = 1
		}, audit.CannotTell, ""},
		"random, a digest of ANDROID_ID": {install, digest, audit.Refuted, "ANDROID_ID can be computed from what is sent to sink.example"},
		"random, its base64": {install, func(s *scene) {
			s.seeded(s.exhibit("normal", 1, "sink.example"), "android-id", "request.body › json:/properties/$anonymization_id › base64", "9774d56d682e549c", "9774d56d682e549c")
		}, audit.Refuted, "ANDROID_ID can be computed"},
		"random, the number as it stands": {install, func(s *scene) {
			installed(s)
			s.seeded(s.exhibit("normal", 1, "sink.example"), "android-id", "request.body › base64 › json:/android_id", "9774d56d682e549c", "9774d56d682e549c")
		}, audit.Supported, ""},
		"random, the number as it stands and its bytes": {install, func(s *scene) {
			installed(s)
			e := s.exhibit("normal", 1, "sink.example")
			s.seeded(e, "android-id", "request.body › json:/android_id", "9774d56d682e549c", "9774d56d682e549c")
			s.find(audit.Finding{Exhibit: e, Kind: "id/device/android-id", Seed: "android-id", Form: "bytes", Trail: audit.Trail{"request.body", "json:/android_id", "hex"}})
		}, audit.Supported, ""},
		"random, an id that tells the first visit": {install, func(s *scene) {
			s.find(audit.Finding{Exhibit: s.exhibit("normal", 1, "sink.example"), Kind: "behaviour/first-use", Form: "format", Confidence: audit.Likely, Trail: audit.Trail{"request.body", "json:/distinct_id", "sensors-id:first-visit"}})
		}, audit.Refuted, "First use can be computed"},

		"in transit, nothing sent": {claims.Confidential{Transit: true}, func(*scene) {}, audit.NotTested, "its way was not tested"},
		"in transit, TLS":          {claims.Confidential{Transit: true}, func(s *scene) { s.page(at(s, "https://sink.example/"), "normal", 1) }, audit.Supported, ""},
		"in transit, in clear":     {claims.Confidential{Transit: true}, func(s *scene) { s.page(at(s, "http://sink.example/"), "normal", 1) }, audit.Refuted, "Page address sent over the line in clear to sink.example"},
		"in transit, a message":    {claims.Confidential{Transit: true}, func(s *scene) { s.page(at(s, "ws://sink.example/"), "normal", 1) }, audit.Refuted, ""},

		"only to, of other kinds": {claims.OnlyTo{Organisations: []string{"Vendor"}, Kinds: []personal.Kind{"id"}}, func(s *scene) {
			s.page(s.exhibit("normal", 1, "else.example"), "normal", 1)
		}, audit.Supported, ""},

		"deleted, no such arms": {claims.Deleted{Kinds: url}, func(*scene) {}, audit.NotTested, "did not give consent and withdraw it"},
		"deleted":               {claims.Deleted{Kinds: url}, func(s *scene) { withdrawing(s) }, audit.Supported, "Planted before: 3 values."},
		"deleted, sent in time": {claims.Deleted{Kinds: url}, func(s *scene) {
			withdrawing(s).page(s.exhibit("normal", 1, "sink.example"), "normal", 1)
		}, audit.Supported, ""},
		"deleted, sent after": {claims.Deleted{Kinds: url}, func(s *scene) {
			withdrawing(s).page(s.exhibit("private", 1, "sink.example"), "normal", 1)
		}, audit.Refuted, "Page address from before consent was withdrawn sent after it to sink.example (Vendor) in 1 of 3 runs"},
		"deleted, what came after": {claims.Deleted{Kinds: url}, func(s *scene) {
			withdrawing(s).page(s.exhibit("private", 1, "sink.example"), "private", 1)
		}, audit.Supported, ""},
		"deleted, something unread": {claims.Deleted{Kinds: url}, func(s *scene) { withdrawing(s).Coverage[1].Refused = 1 }, audit.CannotTell, ""},
		"deleted, nothing planted": {claims.Deleted{Kinds: []personal.Kind{"contact"}}, func(s *scene) {
			withdrawing(s)
		}, audit.NotTested, "Nothing of these kinds was planted while"},

		"untestable": {claims.Untestable{Why: "it stands on a page"}, func(*scene) {}, audit.NotTested, "No test of traffic can show this: it stands on a page."},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := newScene()
			c.scene(s)
			v := s.judged(claims.Condition{}, c.rule)
			if v.Result != c.want || !strings.Contains(v.Says, c.says) {
				t.Errorf("got %s: %s\nwant %s: %s", v.Result, v.Says, c.want, c.says)
			}
			if (v.Result == audit.Refuted) != (len(v.Findings) > 0 && v.High > 0) {
				t.Errorf("%s with findings %v and an interval to %v", v.Result, v.Findings, v.High)
			}
		})
	}
}

// The rule that is named is the one that fits the condition.
func TestRuleOf(t *testing.T) {
	never := claims.Never{Kinds: []personal.Kind{"id"}}
	for want, a := range map[string]claims.Assertion{
		"never":        {Rule: never},
		"private":      {Rule: never, When: claims.Condition{Mode: claims.Private, Consent: claims.None}},
		"unasked":      {Rule: never, When: claims.Condition{Consent: claims.None}},
		"opted-out":    {Rule: never, When: claims.Condition{Consent: claims.Withdrawn}},
		"confidential": {Rule: claims.Confidential{}},
		"in-transit":   {Rule: claims.Confidential{Transit: true}},
		"unknown":      {},
	} {
		if got := judge.RuleOf(a); got.ID != want || (got.Why == "") != (want == "unknown") {
			t.Errorf("%s: got %+v want %s", a.Rule, got, want)
		}
	}
}

// Each rule of the text has code, each code has its text, and the ten questions
// of an auditor are among them.
func TestRulesAreBound(t *testing.T) {
	var words []string
	for _, r := range judge.Rules() {
		words = append(words, r.ID)
	}
	want := []string{
		"never", "private", "unasked", "opted-out", "unlinked", "aggregated", "confidential", "in-transit", "only-to",
		"one-place", "random", "minimised", "rotates", "deleted", "retained", "untestable", "opaque",
	}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
	for _, id := range judge.Bound() {
		words = append(words[:0:0], words...)
		if i := indexOf(words, id); i < 0 {
			t.Errorf("%s has code and no words", id)
		} else {
			words = append(words[:i], words[i+1:]...)
		}
	}
	if len(words) > 0 {
		t.Errorf("no code for %v", words)
	}
}

func indexOf(list []string, s string) int {
	for i, l := range list {
		if l == s {
			return i
		}
	}
	return -1
}

// What is wrong with the text of the rules is said with its line.
func TestReadRules(t *testing.T) {
	for in, want := range map[string]string{
		"edition: 1\n\nrule: a\nwhy: b\n  c\n":       "",
		"rule: a\nwhy: b\nwhy: c\n":                  `line 3: field "why" is not known here, or is there already`,
		"why: b\n":                                   `line 1: field "why" is not known here, or is there already`,
		"rule: a\ncolour: b\n":                       `line 2: field "colour" is not known here, or is there already`,
		"rule: a\nwhy\n":                             "line 2: no field; write NAME: TEXT",
		"rule: a\n\n  lost\n":                        "line 3: no field; write NAME: TEXT",
		"# comment: with a colon\nrule: a\nwhy: b\n": "",
	} {
		got := ""
		if err := judge.ReadRules(in); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q want %q", in, got, want)
		}
	}
}

// The edition names the rules, and nothing else.
func TestEdition(t *testing.T) {
	number, digest, ok := strings.Cut(judge.Edition(), "-")
	if !ok || number != "1" || len(digest) != 16 {
		t.Errorf("got %q", judge.Edition())
	}
}
