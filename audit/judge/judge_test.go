package judge_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/judge"
	"telltale/claims"
	"telltale/personal"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// A scene is an input that is written line by line.
type scene struct{ judge.Input }

// newScene has a subject and its control, each with both modes and three runs,
// a seed in each, and nothing found.
func newScene() *scene {
	s := &scene{judge.Input{Planted: map[string]bool{}, Exhibits: map[string]audit.Exhibit{}, Parties: map[string]audit.Party{
		"sink.example": {Host: "sink.example", Organisation: "Vendor"},
		"else.example": {Host: "else.example"},
		"telltale.lab": {Host: "telltale.lab", Role: "lab"},
	}}}
	for _, control := range []bool{false, true} {
		for _, mode := range []claims.Mode{claims.Normal, claims.Private} {
			arm := audit.Arm{Name: string(mode), Mode: mode, Consent: claims.None, Software: "browser", Specimen: "leaky"}
			if control {
				arm.Name, arm.Specimen, arm.Control = "control/"+arm.Name, "", true
			}
			s.Case.Arms = append(s.Case.Arms, arm)
			s.Coverage = append(s.Coverage, audit.Coverage{Arm: arm.Name, Runs: 3, Requests: 10})
			for run := 1; run <= 3; run++ {
				s.Planted[fmt.Sprintf("%s/%d/page", arm.Name, run)] = true
				s.Seeds = append(s.Seeds, audit.Seed{Name: fmt.Sprintf("%s/%d/page", arm.Name, run), Kind: "behaviour/navigation/url", Arm: arm.Name, Run: run})
			}
		}
	}
	s.Seeds = append(s.Seeds, audit.Seed{Name: "android-id", Kind: "id/device/android-id"}, audit.Seed{Name: "account", Kind: "id/account"})
	return s
}

// exhibit adds an exhibit and returns its id.
func (s *scene) exhibit(arm string, run int, host string) string {
	id := fmt.Sprintf("e%d", len(s.Exhibits)+1)
	s.Exhibits[id] = audit.Exhibit{ID: id, Place: audit.Place{Arm: arm, Run: run, Session: 1}, Host: host, Time: start.Add(time.Duration(len(s.Exhibits)) * time.Second)}
	return id
}

func (s *scene) find(f audit.Finding) {
	f.ID = fmt.Sprintf("f%d", len(s.Findings)+1)
	if f.Confidence == "" {
		f.Confidence = audit.Certain
	}
	if f.Trail == nil {
		f.Trail = audit.Trail{"request.body", "form:data", "base64", "json:/url"}
	}
	s.Findings = append(s.Findings, f)
}

// page adds the finding of a page's seed, planted in the arm, in an exhibit.
func (s *scene) page(exhibit, plantedIn string, run int) {
	s.find(audit.Finding{Exhibit: exhibit, Kind: "behaviour/navigation/url", Seed: fmt.Sprintf("%s/%d/page", plantedIn, run), Form: "plain"})
}

func (s *scene) identifier(exhibit string, kind personal.Kind, label string) {
	s.find(audit.Finding{Exhibit: exhibit, Kind: kind, Label: label, Form: "persistent", Confidence: audit.Likely})
}

// judged returns the verdict on a rule for the subject.
func (s *scene) judged(when claims.Condition, rule claims.Rule) audit.Verdict {
	s.Claims = claims.File{Statements: []claims.Statement{{ID: "s", Asserts: []claims.Assertion{{ID: "s/1", When: when, Rule: rule}}}}}
	return judge.Judge(s.Input)[0]
}

var (
	private = claims.Condition{Mode: claims.Private}
	never   = claims.Never{Kinds: []personal.Kind{"behaviour/navigation/url"}}
)

