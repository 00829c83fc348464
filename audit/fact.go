package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
)

// A Fact is one line of the fact stream. Exactly one field is set.
type Fact struct {
	Config   *Config   `json:"config,omitempty"`
	Exhibit  *Exhibit  `json:"exhibit,omitempty"`
	Value    *Value    `json:"value,omitempty"`
	Finding  *Finding  `json:"finding,omitempty"`
	Party    *Party    `json:"party,omitempty"`
	Verdict  *Verdict  `json:"verdict,omitempty"`
	Coverage *Coverage `json:"coverage,omitempty"`
	Error    *Problem  `json:"error,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
}

// A Config opens the stream: what made it.
type Config struct {
	Format  string `json:"format"` // FactFormat
	Tool    string `json:"tool"`
	Version string `json:"version"`
	Case    string `json:"case,omitempty"`
	Reveal  bool   `json:"reveal"` // values are in clear
	Partial string `json:"partial,omitempty"`
	Rules   string `json:"rules,omitempty"`   // edition of the rules that the verdicts were made by
	Changed string `json:"changed,omitempty"` // what of that the plan of the case did not have
}

// FactFormat is the value of Config.Format.
const FactFormat = "facts/v1"

// A Problem is something that could not be done to an exhibit: a limit that
// was hit, a broken body. The rest goes on.
type Problem struct {
	Exhibit string `json:"exhibit,omitempty"`
	Trail   Trail  `json:"trail,omitempty"`
	Message string `json:"message"`
}

// Progress tells a person how far the work is. It is never stored.
type Progress struct {
	Done    int    `json:"done"`
	Total   int    `json:"total"`
	Message string `json:"message"`
}

// A Handler takes the facts of a stream in order. Every output format, and the
// replay of a stored stream, is a Handler.
type Handler interface {
	Handle(Fact) error
}

// HandlerFunc is a function that is a [Handler].
type HandlerFunc func(Fact) error

// Handle calls f.
func (f HandlerFunc) Handle(fact Fact) error { return f(fact) }

// A Writer is a [Handler] that writes JSON Lines.
type Writer struct {
	// Reveal writes values in clear instead of dots.
	Reveal bool
	W      io.Writer
}

// Handle writes one line. Progress is left out.
func (w *Writer) Handle(f Fact) error {
	if f.Progress != nil {
		return nil
	}
	if w.Reveal {
		f = f.revealed()
	} else {
		f = f.masked()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("fact: %w", err)
	}
	_, err := w.W.Write(b.Bytes())
	return err
}

var errNotOneFact = errors.New("a fact has exactly one key")

// Facts reads a stream of JSON Lines. It stops at the first line that is not a
// fact, with the number of the line in the error.
func Facts(r io.Reader) iter.Seq2[Fact, error] {
	return func(yield func(Fact, error) bool) {
		dec := json.NewDecoder(r)
		for n := 1; ; n++ {
			var f Fact
			err := dec.Decode(&f)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && f.count() != 1 {
				err = errNotOneFact
			}
			if err != nil {
				yield(f, fmt.Errorf("fact %d: %w", n, err))
				return
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (f Fact) count() int {
	n := 0
	for _, set := range []bool{
		f.Config != nil, f.Exhibit != nil, f.Value != nil, f.Finding != nil, f.Party != nil,
		f.Verdict != nil, f.Coverage != nil, f.Error != nil, f.Progress != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

// revealed returns a copy of f whose secrets are marshalled in clear.
func (f Fact) revealed() Fact {
	if f.Value != nil {
		v := *f.Value
		v.Data.open = true
		f.Value = &v
	}
	if f.Finding != nil {
		v := *f.Finding
		v.Value.open = true
		f.Finding = &v
	}
	return f
}

// masked returns a copy of f without what an address says beyond its host: a
// request's address may be all that it tells.
func (f Fact) masked() Fact {
	if f.Exhibit == nil || f.Exhibit.URL == "" {
		return f
	}
	ex := *f.Exhibit
	ex.URL = maskURL(ex.URL)
	f.Exhibit = &ex
	return f
}

// maskURL keeps scheme and host of an address.
func maskURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "••••"
	}
	rest := ""
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		rest = "/••••"
	}
	return u.Scheme + "://" + u.Host + rest
}
