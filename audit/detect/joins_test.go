package detect_test

import (
	"strings"
	"testing"

	"telltale/audit"
)

func says(t *testing.T, seeds []audit.Seed, exhibits ...audit.Exhibit) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for _, f := range found(t, seeds, exhibits...).Findings {
		got[string(f.Kind)+" in "+f.Exhibit] = f.Says
	}
	return got
}

// An identifier says what stands in the records that it stands in, under the
// mode that it tells of: a page that was visited in private mode is private
// whenever it is sent.
func TestJoins(t *testing.T) {
	private := audit.Seed{Name: "p", Kind: "behaviour/navigation/url", Value: "p7f3q9w2m4x8abcd", Arm: "private"}
	normal := audit.Place{Arm: "normal", Run: 1, Session: 1}
	got := says(t, []audit.Seed{private},
		body(1, normal, "sink.example", `{"imei":"490154203237518","u":"p7f3q9w2m4x8abcd"}`),
		body(2, normal, "sink.example", `{"imei":"490154203237518","event":"e","properties":{"token":"0123456789","distinct_id":"d-77","$current_url":"https://news.example/"}}`),
	)
	const want = "one person's: page address in normal and private mode"
	for _, where := range []string{"id/device/imei in e1", "id/device/imei in e2"} {
		if !strings.Contains(got[where], want) {
			t.Errorf("%s says %q, want %q", where, got[where], want)
		}
	}
	if who := got["id/install in e2"]; !strings.Contains(who, "one person's: page address in normal mode") {
		t.Errorf("the id beside one page says %q", who)
	}
}

// Address and body of one request are one record.
func TestJoinsParts(t *testing.T) {
	address := body(1, here, "sink.example", "https://sink.example/?imei=490154203237518")
	address.Part, address.Event = "request.url", 1
	data := body(2, here, "sink.example", token)
	data.Event = 1
	if got := says(t, []audit.Seed{page}, address, data)["id/device/imei in e1"]; !strings.Contains(got, "one person's: page address") {
		t.Errorf("says %q", got)
	}
	data.Event = 2
	if got := says(t, []audit.Seed{page}, address, data)["id/device/imei in e1"]; strings.Contains(got, "one person's") {
		t.Errorf("another request: says %q", got)
	}
}

// The same value has the same label at every place, two values have two.
func TestLabels(t *testing.T) {
	labels := make(map[string]string)
	for _, f := range found(t, nil,
		body(1, here, "a.example", `{"mail":"A7f3q9w2@post.example","x":"b7f3q9w2@post.example"}`),
		body(2, here, "b.example", `em=a7f3q9w2%40post.example`),
	).Findings {
		labels[f.Exhibit+" "+strings.ToLower(string(f.Value.Reveal()))] = f.Label
	}
	a, b, again := labels["e1 a7f3q9w2@post.example"], labels["e1 b7f3q9w2@post.example"], labels["e2 a7f3q9w2@post.example"]
	if a == "" || a != again || a == b {
		t.Errorf("labels %v", labels)
	}
}
