package decode

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"telltale/audit"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	f, _ := os.Open("testdata/mix.jsonl")
	var mix []audit.Exhibit
	for l := json.NewDecoder(f); l.More(); {
		var line struct {
			Part string
			Data []byte
		}
		l.Decode(&line)
		mix = append(mix, audit.Exhibit{ID: "e1", Part: line.Part, Data: audit.NewSecret(line.Data)})
	}
	type rec struct {
		d time.Duration
		n int
		v string
	}
	acc := map[string]*rec{}
	dec := map[string]time.Duration{}
	var keys []string
	var total time.Duration
	for rep := 0; rep < 20; rep++ {
		p := newPeeling(DefaultLimits)
		for _, ex := range mix {
			p.queue = append(p.queue[:0], audit.Value{Exhibit: ex.ID, Trail: audit.Trail{ex.Part}, Data: ex.Data})
			for n := 0; n < len(p.queue); n++ {
				v := p.queue[n]
				t0 := time.Now()
				p.peel(v)
				d := time.Since(t0)
				total += d
				k := fmt.Sprintf("%.60s|%d|%.50q", fmt.Sprint(v.Trail[len(v.Trail)-1]), v.Data.Len(), v.Data.Reveal())
				if acc[k] == nil {
					acc[k] = &rec{v: k}
					keys = append(keys, k)
				}
				acc[k].d += d
				acc[k].n++
				p.problems = p.problems[:0]
			}
			p.reset()
		}
		if rep == 0 {
			for i := range decoders {
				i := i
				old := decoders[i].decode
				name := decoders[i].name
				decoders[i].decode = func(in layer, e func(part) bool) error {
					t0 := time.Now()
					err := old(in, e)
					dec[name] += time.Since(t0)
					return err
				}
				og := decoders[i].gate
				decoders[i].gate = func(in layer) bool { t0 := time.Now(); r := og(in); dec["gate "+name] += time.Since(t0); return r }
			}
		}
	}
	var l []*rec
	for _, k := range keys {
		l = append(l, acc[k])
	}
	sort.Slice(l, func(i, j int) bool { return l[i].d > l[j].d })
	fmt.Println("total", total/20)
	for _, r := range l[:70] {
		fmt.Println(r.d/20, r.n/20, r.v)
	}
	type kv struct {
		k string
		v time.Duration
	}
	var ds []kv
	for k, v := range dec {
		ds = append(ds, kv{k, v})
	}
	sort.Slice(ds, func(i, j int) bool { return ds[i].v > ds[j].v })
	for _, x := range ds[:45] {
		fmt.Println(x.v/19, x.k)
	}
}
