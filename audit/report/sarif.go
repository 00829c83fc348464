package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"telltale/audit"
)

// SARIF 2.1.0, the OASIS standard of 27 March 2020. A claim is a rule, a
// verdict a result. The kinds of results are those of section 3.27.9: "open"
// is what could not be decided, "notApplicable" what was not tested.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifID           `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Columns     string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID         string            `json:"id"`
		Short      sarifText         `json:"shortDescription"`
		Full       sarifText         `json:"fullDescription"`
		Help       *sarifText        `json:"help,omitempty"`
		HelpURI    string            `json:"helpUri,omitempty"`
		Properties map[string]string `json:"properties,omitempty"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Start         string              `json:"startTimeUtc,omitempty"`
		End           string              `json:"endTimeUtc,omitempty"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		FullName string `json:"fullyQualifiedName"`
	}
)

// sarifKinds says how each result is written. A level other than none goes
// with the kind fail alone (section 3.27.10).
var sarifKinds = map[audit.Result]struct{ kind, level string }{
	audit.Refuted:    {"fail", "error"},
	audit.CannotTell: {"open", "none"},
	audit.NotTested:  {"notApplicable", "none"},
	audit.Supported:  {"pass", "none"},
}

// maxRelated bounds the exhibits that a result points to.
const maxRelated = 20

// Files of the case folder that results point to.
const (
	claimsFile  = "claims.yaml"
	captureFile = "capture.jsonl"
)

// writeSARIF writes the verdicts for tools that show results of code checks.
func writeSARIF(w io.Writer, x *index) error {
	rules, number := x.sarifRules()
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "telltale", Version: flat(x.toolVersion()), Rules: rules}},
		Automation:  sarifID{"telltale/" + flat(x.Case.Case.ID)},
		Invocations: []sarifInvocation{x.sarifInvocation()},
		Columns:     "unicodeCodePoints", Results: []sarifResult{},
	}
	for _, r := range x.rulings() {
		run.Results = append(run.Results, x.sarifResult(r, number[r.Assertion]))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// sarifRules lists the claims, and their numbers by id.
func (x *index) sarifRules() (rules []sarifRule, number map[string]int) {
	rules, number = []sarifRule{}, make(map[string]int)
	for _, s := range x.statements() {
		for _, row := range s.Rows {
			number[row.ID] = len(rules)
			rule := sarifRule{ID: flat(row.ID), Short: sarifText{flat(row.Rule)}, Full: sarifText{flat(s.Quote)}, HelpURI: s.Link}
			if by := x.ruleOf(row.ID); by != "" && x.Rules != nil {
				refutes, cannotSee := x.Rules(by)
				rule.Help = &sarifText{fmt.Sprintf("What refutes: %s. What cannot be seen: %s.", flat(refutes), flat(cannotSee))}
				rule.Properties = map[string]string{"rule": flat(by)}
			}
			rules = append(rules, rule)
		}
	}
	return rules, number
}

// ruleOf returns the judging rule that an assertion was judged by.
func (x *index) ruleOf(assertion string) string {
	for _, t := range x.targets {
		if v, ok := x.verdicts[[2]string{assertion, t.Name}]; ok {
			return v.Rule
		}
	}
	return ""
}

func (x *index) sarifInvocation() sarifInvocation {
	inv := sarifInvocation{Successful: x.Partial == "", Start: sarifTime(x.Case.Case.Started), End: sarifTime(x.Ended)}
	note := func(level, text string) {
		inv.Notifications = append(inv.Notifications, sarifNotification{level, sarifText{flat(text)}})
	}
	if x.Partial != "" {
		note("error", "The capture is not complete: "+x.Partial)
	}
	if x.Changed != "" {
		note("warning", x.Changed)
	}
	shown, more := first(x.problems(), maxProblems)
	for _, p := range shown {
		note("warning", p.Exhibit+" "+p.Trail+": "+p.Message.Text)
	}
	if more > 0 {
		note("warning", fmt.Sprintf("and %s more in facts.jsonl", count(more, "problem", "problems")))
	}
	return inv
}

func sarifTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (x *index) sarifResult(r ruling, rule int) sarifResult {
	kind, ok := sarifKinds[r.Result]
	if !ok {
		kind.kind, kind.level = "review", "none"
	}
	sum := sha256.Sum256([]byte(r.Assertion + "\x00" + r.Target.Name))
	result := sarifResult{
		RuleID: flat(r.Assertion), RuleIndex: rule, Kind: kind.kind, Level: kind.level,
		Message:      sarifText{flat(fmt.Sprintf("%s (%s): %s. %s", r.Target.Name, r.Target.Role(), r.Result, r.Says))},
		Locations:    []sarifLocation{{Physical: sarifPhysical{sarifArtifact{claimsFile}, nil}, Logical: []sarifLogical{{flat(r.Assertion)}}}},
		Fingerprints: map[string]string{"claim/v1": hex.EncodeToString(sum[:16])},
	}
	shown, _ := first(x.citedExhibits(r.Verdict), maxRelated)
	for _, e := range shown {
		at := sarifLocation{
			Physical: sarifPhysical{sarifArtifact{captureFile}, nil},
			Message:  &sarifText{flat(fmt.Sprintf("exhibit %s: %s of a request to %s, %s", e.ID, x.partWord(e.Part), x.recipient(e.Host), x.place(e.Place)))},
		}
		if e.Event > 0 {
			at.Physical.Region = &sarifRegion{e.Event}
		}
		result.Related = append(result.Related, at)
	}
	return result
}
