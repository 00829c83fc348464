package protect_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/gatetest"
	"telltale/collect/protect"
)

// What cannot be enforced is refused, and says why; the same with what is missing
// given is not.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		rule  string
		setup protect.Setup
		why   string // "": enforced
	}{
		{"never: [behaviour]", protect.Setup{}, ""},
		{"unlinked: [behaviour]\n        to: [id]", protect.Setup{}, ""},
		{"aggregated: [behaviour]\n        k: 50", protect.Setup{}, ""},
		{"confidential: {}", protect.Setup{}, "without TLS"},
		{"confidential: {}", protect.Setup{TLS: true}, ""},
		{"only-to: {organisations: [X]}", protect.Setup{}, "give --operator"},
		{"only-to: {organisations: [X]}", protect.Setup{Operator: "Y"}, `the operator is "Y"`},
		{"only-to: {organisations: [X]}", protect.Setup{Operator: "X"}, ""},
		{"only-to: {countries: [SG]}", protect.Setup{Operator: "X"}, "give --country"},
		{"only-to: {countries: [SG]}", protect.Setup{Country: "DE"}, "is in DE"},
		{"only-to: {countries: [SG, DE]}", protect.Setup{Country: "DE"}, ""},
		{"rotates: id/install\n        within: 90d", protect.Setup{}, ""},
		{"rotates: device/model\n        within: 90d", protect.Setup{}, "only identifiers"},
		{"retained: {at-most: 1d}", protect.Setup{}, ""},
		{"retained: {at-most: 23h}", protect.Setup{}, "by the day"},
	} {
		text := gatetest.Claims + "statements:\n  - id: s\n    asserts:\n      - " + tt.rule + "\n"
		file, err := claims.Read("t.yaml", strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", tt.rule, err)
		}
		_, refused := protect.NewPolicy(file, tt.setup)
		switch {
		case tt.why == "" && len(refused) > 0:
			t.Errorf("%s: %v", tt.rule, refused)
		case tt.why != "" && (len(refused) != 1 || refused[0].Assertion != "s/1" || !strings.Contains(refused[0].Error(), tt.why)):
			t.Errorf("%s: got %v, want %q", tt.rule, refused, tt.why)
		}
	}
}

// The strictest of several promises holds.
func TestStrictest(t *testing.T) {
	g := gatetest.Open(t, t.TempDir(), `statements:
  - id: a
    asserts:
      - rotates: id/install
        within: 90d
      - rotates: id/session
        within: 6h
      - retained: {at-most: 1y}
      - retained: {at-most: 30d}
      - aggregated: [behaviour/search]
        k: 100
      - aggregated: [behaviour/navigation]
        k: 30
`)
	p := g.Protect.Policy
	if p.Rotation != 6*time.Hour || p.Retention != 30*24*time.Hour || p.K != 100 {
		t.Errorf("got %v, %v, %d", p.Rotation, p.Retention, p.K)
	}
}

// An outcome is what becomes of an event with all sorts of properties.
type outcome struct {
	kept       bool
	identified bool
	props      string
	reasons    []protect.Reason
}

func try(t *testing.T, g *gatetest.Gates, e collect.Event) outcome {
	t.Helper()
	permitted, reason := g.Consent.Permit(e)
	if reason != "" {
		t.Fatalf("no consent: %s", reason)
	}
	out, reasons, keep, err := g.Protect.Protect(permitted)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{keep, out.Subject() != 0, out.Properties(), reasons}
}

