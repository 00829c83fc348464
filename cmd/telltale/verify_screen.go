package main

import (
	"fmt"
	"io"
	"strings"

	"telltale/audit/evidence/sshsig"
)

// shownChanges is how many changes stand on the screen; the rest is counted.
const shownChanges = 20

// show prints what was checked, what that proves and what it does not.
func (v *verification) show(w io.Writer) {
	s := &screen{w: w}
	m := v.seal.Manifest
	if v.seal.Signer != nil {
		s.line("case %s, sealed %s", visible(m.Case), timeWords(m.Sealed))
		s.line("by key %s\n", sshsig.Fingerprint(v.seal.Signer))
	}
	if n := len(v.seal.Changes); n > 0 {
		s.line("NOT WHAT WAS SEALED")
		for i, c := range v.seal.Changes {
			if i == shownChanges {
				s.line("  … and %d more", n-i)
				break
			}
			s.row("×", c.File, c.What)
		}
		s.line("")
	}
	for i, c := range v.seal.Unread {
		if i == shownChanges {
			break
		}
		s.row("?", c.File, "could not be read: "+c.What)
	}
	if v.seal.Signer != nil {
		v.rows(s)
	}
	if len(v.seal.Changes) == 0 && len(v.seal.Unread) == 0 {
		v.proven(s)
	}
}

// rows say what holds.
func (v *verification) rows(s *screen) {
	c := v.seal
	every := "every byte"
	if c.Redacted() {
		every = "every byte that is shown"
	}
	s.row("✓", "files", fmt.Sprintf("%d, %s: %s as it was sealed", c.Files, sizeWords(c.Bytes), every))
	if c.Redacted() {
		pieces, all := uint64(0), uint64(0)
		for _, p := range c.Parts {
			pieces, all = pieces+p.Withheld, all+p.Pieces
		}
		s.row("–", "withheld", fmt.Sprintf("%d files, and %d of %d pieces of %d files: they were in the sealed case, and cannot be seen", c.Gone, pieces, all, len(c.Parts)))
	}
	for _, t := range c.Stamps {
		mark, anchor := "✓", ""
		if !t.Anchored {
			mark, anchor = "–", ", for which nobody vouches without --roots"
		}
		s.row(mark, "time stamp", fmt.Sprintf("%s by %s (policy %s)%s", timeWords(t.Time), t.Authority, t.Policy, anchor))
	}
	if v.reader != nil {
		s.row("✓", "capture log", fmt.Sprintf("%d events, each chained to the one before; %d bodies with the hashes in their names", v.events, v.bodies))
		s.row("✓", "plan", "claims and seeds are those that the log began with")
	}
	switch {
	case v.noFacts:
		s.row("–", "facts", "there are none in the case")
	case v.facts != "":
		s.row("–", "facts", v.facts)
	default:
		s.row("✓", "facts", "derived again from the capture, and the same byte for byte")
	}
	s.row("✓", "journal", v.journalWords())
}

func (v *verification) journalWords() string {
	if len(v.seal.Journal) == 0 {
		return "nothing in it can be trusted"
	}
	last := v.seal.Journal[len(v.seal.Journal)-1]
	if len(v.seal.Journal) == 1 {
		return "one signed entry: " + string(last.Action)
	}
	return fmt.Sprintf("%d signed entries, the last: %s, %s", len(v.seal.Journal), last.Action, timeWords(last.Time))
}

// proven says what follows from a case that holds.
func (v *verification) proven(s *screen) {
	m := v.seal.Manifest
	s.line("\nPROVEN")
	since := "the holder of the key above sealed it, by their own clock on " + timeWords(m.Sealed)
	for _, t := range v.seal.Stamps {
		if t.Anchored {
			since = fmt.Sprintf("%s saw its seal on %s", t.Authority, timeWords(t.Time))
			break
		}
	}
	s.text("What is in this case has not changed since " + since + ".")
	if v.reader != nil {
		how := "went through the proxy of telltale"
		if v.taken {
			how = "was in files that others captured, and is dated"
		}
		s.text(fmt.Sprintf("By the word of the key's holder, this traffic %s between %s and %s.", how, timeWords(v.first), timeWords(v.last)))
		if v.facts == "" && !v.noFacts {
			s.text("The findings and verdicts are what this traffic gives: they were derived again.")
		}
	} else {
		s.text("What is withheld was in the case when it was sealed, and cannot be exchanged for anything else.")
	}
	s.line("\nNOT PROVEN")
	for _, text := range v.unproven() {
		s.text(text)
	}
}

// unproven says what nobody can see in the case.
func (v *verification) unproven() []string {
	var list []string
	if !v.trusted {
		list = append(list, "Whose key that is: anyone can seal a case with a key of their own. Compare its fingerprint with the one that the sealer published, and name it with --trust.")
	}
	anchored := false
	for _, t := range v.seal.Stamps {
		anchored = anchored || t.Anchored
	}
	if !anchored {
		list = append(list, "The time of sealing: it is by the sealer's own clock, for no authority's stamp is in the case that --roots vouches for.")
	}
	if v.partial != "" {
		list = append(list, "What came after the end of the capture: "+v.partial+".")
	}
	if v.seal.Redacted() {
		list = append(list, "The findings and verdicts: they stand as the sealer wrote them, and cannot be derived again without what is withheld.")
	}
	return append(list,
		"What a server did with what it received: no capture can show that.",
		"That the sealer captured all there was, and did not make it up before sealing: a capture shows what went through one proxy, and TLS leaves no proof of what a server sent.",
		"That nothing was cut off the end of the journal.")
}

// A screen prints rows and wrapped text.
type screen struct{ w io.Writer }

func (s *screen) line(format string, args ...any) { _, _ = fmt.Fprintf(s.w, format+"\n", args...) }

func (s *screen) row(mark, name, text string) {
	s.line("%s %-12s %s", mark, visible(name), visible(text))
}

// text prints a paragraph behind a dash, wrapped to a terminal of 80 columns.
func (s *screen) text(text string) {
	const width = 78
	line := "-"
	for word := range strings.FieldsSeq(visible(text)) {
		if len([]rune(line))+1+len([]rune(word)) > width {
			s.line("%s", line)
			line = " "
		}
		line += " " + word
	}
	s.line("%s", line)
}

// visible makes a text harmless on a terminal: it may come from a hostile case.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '·'
		}
		return r
	}, text)
}
