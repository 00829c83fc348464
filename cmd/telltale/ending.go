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
	var end *audit.End
	for e, err := range r.Events() {
		if err != nil {
			return damage(err), ended
		}
		ended = e.Time
		if e.End != nil {
			end = e.End
		}
	}
	switch {
	case end == nil:
		return "the capture was cut off: the program or the machine stopped", ended
	case end.Reason == audit.Complete:
		return "", ended
	case end.Message != "":
		return end.Reason + ": " + end.Message, ended
	default:
		return end.Reason, ended
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