func TestNever(t *testing.T) {
	for name, c := range map[string]struct {
		scene func(s *scene)
		want  audit.Result
		says  string
	}{
		"nothing found":          {func(*scene) {}, audit.Supported, "3 values planted, 10 requests read, 0 of 3 runs; the true rate may still be up to 63% of runs"},
		"sent in private mode":   {func(s *scene) { s.page(s.exhibit("private", 2, "sink.example"), "private", 2) }, audit.Refuted, "Page address sent in private mode to sink.example (Vendor) in 1 of 3 runs, 1 record."},
		"sent in normal mode":    {func(s *scene) { s.page(s.exhibit("normal", 2, "sink.example"), "normal", 2) }, audit.Supported, "Nothing against it"},
		"normal, but sent late":  {func(s *scene) { s.page(s.exhibit("private", 2, "sink.example"), "normal", 2) }, audit.Supported, "Nothing against it"},
		"private, but sent late": {func(s *scene) { s.page(s.exhibit("normal", 2, "sink.example"), "private", 2) }, audit.Refuted, "sent in private mode"},
		"sent by the control":    {func(s *scene) { s.page(s.exhibit("control/private", 2, "sink.example"), "control/private", 2) }, audit.Supported, "Nothing against it"},
		"to the lab":             {func(s *scene) { s.page(s.exhibit("private", 2, "telltale.lab"), "private", 2) }, audit.Supported, "Nothing against it"},
		"something was opaque":   {func(s *scene) { s.Coverage[1].Opaque, s.Coverage[1].Unread = 1, []string{"dark.example"} }, audit.CannotTell, "dark.example"},
		"a certificate refused":  {func(s *scene) { s.Coverage[1].Refused, s.Coverage[1].Unread = 1, []string{"dark.example"} }, audit.CannotTell, "dark.example"},
		"opaque in another mode": {func(s *scene) { s.Coverage[0].Opaque = 1 }, audit.Supported, "Nothing against it"},
		"opaque, and found": {func(s *scene) {
			s.Coverage[1].Opaque = 1
			s.page(s.exhibit("private", 1, "sink.example"), "private", 1)
		}, audit.Refuted, "1 of 3 runs"},
		"no run completed":        {func(s *scene) { s.Coverage[1].Runs = 0 }, audit.NotTested, "No run"},
		"no arm of the condition": {func(s *scene) { s.Case.Arms = s.Case.Arms[:1] }, audit.NotTested, "mode private"},
		"nothing planted":         {func(s *scene) { s.Seeds = nil }, audit.NotTested, "planted"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := newScene()
			c.scene(s)
			v := s.judged(private, never)
			if v.Result != c.want || !strings.Contains(v.Says, c.says) {
				t.Errorf("got %s: %s\nwant %s: %s", v.Result, v.Says, c.want, c.says)
			}
			if (v.Result == audit.Refuted) != (len(v.Findings) > 0) {
				t.Errorf("%s with findings %v", v.Result, v.Findings)
			}
			if (v.Result == audit.Supported) != (v.Bound > 0) {
				t.Errorf("%s with bound %v", v.Result, v.Bound)
			}
		})
	}
}

// A hint alone convicts nobody, unless the claim names its kind to the end.
func TestHints(t *testing.T) {
	s := newScene()
	s.find(audit.Finding{Exhibit: s.exhibit("private", 1, "sink.example"), Kind: "behaviour/private-mode", Form: "field", Confidence: audit.Hint})
	s.find(audit.Finding{Exhibit: s.exhibit("private", 1, "sink.example"), Kind: "id/session", Label: "i1", Form: "persistent", Confidence: audit.Hint})
	if v := s.judged(private, claims.Never{Kinds: []personal.Kind{"behaviour", "id"}}); v.Result != audit.Supported {
		t.Errorf("behaviour and id: %s: %s", v.Result, v.Says)
	}
	if v := s.judged(private, claims.Never{Kinds: []personal.Kind{"behaviour/private-mode"}}); v.Result != audit.Refuted {
		t.Errorf("behaviour/private-mode: %s: %s", v.Result, v.Says)
	}
}

var unlinked = claims.Unlinked{Kinds: []personal.Kind{"behaviour/navigation/url"}, To: []personal.Kind{"id/device", "id/install", "id/account"}}

