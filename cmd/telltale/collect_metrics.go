package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"telltale/collect/ingest"
)

// collectMetrics are the counters of a collector, in the text format of
// Prometheus. No label is anything that a sender chose: reasons and statuses are
// ours, and names that the plan does not have are shown when enough users sent them.
type collectMetrics struct {
	mu      sync.Mutex
	counts  map[string]int64 // by name and labels
	elapsed [len(latencies) + 1]int64
	total   time.Duration
	unknown map[ingest.Reason]*ingest.Names
}

// latencies are the upper bounds of the histogram of answers.
var latencies = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
}

func newCollectMetrics() *collectMetrics {
	return &collectMetrics{counts: make(map[string]int64), unknown: map[ingest.Reason]*ingest.Names{
		ingest.UnknownEvent: {K: 20}, ingest.UnknownProperty: {K: 20},
	}}
}

func (m *collectMetrics) add(name string, n int) {
	if n == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[name] += int64(n)
}

func (m *collectMetrics) dropped(reason string, n int) {
	m.add(`telltale_collect_dropped_total{reason="`+reason+`"}`, n)
}

func (m *collectMetrics) stored(n int) { m.add("telltale_collect_stored_total", n) }

// notice counts one request.
func (m *collectMetrics) notice(n ingest.Notice) {
	reasons := make(map[ingest.Reason]int64)
	for _, d := range n.Batch.Drops {
		reasons[d.Reason]++
		if names := m.unknown[d.Reason]; names != nil {
			names.Add(d.Name, d.Who)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[fmt.Sprintf(`telltale_collect_requests_total{status="%d"}`, n.Status)]++
	m.counts["telltale_collect_records_total"] += int64(n.Batch.Records)
	m.counts["telltale_collect_kept_total"] += int64(n.Fates.Kept)
	m.counts["telltale_collect_copies_total"] += int64(n.Fates.Copies)
	for reason, n := range reasons {
		m.counts[`telltale_collect_dropped_total{reason="`+string(reason)+`"}`] += n
	}
	i, _ := slices.BinarySearch(latencies[:], n.Elapsed)
	m.elapsed[i]++
	m.total += n.Elapsed
}

// families are the metrics and what they count.
var families = []struct{ name, help string }{
	{"telltale_collect_requests_total", "requests of the protocol, by answer"},
	{"telltale_collect_records_total", "records in them"},
	{"telltale_collect_kept_total", "records that are on disk or were counted"},
	{"telltale_collect_copies_total", "records that were there already"},
	{"telltale_collect_stored_total", "records that went from the log to the store"},
	{"telltale_collect_dropped_total", "records and properties that were taken out, by reason"},
}

// write writes all metrics.
func (m *collectMetrics) write(w io.Writer) error {
	var b strings.Builder
	m.mu.Lock()
	for _, f := range families {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s counter\n", f.name, f.help, f.name)
		for _, name := range slices.Sorted(maps.Keys(m.counts)) {
			if base, _, _ := strings.Cut(name, "{"); base == f.name {
				fmt.Fprintf(&b, "%s %d\n", name, m.counts[name])
			}
		}
	}
	const answer = "telltale_collect_answer_seconds"
	fmt.Fprintf(&b, "# HELP %s time to an answer\n# TYPE %s histogram\n", answer, answer)
	sum := int64(0)
	for i, n := range m.elapsed {
		sum += n
		bound := "+Inf"
		if i < len(latencies) {
			bound = fmt.Sprint(latencies[i].Seconds())
		}
		fmt.Fprintf(&b, "%s_bucket{le=%q} %d\n", answer, bound, sum)
	}
	fmt.Fprintf(&b, "%s_sum %g\n%s_count %d\n", answer, m.total.Seconds(), answer, sum)
	m.mu.Unlock()
	for _, reason := range slices.Sorted(maps.Keys(m.unknown)) {
		shown, other := m.unknown[reason].Shown()
		name := "telltale_collect_" + strings.ReplaceAll(string(reason), "-", "_") + "_names_total"
		fmt.Fprintf(&b, "# HELP %s names that the plan does not have, if at least 20 users sent them\n# TYPE %s counter\n", name, name)
		for _, n := range shown {
			fmt.Fprintf(&b, "%s{name=%q} %d\n", name, n.Name, n.N)
		}
		fmt.Fprintf(&b, "%s{name=\"(other)\"} %d\n", name, other)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
