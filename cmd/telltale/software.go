package main

import (
	"strings"
	"time"

	"telltale/audit/lab"
	"telltale/audit/lab/chromium"
	"telltale/audit/lab/specimen"
	"telltale/claims"
)

// A software is what an audit can test.
type software struct {
	name    string
	modes   []claims.Mode
	driver  lab.Driver
	plan    func(settle time.Duration) lab.Plan
	alone   bool   // has no control: it is a specimen itself
	scratch string // folder for profiles, "": the system's
}

// browsers are the drivers by name. A new browser is a row.
var browsers = []struct {
	name string
	open func(t *trial) (software, error)
}{
	{"chromium", openChromium},
}

func browserNames() []string {
	var names []string
	for _, b := range browsers {
		names = append(names, b.name)
	}
	return names
}

// chooseSoftware finds what to test: the browser, or the specimen if that is a
// program of its own.
func chooseSoftware(t *trial) (software, error) {
	if t.specimen.Name != "" && t.specimen.Kind == specimen.Program {
		return openPhone(t)
	}
	for _, b := range browsers {
		if b.name == t.options.browser {
			return b.open(t)
		}
	}
	return software{}, usagef("browser %q is not known; there is %s", t.options.browser, strings.Join(browserNames(), ", "))
}

func openChromium(t *trial) (software, error) {
	path, err := chromium.Find()
	if err != nil {
		return software{}, err
	}
	return software{
		name: "chromium", modes: []claims.Mode{claims.Normal, claims.Private},
		driver: &chromium.Driver{Path: path, SPKI: t.ca.SPKI()}, plan: lab.BrowserPlan,
		scratch: chromium.Scratch(path),
	}, nil
}
