// Package report shows a case to people: the verdicts first, then the evidence
// for each, then who received what, and at the end what the report does not
// show.
//
// [HTML] writes one self-contained page that needs no network and no script
// and can be printed. [Text] writes a summary for a terminal. Both take the
// facts as they are and judge nothing.
//
// Everything captured is hostile: bytes reach the page as text only, with
// control characters written out. And it is personal: unless [Case.Reveal] is
// set, a masker lets through the planted seeds, the names of the fields that
// lead to them, and hosts, and hides the rest.
package report

import (
	"io"
	"iter"
	"time"

	"telltale/audit"
	"telltale/claims"
)

// A Case is all that a report shows.
type Case struct {
	Case     audit.Case
	Claims   claims.File
	Seeds    []audit.Seed // opened: with values
	Exhibits []audit.Exhibit
	Pictures []audit.Exhibit // what the software's user saw; nothing is sought in them
	Findings []audit.Finding
	Parties  []audit.Party
	Verdicts []audit.Verdict
	Coverage []audit.Coverage
	Problems []audit.Problem
	Sealed   []audit.Value // opaque layers, without their bytes
	Ended    time.Time
	Partial  string // why the capture is not complete; empty if it is
	Changed  string // what the verdicts rest on that the plan did not have; empty if nothing
	// Reveal shows captured bytes in clear. Without it all but the planted
	// seeds is masked.
	Reveal bool
	// Lang is the language of formats for people, a tag of [Languages]; empty:
	// English. Formats for machines are always in English.
	Lang     string
	Steps    []audit.Event // of the log, those with a Step: what the lab did, and when
	Imported bool          // others captured the traffic
	// Log yields the capture log from its start, and Body opens a body of it: for
	// the requests as they were sent.
	Log  iter.Seq2[audit.Event, error]
	Body func(audit.Body) (io.ReadCloser, error)
	// Print makes a PDF of a page of HTML; nil: no PDF can be made.
	Print func(html []byte) (pdf []byte, err error)
	// Explain replays the trail of a finding from the raw bytes. Without it
	// the report names trails and shows no bytes.
	Explain func(audit.Finding) ([]audit.Layer, error)
	// Rules says of a judging rule what refutes, and what it cannot see; nil
	// leaves that out.
	Rules func(id string) (refutes, cannotSee string)
}
