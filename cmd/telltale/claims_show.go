package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/judge"
	"telltale/audit/lab"
	"telltale/claims"
	"telltale/personal"
)

const showHelp = `show says in plain words what a claims file asserts.

For each assertion it says what it means, how it is tested, what would refute
it, what would support it, and what the test cannot see. Of the kinds that it
names, some are planted when telltale audit lets a browser run; what is not
planted can be found by its form alone, or is not tested.`

func newClaimsShow(e *env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "show FILE",
		Short:   "say in plain words what a claims file asserts, and how it is tested",
		Long:    showHelp,
		Example: "  telltale claims show mint-2020",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			file, _, err := readClaims(args[0])
			if err != nil {
				return err
			}
			shown := explainClaims(file)
			if format == "json" {
				return writeJSON(e.stdout, shown)
			}
			return writeClaims(e.stdout, shown)
		},
	}
	formatFlag(c, &format)
	return c
}

// A claimsView is a claims file in plain words.
type claimsView struct {
	Subject    string          `json:"subject"`
	Rules      string          `json:"rules"` // edition
	Statements []statementView `json:"statements"`
}

type statementView struct {
	ID      string       `json:"id"`
	Quote   string       `json:"quote,omitempty"`
	Source  string       `json:"source,omitempty"`
	Date    string       `json:"date,omitempty"`
	Asserts []assertView `json:"asserts"`
}

type assertView struct {
	ID      string     `json:"id"`
	Says    string     `json:"says"`
	Planted []string   `json:"planted,omitempty"` // kinds that telltale audit plants values of
	Absent  []string   `json:"not_planted,omitempty"`
	Rule    judge.Rule `json:"rule"`
}

func explainClaims(file claims.File) claimsView {
	v := claimsView{Subject: subjectWords(file.Subject), Rules: judge.Edition()}
	for _, s := range file.Statements {
		sv := statementView{ID: s.ID, Quote: s.Quote, Source: s.Source.URL, Date: s.Source.Date}
		for _, a := range s.Asserts {
			av := assertView{ID: a.ID, Says: a.String(), Rule: judge.RuleOf(a)}
			av.Planted, av.Absent = plantedOf(claims.Kinds(a.Rule))
			sv.Asserts = append(sv.Asserts, av)
		}
		v.Statements = append(v.Statements, sv)
	}
	return v
}

// plantedOf says of which kinds a browser's audit plants values. An id of the
// installation needs none: it shows by staying the same.
func plantedOf(kinds []personal.Kind) (planted, absent []string) {
	arm := audit.Arm{Name: "normal", Mode: claims.Normal}
	_, seeds := lab.Prepare(lab.BrowserPlan(0), []audit.Arm{arm}, 1)
	for _, k := range kinds {
		shows := k == "id/install" || k == "id/session"
		if shows || slices.ContainsFunc(seeds, func(s audit.Seed) bool { return s.Kind.Under(k) }) {
			planted = append(planted, k.Short())
		} else {
			absent = append(absent, k.Short())
		}
	}
	return planted, absent
}

// labelWidth is that of the longest label of writeClaims.
const labelWidth = 13

func writeClaims(w io.Writer, v claimsView) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", v.Subject)
	for _, s := range v.Statements {
		fmt.Fprintf(&b, "\n%s\n", s.ID)
		paragraph(&b, 2, "said", s.Quote)
		paragraph(&b, 2, "source", strings.TrimSpace(s.Source+" "+s.Date))
		for _, a := range s.Asserts {
			fmt.Fprintf(&b, "\n")
			paragraph(&b, 2, a.ID, a.Says)
			paragraph(&b, 4, "test", a.Rule.Test)
			paragraph(&b, 4, "planted", strings.Join(a.Planted, ", "))
			paragraph(&b, 4, "not planted", strings.Join(a.Absent, ", "))
			paragraph(&b, 4, "refuted by", a.Rule.Refutes)
			paragraph(&b, 4, "supported if", a.Rule.Supports)
			paragraph(&b, 4, "cannot see", a.Rule.CannotSee)
		}
	}
	fmt.Fprintf(&b, "\nrules: %s; telltale claims rules says why they are so\n", v.Rules)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the claims: %w", err)
	}
	return nil
}

// pageWidth is that of a terminal as it is delivered.
const pageWidth = 80

// paragraph writes a text behind its label, wrapped, each line indented. An
// empty text is left out.
func paragraph(b *strings.Builder, indent int, label, text string) {
	if text == "" {
		return
	}
	hang := indent + max(labelWidth, len(label)+1)
	line := fmt.Sprintf("%*s%-*s", indent, "", hang-indent, label)
	used := 0
	for word := range strings.FieldsSeq(onOneLine(text)) {
		if used > 0 && len([]rune(line))+1+len([]rune(word)) > pageWidth {
			b.WriteString(line + "\n")
			line, used = strings.Repeat(" ", hang), 0
		}
		if used > 0 {
			line += " "
		}
		line += word
		used++
	}
	b.WriteString(line + "\n")
}

const rulesHelp = `rules lists the rules by which claims are judged.

Each has what vendors say, the reason that the test shows what it is said to
show, what is done, what refutes, what supports, and what it cannot see. The
edition names them: a case has it in its plan, written before the first packet.`

func newClaimsRules(e *env) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "rules",
		Short: "list the rules by which claims are judged",
		Long:  rulesHelp,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(e.stdout, struct {
					Edition string       `json:"edition"`
					Rules   []judge.Rule `json:"rules"`
				}{judge.Edition(), judge.Rules()})
			}
			return writeRules(e.stdout)
		},
	}
	formatFlag(c, &format)
	return c
}

func writeRules(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "edition %s\n", judge.Edition())
	for _, r := range judge.Rules() {
		fmt.Fprintf(&b, "\n%s\n", r.ID)
		paragraph(&b, 2, "claim", r.Claim)
		paragraph(&b, 2, "why", r.Why)
		paragraph(&b, 2, "test", r.Test)
		paragraph(&b, 2, "refuted by", r.Refutes)
		paragraph(&b, 2, "supported if", r.Supports)
		paragraph(&b, 2, "cannot see", r.CannotSee)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	return nil
}
