// Command load loads a collector and says what it bore: events a second, times
// to an answer. It makes all requests before it sends the first, so that making
// them costs nothing while it measures.
//
//	telltale collect --claims collect-example --data DIR --rate-client 0 &
//	go run ./bench/load -url http://127.0.0.1:8106 -events 2000000 -batch 50
//	go run ./bench/load -url http://127.0.0.1:8106 -events 200000 -batch 1 -rate 10000
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"telltale/sensors"
)

// A run is what the command line asks for.
type run struct {
	url                         string
	events, batch, users, conns int
	rate                        int // requests a second, 0: as many as go
}

func main() {
	var r run
	flag.StringVar(&r.url, "url", "http://127.0.0.1:8106", "the collector")
	flag.IntVar(&r.events, "events", 1_000_000, "events in all")
	flag.IntVar(&r.batch, "batch", 50, "events of a request")
	flag.IntVar(&r.users, "users", 200_000, "users")
	flag.IntVar(&r.conns, "connections", 64, "connections")
	flag.IntVar(&r.rate, "rate", 0, "requests a second (0: as many as go)")
	flag.Parse()
	if err := r.do(os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// do makes the requests, sends them, and writes what came of it.
func (r run) do(w io.Writer) error {
	bodies := r.bodies(time.Now())
	bytes := 0
	for _, b := range bodies {
		bytes += len(b)
	}
	took, times, failed := r.send(bodies)
	slices.Sort(times)
	at := func(q float64) time.Duration {
		if len(times) == 0 {
			return 0
		}
		return times[int(q*float64(len(times)-1))]
	}
	_, err := fmt.Fprintf(w, "%d requests of %d events, %.0f bytes each, %d failed, in %.2f s: %.0f events/s, %.0f requests/s; p50 %v p99 %v max %v\n",
		len(bodies), r.batch, float64(bytes)/float64(len(bodies)), failed, took.Seconds(),
		float64((len(bodies)-failed)*r.batch)/took.Seconds(), float64(len(bodies)-failed)/took.Seconds(), at(.5), at(.99), at(1))
	return err
}

// send sends each body once and returns how long all took, and each answer.
func (r run) send(bodies [][]byte) (took time.Duration, times []time.Duration, failed int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: r.conns, MaxConnsPerHost: r.conns}, Timeout: time.Minute}
	var next, bad atomic.Int64
	var mu sync.Mutex
	var work sync.WaitGroup
	start := time.Now()
	for range r.conns {
		work.Go(func() {
			var own []time.Duration
			for {
				i := int(next.Add(1) - 1)
				if i >= len(bodies) {
					break
				}
				if r.rate > 0 { // a late request is late by its plan, not by the one before
					time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(r.rate))))
				}
				begun := time.Now()
				if !post(client, r.url+"/sa?project=default", bodies[i]) {
					bad.Add(1)
				}
				own = append(own, time.Since(begun))
			}
			mu.Lock()
			times = append(times, own...)
			mu.Unlock()
		})
	}
	work.Wait()
	return time.Since(start), times, int(bad.Load())
}

func post(client *http.Client, url string, body []byte) bool {
	answer, err := client.Post(url, "application/x-www-form-urlencoded", bytes.NewReader(body)) //nolint:noctx // it ends with the program
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// bodies makes all requests: a batch is of one user, as SDKs send it.
func (r run) bodies(at time.Time) [][]byte {
	bodies := make([][]byte, r.events/r.batch)
	var next atomic.Int64
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				if i >= len(bodies) {
					return
				}
				random := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // a load, the same each time
				user := random.IntN(r.users)
				records := make([]sensors.Value, r.batch)
				for j := range records {
					records[j] = event(random, user, i*r.batch+j, at)
				}
				bodies[i] = []byte(sensors.Encode(records, sensors.Encoding{Field: "data_list", Gzip: 1}))
			}
		})
	}
	work.Wait()
	return bodies
}

// event is one of a shop: mostly pages, some searches, a few purchases, about
// 700 bytes with what the JavaScript SDK sends along.
func event(random *rand.Rand, user, n int, at time.Time) sensors.Value {
	text, number := sensors.Text, func(n int) sensors.Value { return sensors.Integer(int64(n)) }
	page := fmt.Sprintf("https://shop.example.com/item/%d?session=%d", int(random.ExpFloat64()*200), user)
	id := fmt.Sprintf("1a1fbdd4d%05x-09014821266ae5-3a563c7c-56778799-1a1fbdd4d3c793", user)
	name := "$pageview"
	props := []sensors.Member{
		{Name: "incognito", Value: sensors.Truth(false)},
		{Name: "consent", Value: text("statistics")},
		{Name: "$lib", Value: text("js")},
		{Name: "$lib_version", Value: text("1.26.17")},
		{Name: "$timezone_offset", Value: number(-60)},
		{Name: "$screen_height", Value: number(1080)},
		{Name: "$screen_width", Value: number(1920)},
		{Name: "$os", Value: text("Windows")},
		{Name: "$latest_traffic_source_type", Value: text("direct")},
		{Name: "$referrer", Value: text("https://search.example.org/")},
		{Name: "$url", Value: text(page)},
		{Name: "$title", Value: text("Item")},
		{Name: "$is_first_day", Value: sensors.Truth(n%5 == 0)},
	}
	switch random.IntN(10) {
	case 0:
		name = "Search"
		props = append(props, sensors.Member{Name: "query", Value: text(fmt.Sprint("words ", int(random.ExpFloat64()*50)))}, sensors.Member{Name: "results", Value: number(random.IntN(40))})
	case 1:
		name = "Buy"
		props = append(props, sensors.Member{Name: "price", Value: number(5 * random.IntN(40))}, sensors.Member{Name: "currency", Value: text("EUR")})
	}
	when := at.Add(-time.Duration(random.IntN(3600)) * time.Second).UnixMilli()
	return sensors.NewObject(
		sensors.Member{Name: "identities", Value: sensors.NewObject(sensors.Member{Name: "$identity_cookie_id", Value: text(id)})},
		sensors.Member{Name: "distinct_id", Value: text(id)},
		sensors.Member{Name: "lib", Value: sensors.NewObject(sensors.Member{Name: "$lib", Value: text("js")}, sensors.Member{Name: "$lib_method", Value: text("code")})},
		sensors.Member{Name: "properties", Value: sensors.NewObject(props...)}, sensors.Member{Name: "type", Value: text("track")},
		sensors.Member{Name: "event", Value: text(name)}, sensors.Member{Name: "time", Value: sensors.Integer(when)},
		sensors.Member{Name: "_track_id", Value: number(n)}, sensors.Member{Name: "_flush_time", Value: sensors.Integer(at.UnixMilli())},
	)
}
