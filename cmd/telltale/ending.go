package main

import (
	"errors"
	"slices"
	"time"

	"telltale/audit"
	"telltale/audit/evidence"
)

// ending says why a case is not complete, "" if it is, and when it ended.
func ending(r *evidence.Reader) (partial string, ended time.Time) {
	c := course(r)
	return c.partial, c.ended
}

// A passage is what a log tells of the whole case.
type passage struct {
	partial  string        // why the case is not complete; "" if it is
	ended    time.Time     // of the last event
	steps    []audit.Event // what the lab did, in the order of the log
	imported bool          // others captured the traffic
}

// course reads a log once, as far as it goes.
func course(r *evidence.Reader) (c passage) {
	var end *audit.End
	for e, err := range r.Events() {
		if err != nil {
			c.partial = damage(err)
			return c
		}
		c.ended = e.Time
		if e.Step != nil {
			c.steps = append(c.steps, e)
		}
		c.imported = c.imported || e.Source != nil
		if e.End != nil {
			end = e.End
		}
	}
	c.partial = incomplete(end)
	return c
}

// incomplete says why a log that was read to its end is not complete.
func incomplete(end *audit.End) string {
	switch {
	case end == nil:
		return "the capture was cut off: the program or the machine stopped"
	case end.Reason == audit.Complete:
		return ""
	case end.Message != "":
		return end.Reason + ": " + end.Message
	default:
		return end.Reason
	}
}

// damage says what is wrong with a log.
func damage(err error) string {
	if errors.Is(err, evidence.ErrCut) {
		return "the capture was cut off in the middle of a line"
	}
	return "the capture log is damaged: " + err.Error()
}

func byID(exhibits []audit.Exhibit) map[string]audit.Exhibit {
	m := make(map[string]audit.Exhibit, len(exhibits))
	for _, ex := range exhibits {
		m[ex.ID] = ex
	}
	return m
}

func byHost(parties []audit.Party) map[string]audit.Party {
	m := make(map[string]audit.Party, len(parties))
	for _, p := range parties {
		m[p.Host] = p
	}
	return m
}

// insert puts s into a sorted list, once.
func insert(list []string, s string) []string {
	i, had := slices.BinarySearch(list, s)
	if had {
		return list
	}
	return slices.Insert(list, i, s)
}
