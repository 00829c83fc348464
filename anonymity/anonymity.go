// Package anonymity measures how far a data set of events gives its people
// away.
//
// A [Table] holds the events; each column has a [Role]. A [Measure] is an
// attack or a metric: measures.go has them all in one table, and each is one
// file. [Run] applies them and returns a [Result] for each. No result says
// "anonymous": it says which attack succeeds on how many of how many subjects,
// with an interval, and how well guessing does.
//
// docs/anonymity.md defines every measure: formula, assumptions, what it
// cannot say, and where it is from. A measured risk is a lower bound of what a
// better attacker can do.
//
// All results depend on the table and the options alone. Random draws come
// from the seed in the options, one stream for each measure.
package anonymity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"telltale/audit"
)

// Options say how to measure. The zero value of a field means its default.
type Options struct {
	Seed       uint64        // of all random draws
	Draws      int           // subjects that an attack is tried on (3000: ±1.8 points at worst)
	Resamples  int           // of a bootstrap (1000)
	Points     int           // longest trace that an attacker knows (10)
	MaxSet     int           // largest set of columns that is searched (4)
	Population int           // people that the data is a sample of; 0: not known
	K          int           // threshold that small groups are held against (20)
	Split      time.Time     // end of the first window of linkage; zero: the middle
	Guesses    uint64        // tries of each dictionary at hashed identifiers (20 million)
	Spaces     []Space       // dictionaries to try on hashed identifiers
	Against    *Table        // a second data set about the same subjects
	Public     *Table        // a public table that the data set is a part of
	Replays    *Replays      // outputs of a release that was run many times
	Workers    int           // that match at the same time; the result does not depend on it (GOMAXPROCS)
	Clock      func() int64  // nanoseconds; nil: times are not measured
	Step       func(Measure) // is called before each measure; may be nil
}

func (o Options) filled() Options {
	fill := func(p *int, value int) {
		if *p == 0 {
			*p = value
		}
	}
	fill(&o.Draws, 3000)
	fill(&o.Resamples, 1000)
	fill(&o.Points, 10)
	fill(&o.MaxSet, 4)
	fill(&o.K, 20)
	fill(&o.Workers, runtime.GOMAXPROCS(0))
	if o.Guesses == 0 {
		o.Guesses = 20_000_000
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return 0 }
	}
	if o.Step == nil {
		o.Step = func(Measure) {}
	}
	return o
}

// A Measure is one way to ask how far a data set gives people away.
type Measure struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Asks      string `json:"asks"`      // the question, in words
	Assumes   string `json:"assumes"`   // what the attacker knows and can do
	CannotSay string `json:"cannotSay"` // what the figures do not show
	Source    string `json:"source"`    // the literature

	run func(ctx context.Context, s *study) (Result, error)
}

// A study is a table with the options, as the measures see it.
type study struct {
	*Table
	Options
}

// A Result is what one measure found.
type Result struct {
	Measure  Measure   `json:"measure"`
	Skipped  string    `json:"skipped,omitempty"` // why it was not measured
	Attacks  []Attack  `json:"attacks,omitempty"`
	Figures  []Figure  `json:"figures,omitempty"`
	Grids    []Grid    `json:"tables,omitempty"`
	Pictures []Picture `json:"pictures,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // what was left out, what did not work
	Examples []Example `json:"-"`               // values: for those who may see them
}

// An Attack is one sentence of the report: what was tried on whom and how
// often it worked.
type Attack struct {
	ID    string `json:"id"`   // such as "unicity/4/host/hour", for programs
	Name  string `json:"name"` // such as "singling out by 4 points"
	Rate  Rate   `json:"rate"`
	Of    string `json:"of"`              // what N counts: subjects, records
	Guess *Rate  `json:"guess,omitempty"` // the same in the control group
	Gain  *Rate  `json:"gain,omitempty"`  // above guessing
}

// String writes the sentence.
func (a Attack) String() string {
	s := fmt.Sprintf("%s succeeds on %s of %s %s", a.Name, a.Rate, thousands(a.Rate.N), a.Of)
	if a.Guess != nil && a.Gain != nil {
		s += fmt.Sprintf("; guessing on %s %%; gain %s", percent(a.Guess.Share), *a.Gain)
	}
	return s + "."
}

// against adds the control group to an attack.
func (a Attack) against(guess Rate) Attack {
	gain := Gain(a.Rate, guess)
	a.Guess, a.Gain = &guess, &gain
	return a
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A Figure is one number that is no rate of an attack.
type Figure struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value Number `json:"value"`
	Unit  string `json:"unit,omitempty"`
	Note  string `json:"note,omitempty"`
}

// A Number is a figure that may be infinite or missing; JSON has null for both.
type Number float64

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) {
	if x := float64(n); !math.IsNaN(x) && !math.IsInf(x, 0) {
		return json.Marshal(x)
	}
	return []byte("null"), nil
}

// String writes the number with four digits, and a sign where there is none.
func (n Number) String() string { return short(float64(n)) }

// A Grid is a table of cells, as words; the numbers behind them are in
// attacks and figures or in the cells themselves.
type Grid struct {
	Title string     `json:"title"`
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
}

// A Picture is drawn in the HTML report. Exactly one of its parts is set.
type Picture struct {
	Title     string    `json:"title"`
	Curves    []Curve   `json:"curves,omitempty"`
	Histogram []Bar     `json:"histogram,omitempty"`
	Heat      *Heat     `json:"heat,omitempty"`
	Axes      [2]string `json:"axes"` // what goes to the right, what goes up
}

// A Curve is one line with its intervals.
type Curve struct {
	Name   string `json:"name"`
	X      []int  `json:"x"`
	Points []Rate `json:"points"`
}

// A Bar is one bar of a histogram.
type Bar struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
	Risk  bool   `json:"risk,omitempty"` // below the threshold
}

// A Heat is a grid of rates.
type Heat struct {
	Columns []string `json:"columns"`
	Rows    []string `json:"rows"`
	Cells   [][]Rate `json:"cells"`
}

// An Example is a value that an attack brought to light.
type Example struct {
	Column string
	Form   string // how it was hidden, such as sha256
	Value  audit.Secret
}

// errSkip carries the reason why a measure cannot be taken on this data.
type errSkip struct{ reason string }

func (e errSkip) Error() string { return e.reason }

func skip(format string, args ...any) error { return errSkip{fmt.Sprintf(format, args...)} }

// Run takes the measures of the ids given, all if there are none, in the order
// of the table. It stops between two measures when the context ends.
func Run(ctx context.Context, t *Table, opt Options, ids ...string) ([]Result, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	chosen, err := choose(ids)
	if err != nil {
		return nil, err
	}
	s := &study{t, opt.filled()}
	var results []Result
	for _, m := range chosen {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.Step(m)
		r, err := m.run(ctx, s)
		if broken := errors.Join(t.Err(), s.Against.Err(), s.Public.Err()); broken != nil {
			err = broken
		}
		var skipped errSkip
		switch {
		case errors.As(err, &skipped):
			r = Result{Skipped: skipped.reason}
		case err != nil:
			return nil, fmt.Errorf("measuring %s: %w", m.ID, err)
		}
		r.Measure = m
		results = append(results, r)
	}
	return results, nil
}

// Succeeds reports whether the attack does more than guessing would explain:
// the low end of its gain is above zero, or of its rate if nobody guessed.
func (a Attack) Succeeds() bool {
	if a.Gain != nil {
		return a.Gain.Low > 0
	}
	return a.Rate.Share > 0
}
