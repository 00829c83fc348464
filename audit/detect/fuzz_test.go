package detect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/detect"
)

// FuzzDetect: whatever is sent, one worker and several tell the same, every
// finding's span lies in its value, and a value that is put into a field of its
// own is told.
func FuzzDetect(f *testing.F) {
	f.Add(`[{"distinct_id":"d-77","type":"track","lib":{"$lib":"js"},"properties":{"$url":"https://a.example/"}}]`, "imei")
	f.Add(`a=k7f3q9w2@post.example&lat=48.13743&lon=11.57549`, "$n")
	f.Add(`{"e":["0.7.1",1,0,1200,"p","1k2m3n","4p5q6r",1,0,0,0,"https://a.example/"]}`, "")
	f.Fuzz(func(t *testing.T, in, name string) {
		if len(in) > 1<<12 {
			return
		}
		run := func(workers int) detect.Result {
			exhibits := []audit.Exhibit{body(1, here, "sink.example", in), body(2, here, "sink.example", in)}
			r, err := detect.Detect(caught(exhibits), detect.Experiment{Arms: arms}, peel, workers)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		one := run(1)
		if diff := cmp.Diff(lines(one.Findings), lines(run(3).Findings)); diff != "" {
			t.Errorf("one worker, three: -want +got\n%s", diff)
		}
		for _, f := range one.Findings {
			if f.Span.Start < 0 || f.Span.End < f.Span.Start || f.Value.Len() == 0 || f.Span.End > f.Value.Len() || !strings.Contains(f.Says, " ") {
				t.Errorf("%v: span %v of %d bytes: %s", f.Trail, f.Span, f.Value.Len(), f.Says)
			}
		}
		ok := !strings.ContainsFunc(name, func(r rune) bool { return r < 'A' || r > 'z' || r == '\\' })
		if ok && len(shaped(t, `{"`+name+`":"k7f3q9w2@post.example"}`)) == 0 {
			t.Errorf("the address in field %q is not told", name)
		}
	})
}