// What a claims file asserts holds for what is kept.
func TestEnforced(t *testing.T) {
	const url = "https://shop.example/cart"
	price, page, note := gatetest.Number("price", "12"), gatetest.Text("url", url), gatetest.Text("note", "hello")
	for _, tt := range []struct {
		name  string
		rule  string
		event string // its kind
		mode  claims.Mode
		want  outcome
	}{
		{"nothing said", "never: [contact]", "behaviour", claims.Normal, outcome{true, true, `{"note":"hello","price":12}`, []protect.Reason{protect.Counted}}},
		{"never a kind of property", "never: [behaviour/navigation]", "behaviour", claims.Normal, outcome{true, true, `{"note":"hello","price":12}`, []protect.Reason{protect.Never}}},
		{"never a kind of event", "never: [behaviour]", "behaviour", claims.Normal, outcome{false, false, "", []protect.Reason{protect.Never}}},
		{"never in private mode, which it is not", "never: [behaviour]\n        when: {mode: private}", "behaviour", claims.Normal, outcome{true, true, `{"note":"hello","price":12}`, []protect.Reason{protect.Counted}}},
		{"never in private mode, which it is", "never: [behaviour]\n        when: {mode: private}", "behaviour", claims.Private, outcome{false, false, "", []protect.Reason{protect.Never}}},
		{"never an id", "never: [id]", "behaviour", claims.Normal, outcome{true, false, `{"note":"hello","price":12}`, []protect.Reason{protect.Counted}}},
		{"aggregated events", "aggregated: [behaviour]", "behaviour", claims.Normal, outcome{false, false, "", []protect.Reason{protect.Counted, protect.Counted}}},
		{"unlinked events", "unlinked: [behaviour/navigation]\n        to: [id/account]", "behaviour/navigation/url", claims.Normal, outcome{true, false, `{"note":"hello","price":12}`, []protect.Reason{protect.Counted}}},
		{"unlinked from properties", "unlinked: [behaviour/settings]\n        to: [behaviour/navigation]", "behaviour/settings", claims.Normal, outcome{true, true, `{"note":"hello","price":12}`, []protect.Reason{protect.Unlinked}}},
	} {
		g := gatetest.Open(t, t.TempDir(), "statements:\n  - id: s\n    asserts:\n      - "+tt.rule+"\n")
		e := gatetest.Event("Buy", "user-1", 1, gatetest.Start, price, page, note)
		e.Mode, e.Agreed = tt.mode, []string{"statistics", "private-statistics"}
		e.Kind = kind(tt.event)
		if got := try(t, g, e); got.kept != tt.want.kept || got.identified != tt.want.identified || got.props != tt.want.props || !slices.Equal(got.reasons, tt.want.reasons) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// The promise of a browser in 2020, as it was meant after the repair: in private
// mode nothing without the switch, and with it nothing but counts.
func TestIncognitoSwitch(t *testing.T) {
	file, _, ok := claims.Builtin("collect-example")
	if !ok {
		t.Fatal("no example")
	}
	policy, refused := protect.NewPolicy(file, protect.Setup{})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	g.Protect.Policy = policy
	e := gatetest.Event("Buy", "user-1", 1, gatetest.Start, gatetest.Number("price", "12"), gatetest.Text("url", "https://shop.example/"))
	e.Mode = claims.Private
	if _, reason := g.Consent.Permit(e); reason != consent.PrivateMode {
		t.Errorf("switch off: got %q", reason)
	}
	e.Agreed = append(e.Agreed, "private-statistics")
	if got := try(t, g, e); got.kept || !slices.Contains(got.reasons, protect.Counted) {
		t.Errorf("switch on: got %+v", got)
	}
	if g.Protect.Counter.Len() != 2 { // the event and the address
		t.Errorf("%d values are counted, want 2", g.Protect.Counter.Len())
	}
	e.Mode = claims.Normal
	if got := try(t, g, e); !got.kept || got.props != `{"price":12}` {
		t.Errorf("normal mode: got %+v", got)
	}
}

// The zero value of the type before makes nothing.
func TestZeroPermitted(t *testing.T) {
	g := gatetest.Open(t, t.TempDir(), gatetest.Basic)
	out, _, keep, err := g.Protect.Protect(consent.Permitted{})
	if keep || err != nil || out != (protect.Event{}) {
		t.Errorf("got %v, %t, %v", out, keep, err)
	}
}
