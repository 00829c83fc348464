package report

import (
	"encoding/json"
	"io"
	"time"

	"telltale/audit"
	"telltale/claims"
	"telltale/personal"
)

// documentFormat names the layout of the JSON report.
const documentFormat = "report/v1"

// A document is the report as JSON. Names are added to it, none is taken away
// or given another meaning.
type document struct {
	Format     string              `json:"telltale"` // documentFormat
	Case       documentCase        `json:"case"`
	Targets    []documentTarget    `json:"targets"`
	Statements []documentStatement `json:"statements"`
	Findings   []documentFinding   `json:"findings"` // those that a verdict rests on, each once
	Recipients []documentRecipient `json:"recipients"`
	Coverage   []audit.Coverage    `json:"coverage"`
	Problems   []documentProblem   `json:"problems"`
	Limits     []string            `json:"limits"`
}

type documentCase struct {
	ID       string        `json:"id"`
	Subject  documentName  `json:"subject"`
	Started  time.Time     `json:"started"`
	Ended    time.Time     `json:"ended,omitzero"`
	Partial  string        `json:"partial,omitempty"` // why the capture is not complete
	Changed  string        `json:"changed,omitempty"` // what the plan did not have
	Online   bool          `json:"online"`
	Imported bool          `json:"imported"` // captured by others
	Revealed bool          `json:"revealed"` // captured values are in clear
	Runs     int           `json:"runs"`
	Arms     []audit.Arm   `json:"arms"`
	Tools    []audit.Tool  `json:"tools"`
	Claims   string        `json:"claims"` // SHA-256 of the claims file
	Machine  string        `json:"machine,omitempty"`
	Steps    []string      `json:"steps"`
	Probe    []audit.Probe `json:"probe,omitempty"`
}

type documentName struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Publisher string `json:"publisher,omitempty"`
}

type documentTarget struct {
	Name    string               `json:"name"`
	Role    string               `json:"role"` // subject, control
	Results map[audit.Result]int `json:"results"`
}

type documentStatement struct {
	ID      string              `json:"id"`
	Quote   string              `json:"quote"`
	URL     string              `json:"url,omitempty"`
	Date    string              `json:"date,omitempty"`
	Asserts []documentAssertion `json:"asserts"`
}

type documentAssertion struct {
	ID       string            `json:"id"`
	Claim    string            `json:"claim"`
	Verdicts []documentVerdict `json:"verdicts"`
}

type documentVerdict struct {
	audit.Verdict
	Cited []string `json:"exhibit_ids,omitempty"`
}

type documentFinding struct {
	ID         string           `json:"id"`
	Exhibit    string           `json:"exhibit"`
	Time       time.Time        `json:"time"`
	Arm        string           `json:"arm"`
	Run        int              `json:"run"`
	Method     string           `json:"method,omitempty"`
	Host       string           `json:"host"`
	Address    string           `json:"address,omitempty"`
	Part       string           `json:"part"`
	SHA256     string           `json:"sha256"`
	Event      int              `json:"event,omitempty"` // line of capture.jsonl
	Kind       personal.Kind    `json:"kind"`
	Seed       string           `json:"seed,omitempty"`
	Identifier string           `json:"identifier,omitempty"`
	Form       string           `json:"form"`
	Confidence audit.Confidence `json:"confidence"`
	Trail      string           `json:"trail"`
	Value      string           `json:"value"` // dots unless revealed
	Says       string           `json:"says,omitempty"`
}

type documentRecipient struct {
	Target string         `json:"target"`
	Party  audit.Party    `json:"party"`
	Arms   []documentFlow `json:"arms"`
}

type documentFlow struct {
	Arm      string          `json:"arm"`
	Mode     claims.Mode     `json:"mode"`
	Requests int             `json:"requests"`
	Kinds    []personal.Kind `json:"kinds,omitempty"`
	Told     bool            `json:"told"`   // received personal data or behaviour, by more than a hint
	Unread   bool            `json:"unread"` // something could not be read
}

type documentProblem struct {
	Exhibit string `json:"exhibit,omitempty"`
	Trail   string `json:"trail,omitempty"`
	Message string `json:"message"`
}

