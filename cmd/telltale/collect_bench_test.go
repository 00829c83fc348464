package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/protect"
	"telltale/sensors"
)

// BenchmarkCollect takes batches of 50 events through all gates to the log, without
// the network. Loads from outside are in bench/load.
func BenchmarkCollect(b *testing.B) {
	cfg := &collectConfig{}
	cfg.flags(newFlagSet())
	cfg.RateAddr, cfg.MinFree = 0, 0
	file, text, _ := claims.Builtin("collect-example")
	policy, refused := protect.NewPolicy(file, protect.Setup{})
	if len(refused) > 0 {
		b.Fatal(refused)
	}
	policy.Rounding = time.Minute
	f, err := openFolder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	e := &env{stderr: &output{}, stdout: &output{}, now: time.Now, getenv: func(string) string { return "" }}
	plan := collect.NewPlan(*file.Schema)
	p, err := openPipeline(context.Background(), e, cfg, f, promise{policy, plan})
	if err != nil {
		b.Fatal(err)
	}
	s := &collectServer{env: e, config: cfg, pipeline: p, plan: plan, file: file, claims: text}
	h, err := s.handler()
	if err != nil {
		b.Fatal(err)
	}
	const batch = 50
	bodies := make([]string, b.N)
	for i := range bodies {
		var records []sensors.Value
		for j := range batch {
			records = append(records, saidRecord("1a1fbdd4d33553-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793", int64(i*batch+j), time.Now().UnixMilli(),
				sensors.Member{Name: "price", Value: sensors.Integer(12)}, sensors.Member{Name: "$lib", Value: sensors.Text("js")},
				sensors.Member{Name: "$url", Value: sensors.Text("https://shop.example.com/item/7?session=1")}, sensors.Member{Name: "$title", Value: sensors.Text("Item")},
				sensors.Member{Name: "$screen_width", Value: sensors.Integer(1920)}, sensors.Member{Name: "$timezone_offset", Value: sensors.Integer(-60)}))
		}
		bodies[i] = sensors.Encode(records, sensors.Encoding{Field: "data_list", Gzip: 1})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, body := range bodies {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/sa", strings.NewReader(body)))
		if w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
}
