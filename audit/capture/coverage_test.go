package capture_test

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/capture"
)

func log(events ...audit.Event) iter.Seq2[audit.Event, error] {
	return func(yield func(audit.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func at(arm string, run, session int) audit.Place {
	return audit.Place{Arm: arm, Run: run, Session: session}
}

func request(p audit.Place, conn int, host, by string, size int64) audit.Event {
	return audit.Event{Place: p, Exchange: &audit.Exchange{Conn: conn, Host: host, URL: "u", Answered: by, Body: audit.Body{Size: size}}}
}

func refused(p audit.Place, conn int, host, alert string) audit.Event {
	return audit.Event{Place: p, Refused: &audit.Refused{Conn: conn, Host: host, Alert: alert}}
}

// Coverage counts what was read and what was not, arm by arm.
func TestCoverage(t *testing.T) {
	a, b := at("a", 1, 1), at("a", 2, 1)
	events := log(
		audit.Event{Place: a, Step: &audit.Step{Action: "visit", Seeds: []string{"s"}}},
		audit.Event{Place: a, Step: &audit.Step{Action: audit.Done}},
		audit.Event{Place: b, Step: &audit.Step{Action: audit.Done}},
		audit.Event{Place: at("a", 3, 1), Step: &audit.Step{Action: "visit", Seeds: []string{"s"}}}, // not finished
		audit.Event{Place: b, Step: &audit.Step{Action: "type", Target: "bar", Seeds: []string{"s"}, Skipped: "no bar"}},
		request(a, 1, "x.example", audit.ByStage, 0),
		request(a, 1, "y.example", audit.BySinkhole, 9),
		request(b, 1, "y.example", audit.BySinkhole, 0),
		refused(a, 2, "pinned.example", "unknown certificate authority"),
		audit.Event{Place: a, Tunnel: &audit.Tunnel{Conn: 3, Host: "raw.example", Out: audit.Body{Size: 5}}},
		audit.Event{Place: a, Tunnel: &audit.Tunnel{Conn: 4, Host: "idle.example"}},
		request(at("other", 1, 1), 1, "z.example", audit.BySinkhole, 0),
	)
	got, err := capture.Coverage([]audit.Arm{{Name: "a"}, {Name: "quiet"}}, events)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Coverage{
		{
			Arm: "a", Runs: 2, Connections: 5, Requests: 3, Bytes: 9 + 3 + 5, Stage: 1, Refused: 1, Tunnels: 1,
			Unread: []string{"pinned.example", "raw.example"},
			Alerts: []audit.Alert{{Host: "pinned.example", Alert: "unknown certificate authority", Count: 1}}, Skipped: []string{"type bar: no bar"},
		},
		{Arm: "quiet"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A handshake that was given up in silence counts only where the host was
// never read: programs race connections.
func TestCoverageSilentRefusal(t *testing.T) {
	a := at("a", 1, 1)
	raced := []audit.Event{refused(a, 1, "x.example", audit.ClosedWithoutReason), request(a, 2, "x.example", audit.BySinkhole, 0)}
	alone := []audit.Event{refused(a, 1, "x.example", audit.ClosedWithoutReason), request(a, 2, "y.example", audit.BySinkhole, 0)}
	ending := []audit.Event{{Place: a, Step: &audit.Step{Action: audit.Closing}}, refused(a, 1, "x.example", audit.ClosedWithoutReason)}
	for _, c := range []struct {
		want   int
		events []audit.Event
	}{{0, raced}, {1, alone}, {0, ending}} {
		got, err := capture.Coverage([]audit.Arm{{Name: "a"}}, log(c.events...))
		if err != nil || got[0].Refused != c.want {
			t.Errorf("got %d and %v, want %d", got[0].Refused, err, c.want)
		}
	}
}

// Only seeds of steps that were done are planted.
func TestPlanted(t *testing.T) {
	a := at("a", 1, 1)
	got := capture.Planted(log(
		audit.Event{Place: a, Step: &audit.Step{Action: "visit", Seeds: []string{"page"}}},
		audit.Event{Place: a, Step: &audit.Step{Action: "type", Seeds: []string{"typed"}, Skipped: "no bar"}}))
	if diff := cmp.Diff(map[string]bool{"page": true}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A damaged log is counted as far as it goes.
func TestCoverageDamagedLog(t *testing.T) {
	damaged := errors.New("cut")
	events := func(yield func(audit.Event, error) bool) {
		_ = yield(request(at("a", 1, 1), 1, "x.example", audit.BySinkhole, 0), nil) && yield(audit.Event{}, damaged)
	}
	got, err := capture.Coverage([]audit.Arm{{Name: "a"}}, events)
	if !errors.Is(err, damaged) || got[0].Requests != 1 {
		t.Errorf("got %d requests and %v", got[0].Requests, err)
	}
}

// The visits of the length probe are those that were made as planned.
func TestVisits(t *testing.T) {
	from := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	step := func(s audit.Step) audit.Event { return audit.Event{Time: from, Place: at("a", 2, 3), Step: &s} }
	plan := []audit.Probe{{Place: at("a", 2, 3), Lengths: []int{500, 50, 1500, 3000}}}
	got := capture.Visits(plan, log(
		step(audit.Step{Action: "visit", Target: "a page"}),
		step(audit.Step{Action: "probe", Length: 500, Until: from.Add(time.Second)}),
		step(audit.Step{Action: "probe", Length: 50, Skipped: "no browser"}),
		step(audit.Step{Action: "probe", Length: 1499, Until: from.Add(time.Second)}),
		step(audit.Step{Action: "probe", Length: 3000, Until: from.Add(time.Second)}),
		step(audit.Step{Action: "probe", Length: 3000, Until: from.Add(time.Second)}),
		audit.Event{Place: at("b", 1, 1), Step: &audit.Step{Action: "probe", Length: 500}},
		request(at("a", 2, 3), 1, "x.example", audit.BySinkhole, 0),
	))
	want := []audit.Visit{{Place: at("a", 2, 3), From: from, Until: from.Add(time.Second), Length: 500}}
	want = append(want, want[0])
	want[1].Length = 3000
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// What a file's reader had to pass over counts as unread, unless nothing that
// is sent to a server can be in it.
func TestCoverageOfSource(t *testing.T) {
	events := func(yield func(audit.Event, error) bool) {
		for _, s := range []audit.Source{
			{Passed: []audit.Passed{{Why: "encrypted by IPsec", Packets: 3, Bytes: 300}, {Why: "ICMP", Packets: 5, Bytes: 50, Idle: true}}},
			{Passed: []audit.Passed{{Why: "encrypted by IPsec", Packets: 4, Bytes: 400}}},
		} {
			if !yield(audit.Event{Place: audit.Place{Arm: "a"}, Source: &s}, nil) {
				return
			}
		}
	}
	got, err := capture.Coverage([]audit.Arm{{Name: "a"}}, events)
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Passed{{Why: "ICMP", Packets: 5, Bytes: 50, Idle: true}, {Why: "encrypted by IPsec", Packets: 7, Bytes: 700}}
	if diff := cmp.Diff(want, got[0].Passed); diff != "" || got[0].Lost != 7 {
		t.Errorf("%d lost; -want +got\n%s", got[0].Lost, diff)
	}
}

// Datagrams that were not let through are counted. A host that was to get
// HTTP/3 is unread unless it was read over another connection.
func TestBlocked(t *testing.T) {
	block := func(host, proto string) audit.Event {
		return audit.Event{Place: audit.Place{Arm: "a"}, Blocked: &audit.Blocked{Host: host, Proto: proto, Packets: 2, Bytes: 100, Why: "refused"}}
	}
	events := []audit.Event{
		block("fell-back.example", "quic"), block("stubborn.example", "quic"), block("time.example", "udp"),
		{Place: audit.Place{Arm: "a"}, Exchange: &audit.Exchange{Host: "fell-back.example"}},
	}
	got, err := capture.Coverage([]audit.Arm{{Name: "a"}}, func(yield func(audit.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	})
	want := []audit.Coverage{{
		Arm: "a", Connections: 1, Requests: 1, Tunnels: 1, Unread: []string{"stubborn.example"},
		Blocked: []audit.Passed{{Why: "refused", Packets: 6, Bytes: 300}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