func TestUnlinked(t *testing.T) {
	for name, c := range map[string]struct {
		scene func(s *scene)
		want  audit.Result
		says  string
	}{
		"pages alone": {func(s *scene) { s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1) }, audit.Supported, ""},
		"private, joined to normal": {func(s *scene) {
			a, b := s.exhibit("private", 1, "sink.example"), s.exhibit("normal", 1, "sink.example")
			s.page(a, "private", 1)
			s.identifier(a, "id/advertising", "i9")
			s.identifier(b, "id/advertising", "i9")
		}, audit.Supported, ""},
		"ids alone": {func(s *scene) { s.identifier(s.exhibit("normal", 1, "sink.example"), "id/install", "i1") }, audit.Supported, ""},
		"in one record": {func(s *scene) {
			e := s.exhibit("normal", 1, "sink.example")
			s.page(e, "normal", 1)
			s.identifier(e, "id/install", "i1")
		}, audit.Refuted, "In the same records: installation id in 1 of 3 runs, 1 record."},
		"in one request, header and body": {func(s *scene) {
			a, b := s.exhibit("normal", 1, "sink.example"), s.exhibit("normal", 1, "sink.example")
			for _, id := range []string{a, b} {
				ex := s.Exhibits[id]
				ex.Event = 7
				s.Exhibits[id] = ex
			}
			s.page(a, "normal", 1)
			s.identifier(b, "id/install", "i1")
		}, audit.Refuted, "In the same records: installation id in 1 of 3 runs, 1 record."},
		"nothing of the kinds planted": {func(s *scene) { s.Seeds = s.Seeds[len(s.Seeds)-2:] }, audit.NotTested, "planted"},
		"joined by another id": {func(s *scene) {
			a, b := s.exhibit("normal", 1, "sink.example"), s.exhibit("normal", 1, "else.example")
			s.page(a, "normal", 1)
			s.find(audit.Finding{Exhibit: a, Kind: "id/advertising", Label: "i7", Form: "persistent", Confidence: audit.Likely})
			s.find(audit.Finding{Exhibit: b, Kind: "id/advertising", Label: "i7", Form: "persistent", Confidence: audit.Likely})
			s.find(audit.Finding{Exhibit: b, Kind: "id/account", Seed: "account", Label: "account", Form: "plain"})
		}, audit.Refuted, "share an identifier"},
		"joins the modes": {func(s *scene) {
			for _, mode := range []string{"normal", "private"} {
				e := s.exhibit(mode, 1, "sink.example")
				s.page(e, mode, 1)
				s.identifier(e, "id/install", "i1")
			}
		}, audit.Refuted, "1 identifier joins normal and private mode"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := newScene()
			c.scene(s)
			if v := s.judged(claims.Condition{}, unlinked); v.Result != c.want || !strings.Contains(v.Says, c.says) {
				t.Errorf("got %s: %s\nwant %s: %s", v.Result, v.Says, c.want, c.says)
			}
		})
	}
}

