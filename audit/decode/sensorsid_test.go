package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

const sensorsID = "1a1fbdd4d33553-09014821266ae5-3a563c7c-2073600-1a1fbdd4d3c793"

func TestSensorsID(t *testing.T) {
	got := run(t, named(t, "sensors-id"), layer{data: []byte(sensorsID)})
	want := []part{
		{"sensors-id:first-visit", []byte("2026-11-21T02:09:06.867Z"), audit.Span{Start: 0, End: 14}},
		{"sensors-id:random", []byte("09014821266ae5"), audit.Span{Start: 15, End: 29}},
		{"sensors-id:user-agent-check", []byte("3a563c7c"), audit.Span{Start: 30, End: 38}},
		{"sensors-id:screen-area", []byte("2073600"), audit.Span{Start: 39, End: 46}},
		{"sensors-id:second-time", []byte("2026-11-21T02:09:06.876Z"), audit.Span{Start: 47, End: 61}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(part{})); diff != "" {
		t.Error(diff)
	}
	for _, s := range []string{
		"550e8400-e29b-41d4-a716-446655440000", "a-sentence-of-words-that-has-as-many-hyphens-as", strings.ToUpper(sensorsID), sensorsID + "-1",
	} {
		if got := run(t, named(t, "sensors-id"), layer{data: []byte(s)}); got != nil {
			t.Errorf("%s: got %v", s, got)
		}
	}
}

// Every decoder of the table sees the id; that it came apart shows in the trail.
func TestSensorsIDInRecord(t *testing.T) {
	body := []byte(`{"identities":{"$identity_cookie_id":"` + sensorsID + `"}}`)
	var trails []string
	for v, err := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(body)}, DefaultLimits) {
		if err != nil {
			t.Error(err)
		}
		if step := v.Trail[len(v.Trail)-1]; strings.HasPrefix(step, "sensors-id:first") {
			trails = append(trails, v.Trail.String())
		}
	}
	if diff := cmp.Diff([]string{"request.body › json:/identities/$identity_cookie_id › sensors-id:first-visit"}, trails); diff != "" {
		t.Error(diff)
	}
}

// FuzzSensorsID: the parts and the hyphens between them are the whole id.
func FuzzSensorsID(f *testing.F) {
	f.Add([]byte(sensorsID))
	f.Add([]byte(strings.Replace(sensorsID, "3a563c7c", "-80000000", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		at := 0
		parts := run(t, named(t, "sensors-id"), layer{data: data})
		for _, p := range parts {
			if p.span.Start != at || p.span.End > len(data) {
				t.Errorf("%q: %s is at %v, want from %d", data, p.step, p.span, at)
			}
			at = p.span.End + 1
		}
		if len(parts) > 0 && (len(parts) != 5 || at != len(data)+1) {
			t.Errorf("%q: %d parts to byte %d", data, len(parts), at)
		}
	})
}
