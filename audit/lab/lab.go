// Package lab runs experiments: it plants seeds, starts the software under
// test in each arm, lets it do the steps of a plan and writes down what was
// done when.
//
// A [Driver] knows one kind of software; chromium/ is the first. The sites
// that the software visits are stage/, the positive controls specimen/. The
// lab captures nothing and judges nothing: a [Network] is where the software's
// traffic goes, and every event carries the place (arm, run, session) that the
// lab gave it.
//
// One run is one fresh profile. The arms of a target share the profile of a
// run, as a person's normal and private windows do: an id that joins them can
// only show that way. Each arm starts the software twice, so that an id that
// survives a restart shows too.
package lab

import (
	"context"
	"errors"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// A Verb says what an [Action] does.
type Verb string

// The verbs. A driver that cannot do one answers with an [Unable].
const (
	Idle     Verb = "idle"     // leave the software alone
	Visit    Verb = "visit"    // open a page
	Search   Verb = "search"   // open a search engine's results for words
	Type     Verb = "type"     // type words into the address bar and press enter
	Read     Verb = "read"     // open a page and stay on it, scrolling
	SignIn   Verb = "sign in"  // open a form, fill it, send it
	Download Verb = "download" // open an address that is a file
	Press    Verb = "press"    // use a part of the phone's own interface
	Probe    Verb = "probe"    // open a page whose address has a known length, and leave the software alone
)

// An Action is one step of a plan with its seeds filled in.
type Action struct {
	Verb   Verb
	URL    string
	Text   string        // what is typed
	For    time.Duration // how long Idle and Read last, and the time after a Probe
	Target string        // what it acts on, in words, without the seeds' values
	Seeds  []string      // names of the seeds in URL and Text
	Kind   personal.Kind // of Press: the kind of behaviour
}

// An Unable is the error of a driver that cannot do an action by its nature.
// The run goes on, and the report says that the step was not done.
type Unable struct{ Why string }

// Error implements error with the reason.
func (e Unable) Error() string { return e.Why }

// A Driver starts one kind of software.
type Driver interface {
	// Tool says which software this is. It is called before anything is
	// captured, and fails with advice if the software is missing.
	Tool(ctx context.Context) (audit.Tool, error)
	// Start starts the software. Only ctx's end or Close stops it.
	Start(ctx context.Context, s Start) (Software, error)
}

// A Start says how software is to be started.
type Start struct {
	Profile  string // folder, empty at the run's first start, then kept
	Mode     claims.Mode
	Proxy    string // URL of the proxy that all traffic has to go through
	Specimen string // folder of an extension to load, or ""
	Offline  bool   // the software may resolve no name by itself
}

// Software is a program that runs.
type Software interface {
	Do(ctx context.Context, a Action) error
	// Close ends the program the way its user would, so that it keeps its profile.
	Close(ctx context.Context) error
}

// A Pictured is software that can show what its user sees.
type Pictured interface {
	// Picture returns the software's window as a PNG.
	Picture(ctx context.Context) ([]byte, error)
}

// A Network carries the traffic of the software.
type Network interface {
	Join(place audit.Place) (Link, error)
	// Failed is closed when nothing more can be captured; Err says why.
	Failed() <-chan struct{}
	Err() error
}

// A Link is one start's way into the network.
type Link interface {
	URL() string
	// Close returns when everything that came over the link is recorded.
	Close() error
}

// errStopped is the cause of a cancelled experiment whose network failed.
var errStopped = errors.New("capture stopped")