// The country of a server counts if a database of places has it, and not if
// only the registry of addresses does.
func TestOnlyToCountries(t *testing.T) {
	in := func(country string, basis audit.Basis) audit.Party {
		return audit.Party{Organisation: "Vendor", IP: "192.0.2.1", Country: country, Basis: basis}
	}
	several := audit.Party{Organisation: "Vendor", Servers: []audit.Server{
		{IP: "192.0.2.1", Country: "SG", Basis: audit.ByDatabase}, {IP: "192.0.2.2", Country: "RU", Basis: audit.ByDatabase},
	}}
	for name, c := range map[string]struct {
		party  audit.Party
		server string
		want   audit.Result
		says   string
	}{
		"there":               {in("SG", audit.ByDatabase), "192.0.2.1", audit.Supported, "By the database that was given: 192.0.2.1 in SG."},
		"elsewhere":           {in("RU", audit.ByDatabase), "192.0.2.1", audit.Refuted, "sink.example (Vendor): 192.0.2.1 in RU by the database that was given, in 1 of 3 runs"},
		"registered there":    {in("SG", audit.ByRegistry), "192.0.2.1", audit.NotTested, "192.0.2.1 is registered in SG, which is not where it stands"},
		"registered else":     {in("RU", audit.ByRegistry), "192.0.2.1", audit.NotTested, "192.0.2.1 is registered in RU"},
		"anycast":             {audit.Party{Organisation: "Vendor", IP: "192.0.2.1", Unplaced: "C is an anycast network"}, "192.0.2.1", audit.NotTested, "192.0.2.1: C is an anycast network."},
		"by name":             {audit.Party{Organisation: "Vendor", Unplaced: "C is a content network"}, "", audit.NotTested, "not observed: C is a content network."},
		"the right of two":    {several, "192.0.2.1", audit.Supported, "192.0.2.1 in SG."},
		"the wrong of two":    {several, "192.0.2.2", audit.Refuted, "192.0.2.2 in RU"},
		"a seat is no server": {audit.Party{Organisation: "Vendor", Seat: "SG", RegistrantCountry: "SG", Unplaced: "not observed offline"}, "", audit.NotTested, "offline, no address is real."},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := newScene()
			s.Parties["sink.example"] = c.party
			id := s.exhibit("normal", 1, "sink.example")
			ex := s.Exhibits[id]
			ex.Server = c.server
			s.Exhibits[id] = ex
			s.page(id, "normal", 1)
			v := s.judged(claims.Condition{}, claims.OnlyTo{Organisations: []string{"Vendor"}, Countries: []string{"SG"}})
			if v.Result != c.want || !strings.Contains(v.Says, c.says) {
				t.Errorf("got %s: %s\nwant %s: %s", v.Result, v.Says, c.want, c.says)
			}
		})
	}
}

