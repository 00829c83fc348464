//go:build ignore

// This program makes browsing.csv, a data set of events of people who do not
// exist, for examples and tests:
//
//	go run generate.go >browsing.csv
//
// Each of 100 people has favourite sites, a phone and habits, and visits pages
// for four weeks, some of them in a private window. The collector is said to be
// anonymous: it hashes the phone number, without salt, and encodes the
// ANDROID_ID in base64. All hosts are below .example (RFC 2606), and all phone
// numbers below +99900, a country code that is not assigned.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

const (
	people = 100
	sites  = 400
	visits = 22 // of a person, in the mean
)

var (
	models    = []string{"R1", "R1", "R1", "R2", "R2", "S5", "S5 Pro", "T9"}
	versions  = []string{"3.4.0", "3.4.0", "3.4.0", "3.3.1", "3.2.8", "3.4.1"}
	countries = []string{"IN", "IN", "IN", "ID", "ES", "RU", "DE"}
	interests = []string{"news", "sport", "music", "health", "travel"}
)

type person struct {
	id, android, phone, model, version, country, interest string
	favourites                                            []int
}

func main() {
	rng := rand.New(rand.NewPCG(2020, 5))
	w := csv.NewWriter(os.Stdout)
	row := func(fields ...string) {
		if err := w.Write(fields); err != nil {
			log.Fatal(err)
		}
	}
	row("distinct_id", "time", "url", "mode", "model", "app_version", "country", "device", "phone", "interest")
	start := time.Date(2020, 5, 4, 0, 0, 0, 0, time.UTC)
	type event struct {
		at     time.Time
		fields []string
	}
	var events []event
	for i := range people {
		p := born(i, rng)
		for range 8 + rng.IntN(2*visits-16) {
			day, hour := rng.IntN(28), 7+rng.IntN(16)
			at := start.Add(time.Duration(day*24+hour)*time.Hour + time.Duration(rng.IntN(3600))*time.Second)
			site := p.favourites[int(float64(len(p.favourites))*math.Pow(rng.Float64(), 1.7))]
			if rng.IntN(5) == 0 {
				site = popular(rng)
			}
			mode := "normal"
			if rng.IntN(4) == 0 {
				mode = "private"
			}
			events = append(events, event{at, []string{
				p.id, at.Format(time.RFC3339), page(site, rng), mode, p.model, p.version, p.country, p.android, p.phone, p.interest,
			}})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range events {
		row(e.fields...)
	}
	w.Flush()
}

func born(i int, rng *rand.Rand) person {
	p := person{
		id:      fmt.Sprintf("u%03d", i),
		android: base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%016x", rng.Uint64())),
		model:   pick(models, rng), version: pick(versions, rng), country: pick(countries, rng), interest: pick(interests, rng),
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "+99900%06d", rng.IntN(1_000_000)))
	p.phone = hex.EncodeToString(sum[:])
	for range 4 + rng.IntN(10) {
		p.favourites = append(p.favourites, popular(rng))
	}
	return p
}

// popular draws a site; few have most of the visits.
func popular(rng *rand.Rand) int { return int(sites * math.Pow(rng.Float64(), 2.2)) }

func page(site int, rng *rand.Rand) string {
	host := fmt.Sprintf("www.site%d.example", site)
	switch rng.IntN(3) {
	case 0:
		return "https://" + host + "/"
	case 1:
		return fmt.Sprintf("https://%s/story/%d", host, 1000+rng.IntN(40))
	default:
		return fmt.Sprintf("https://%s/search?q=word%d", host, rng.IntN(30))
	}
}

func pick(list []string, rng *rand.Rand) string { return list[rng.IntN(len(list))] }