// writeJSON writes the report as one document.
func writeJSON(w io.Writer, x *index) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(x.document())
}

func (x *index) document() document {
	c, subject := x.Case.Case, x.subject()
	d := document{
		Format: documentFormat,
		Case: documentCase{
			ID: c.ID, Subject: documentName{subject.Name, subject.Version, subject.Publisher},
			Started: c.Started, Ended: x.Ended, Partial: x.Partial, Changed: x.Changed, Online: c.Online, Imported: x.Imported,
			Revealed: x.Reveal, Runs: x.runs(), Arms: some(c.Arms), Tools: some(c.Tools), Claims: c.Claims,
			Machine: c.Machine, Steps: some(c.Steps), Probe: c.Probe,
		},
		Statements: x.documentStatements(), Findings: x.documentFindings(), Recipients: x.documentRecipients(),
		Coverage: some(x.Coverage), Problems: []documentProblem{}, Limits: x.limits(), Targets: []documentTarget{},
	}
	for _, t := range x.targets {
		d.Targets = append(d.Targets, documentTarget{t.Name, t.Role(), x.tallies(t)})
	}
	for _, p := range x.problems() {
		d.Problems = append(d.Problems, documentProblem{p.Exhibit, p.Trail, p.Message.Text})
	}
	return d
}

// some makes an empty list of no list, so that JSON has [] and not null.
func some[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

func (x *index) documentStatements() []documentStatement {
	list := []documentStatement{}
	for _, s := range x.statements() {
		ds := documentStatement{ID: s.ID, Quote: s.Quote, URL: s.Source.URL, Date: s.Source.Date, Asserts: []documentAssertion{}}
		for _, row := range s.Rows {
			a := documentAssertion{ID: row.ID, Claim: row.Rule, Verdicts: []documentVerdict{}}
			for _, t := range x.targets {
				if v, ok := x.verdicts[[2]string{row.ID, t.Name}]; ok {
					a.Verdicts = append(a.Verdicts, documentVerdict{v, ids(x.citedExhibits(v))})
				}
			}
			ds.Asserts = append(ds.Asserts, a)
		}
		list = append(list, ds)
	}
	return list
}

func ids(exhibits []audit.Exhibit) []string {
	list := make([]string, len(exhibits))
	for i, e := range exhibits {
		list[i] = e.ID
	}
	return list
}

// documentFindings lists the findings that verdicts rest on, in their own order.
func (x *index) documentFindings() []documentFinding {
	list := []documentFinding{}
	rests := x.restsOn()
	for _, f := range x.Findings {
		if !rests[f.ID] {
			continue
		}
		e := x.exhibits[f.Exhibit]
		list = append(list, documentFinding{
			ID: f.ID, Exhibit: f.Exhibit, Time: e.Time, Arm: e.Arm, Run: e.Run, Method: e.Method, Host: e.Host,
			Address: x.mask.address(e.URL), Part: e.Part, SHA256: e.SHA256, Event: e.Event, Kind: f.Kind, Seed: f.Seed, Identifier: f.Label,
			Form: f.Form, Confidence: f.Confidence, Trail: x.mask.trail(f.Trail), Value: x.match(f), Says: f.Says,
		})
	}
	return list
}

// restsOn returns the ids of the findings that verdicts name.
func (x *index) restsOn() map[string]bool {
	set := make(map[string]bool)
	for _, v := range x.Verdicts {
		for _, id := range v.Findings {
			set[id] = true
		}
	}
	return set
}

func (x *index) documentRecipients() []documentRecipient {
	list := []documentRecipient{}
	for _, t := range x.targets {
		for _, r := range x.recipients(t) {
			d := documentRecipient{Target: t.Name, Party: r.Party, Arms: []documentFlow{}}
			for _, f := range r.Flows {
				d.Arms = append(d.Arms, documentFlow{f.Arm.Name, f.Arm.Mode, f.Requests, f.Kinds, f.Told, f.Unread})
			}
			list = append(list, d)
		}
	}
	return list
}