func TestOtherRules(t *testing.T) {
	leak := func(s *scene) { s.page(s.exhibit("normal", 1, "sink.example"), "normal", 1) }
	stranger := func(s *scene) { s.page(s.exhibit("normal", 1, "else.example"), "normal", 1) }
	nothing := func(*scene) {}
	behind := func(keys ...string) func(s *scene) {
		return func(s *scene) {
			for _, key := range keys {
				s.find(audit.Finding{
					Exhibit: s.exhibit("normal", 1, "sink.example"), Kind: "behaviour/navigation/url", Seed: "normal/1/page",
					Form: "plain", Trail: audit.Trail{"request.body", "aes-128-cbc:key=" + key + ",iv=prefix", "json:/url"},
				})
			}
		}
	}
	urls := []personal.Kind{"behaviour/navigation/url"}
	for name, c := range map[string]struct {
		rule  claims.Rule
		scene func(s *scene)
		want  audit.Result
		says  string
	}{
		"aggregated, one visit":              {claims.Aggregated{Kinds: urls, K: 20}, leak, audit.Refuted, "Single records about single events"},
		"aggregated, none":                   {claims.Aggregated{Kinds: urls}, nothing, audit.Supported, ""},
		"confidential, readable":             {claims.Confidential{}, leak, audit.Refuted, "readable without any key (base64 hide nothing)"},
		"confidential, key beside it":        {claims.Confidential{}, behind("form:k"), audit.Refuted, "readable with a key that stands in the traffic in 1 of 3 runs"},
		"confidential, key in another one":   {claims.Confidential{}, behind("e7/form:k", "answer:k"), audit.Refuted, "readable with a key that stands in the traffic"},
		"confidential, published key":        {claims.Confidential{}, behind("published:sdk"), audit.Refuted, "readable with a key that is published"},
		"confidential, key of ours":          {claims.Confidential{}, behind("given:vendor"), audit.Supported, "readable only with a key that was given for this test"},
		"confidential, wrapped key":          {claims.Confidential{}, behind("given:vendor/json:/0/ekey"), audit.Supported, "readable only with a key that was given"},
		"confidential, key of ours, and not": {claims.Confidential{}, func(s *scene) { leak(s); behind("given:vendor")(s) }, audit.Refuted, "readable without any key (base64 hide nothing) in 1 of 3 runs, 1 record"},
		"confidential, a field of that name": {claims.Confidential{}, func(s *scene) {
			s.find(audit.Finding{
				Exhibit: s.exhibit("normal", 1, "sink.example"), Kind: "behaviour/navigation/url", Seed: "normal/1/page",
				Form: "plain", Trail: audit.Trail{"request.body", "form:key=given:x"},
			})
		}, audit.Refuted, "readable without any key"},
		"confidential, nothing sent":   {claims.Confidential{}, nothing, audit.NotTested, "its encryption was not tested"},
		"never an id of the device":    {claims.Never{Kinds: []personal.Kind{"id/device/serial"}}, nothing, audit.NotTested, "planted"},
		"never an id of installations": {claims.Never{Kinds: []personal.Kind{"id/install"}}, nothing, audit.Supported, "0 values planted"},
		"the same, after one run": {claims.Never{Kinds: []personal.Kind{"id/install"}}, func(s *scene) {
			for i := range s.Coverage {
				s.Coverage[i].Runs = 1
			}
		}, audit.NotTested, "planted"},
		"what was planned was not done": {claims.Never{Kinds: urls}, func(s *scene) { clear(s.Planted) }, audit.NotTested, "planted"},
		"only to, a site that was visited": {claims.OnlyTo{Organisations: []string{"Vendor"}}, func(s *scene) {
			s.Parties["else.example"] = audit.Party{Host: "else.example", Role: "visited"}
			stranger(s)
		}, audit.Refuted, "else.example"},
		"only to, the one named":        {claims.OnlyTo{Organisations: []string{"vendor"}}, leak, audit.Supported, "sink.example (Vendor)"},
		"only to, a stranger":           {claims.OnlyTo{Organisations: []string{"Vendor"}}, stranger, audit.Refuted, "else.example"},
		"only to, country not observed": {claims.OnlyTo{Organisations: []string{"Vendor"}, Countries: []string{"SG"}}, leak, audit.NotTested, "offline, no address is real"},
		"rotates, too short":            {claims.Rotates{Kind: "id/install", Within: 90 * 24 * time.Hour}, leak, audit.NotTested, "the promise is about 90 days"},
		"retained":                      {claims.Retained{AtMost: time.Hour}, leak, audit.NotTested, "Traffic alone"},
		"rotates, no label": {claims.Rotates{Kind: "id/install", Within: time.Second}, func(s *scene) {
			for range 4 {
				s.identifier(s.exhibit("normal", 1, "sink.example"), "id/install", "")
			}
		}, audit.Supported, ""},
		"rotates, late but numbered first": {claims.Rotates{Kind: "id/install", Within: time.Second}, func(s *scene) {
			early, _, late := s.exhibit("normal", 1, "sink.example"), s.exhibit("normal", 1, "sink.example"), s.exhibit("normal", 1, "sink.example")
			s.identifier(late, "id/install", "i1")
			s.identifier(early, "id/install", "i1")
		}, audit.Refuted, "still the same"},
		"supported, but not all was planted": {claims.Never{Kinds: []personal.Kind{"behaviour/navigation/url", "contact/phone"}}, nothing, audit.Supported, "Not planted, so not tested: phone number."},
		"rotates, kept": {claims.Rotates{Kind: "id/install", Within: time.Second}, func(s *scene) {
			for range 4 {
				s.identifier(s.exhibit("normal", 1, "sink.example"), "id/install", "i1")
			}
		}, audit.Refuted, "still the same after 1 seconds"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := newScene()
			c.scene(s)
			if v := s.judged(claims.Condition{}, c.rule); v.Result != c.want || !strings.Contains(v.Says, c.says) {
				t.Errorf("got %s: %s\nwant %s: %s", v.Result, v.Says, c.want, c.says)
			}
		})
	}
}

// An identifier that stands beside what was done in private mode and in what was
// sent in normal mode ties the two together.
func TestUnlinkedFromNormalMode(t *testing.T) {
	s := newScene()
	a, b := s.exhibit("private", 1, "sink.example"), s.exhibit("normal", 1, "sink.example")
	s.page(a, "private", 1)
	s.identifier(a, "id/advertising", "i9")
	if v := s.judged(private, unlinked); v.Result != audit.Supported {
		t.Errorf("before: %s: %s", v.Result, v.Says)
	}
	s.identifier(b, "id/advertising", "i9")
	if v := s.judged(private, unlinked); v.Result != audit.Refuted || !strings.Contains(v.Says, "1 identifier joins normal and private mode") {
		t.Errorf("after: %s: %s", v.Result, v.Says)
	}
}

// Every rule says what it does, and every type of assertion has one.
func TestRulesAreComplete(t *testing.T) {
	for _, r := range judge.Rules() {
		for what, text := range map[string]string{"Claim": r.Claim, "Why": r.Why, "Test": r.Test, "Refutes": r.Refutes, "Supports": r.Supports, "CannotSee": r.CannotSee} {
			if text == "" {
				t.Errorf("%s has no %s", r.ID, what)
			}
		}
	}
	for _, name := range claims.Builtins() {
		file, _, _ := claims.Builtin(name)
		s := newScene()
		s.Claims = file
		for _, v := range judge.Judge(s.Input) {
			if v.Rule == "unknown" {
				t.Errorf("%s: %s has no rule", name, v.Assertion)
			}
		}
	}
}

// random fills a scene with findings.
func random(t *rapid.T) *scene {
	s := newScene()
	n := rapid.IntRange(0, 12).Draw(t, "findings")
	for range n {
		arm := s.Case.Arms[rapid.IntRange(0, 3).Draw(t, "arm")]
		run := rapid.IntRange(1, 3).Draw(t, "run")
		e := s.exhibit(arm.Name, run, rapid.SampledFrom([]string{"sink.example", "else.example"}).Draw(t, "host"))
		if rapid.Bool().Draw(t, "page") {
			s.page(e, arm.Name, run)
		}
		if rapid.Bool().Draw(t, "id") {
			s.identifier(e, "id/install", fmt.Sprint("i", run))
		}
		if rapid.Bool().Draw(t, "number") {
			s.find(audit.Finding{
				Exhibit: e, Kind: "id/device/android-id", Seed: "android-id", Form: rapid.SampledFrom([]string{"plain", "bytes", "sha256"}).Draw(t, "form"),
				Trail: rapid.SampledFrom([]audit.Trail{{"request.body", "json:/id"}, {"request.body", "json:/id", "hex"}}).Draw(t, "trail"),
			})
		}
	}
	s.Claims, _, _ = claims.Builtin("mint-2020")
	more, _, _ := claims.Builtin("cnil-audience")
	s.Claims.Statements = append(s.Claims.Statements, more.Statements...)
	return s
}

// More findings never acquit: what is refuted stays so.
func TestMoreFindingsNeverAcquit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random(t)
		all := s.Findings
		s.Findings = all[:rapid.IntRange(0, len(all)).Draw(t, "first")]
		before := judge.Judge(s.Input)
		s.Findings = all
		for i, v := range judge.Judge(s.Input) {
			if before[i].Result == audit.Refuted && v.Result != audit.Refuted {
				t.Fatalf("%s: %s, then %s: %s", v.Assertion, before[i].Result, v.Result, v.Says)
			}
		}
	})
}

// The order of findings does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random(t)
		want := judge.Judge(s.Input)
		rand.Shuffle(len(s.Findings), func(i, j int) { s.Findings[i], s.Findings[j] = s.Findings[j], s.Findings[i] })
		if diff := cmp.Diff(want, judge.Judge(s.Input)); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// The bound against values from the definition, and the rule of three.
func TestUpper(t *testing.T) {
	for n, want := range map[int]float64{0: 1, 1: 0.95, 2: 0.7764, 3: 0.6316, 10: 0.2589, 100: 0.0295} {
		if got := judge.Upper(n); math.Abs(got-want) > 0.0001 {
			t.Errorf("Upper(%d) = %f, want %f", n, got, want)
		}
	}
	for n := 30; n < 1000; n += 10 {
		if got, three := judge.Upper(n), 3/float64(n); got > three || got < 0.9*three {
			t.Errorf("Upper(%d) = %f, not close to %f", n, got, three)
		}
	}
}
