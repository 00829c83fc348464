package claims

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"telltale/personal"
)

// Write writes a claims file as [Read] reads it. A file that was read and
// written says the same; its comments and its layout are gone.
func (f File) Write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "telltale: %s\n", Version)
	fmt.Fprintf(&b, "subject: %s\n", flow("name", f.Subject.Name, "version", f.Subject.Version, "publisher", f.Subject.Publisher))
	b.WriteString("statements:\n")
	for i, s := range f.Statements {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "  - id: %s\n", scalar(s.ID))
		if s.Quote != "" {
			fmt.Fprintf(&b, "    quote: %s\n", scalar(s.Quote))
		}
		if s.Source.URL != "" {
			fmt.Fprintf(&b, "    source: %s\n", flow("url", s.Source.URL, "date", s.Source.Date))
		}
		b.WriteString("    asserts:\n")
		for _, a := range s.Asserts {
			writeAssertion(&b, a)
		}
	}
	if f.Schema != nil {
		writeSchema(&b, f.Schema)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing a claims file: %w", err)
	}
	return nil
}

// writeAssertion writes the keys of an assertion, one a line.
func writeAssertion(b *bytes.Buffer, a Assertion) {
	lines := ruleKeys(a.Rule)
	if a.When != (Condition{}) {
		lines = append(lines, "when: "+flow("mode", string(a.When.Mode), "consent", string(a.When.Consent)))
	}
	for i, line := range lines {
		indent := "        "
		if i == 0 {
			indent = "      - "
		}
		b.WriteString(indent + line + "\n")
	}
}

// writeSchema writes a tracking plan.
func writeSchema(b *bytes.Buffer, s *Schema) {
	never := ""
	if s.Private.Never {
		never = "true"
	}
	fmt.Fprintf(b, "\nschema:\n  purposes: %s\n", cmp.Or(flowList(s.Purposes), "[]"))
	fmt.Fprintf(b, "  private: %s\n", flow("property", s.Private.Property, "never", never, "purpose", s.Private.Purpose))
	fmt.Fprintf(b, "  consent: %s\n", flow("property", s.Consent.Property, "default", string(s.Consent.Default)))
	writeProperties(b, "  ", s.Properties)
	b.WriteString("  events:\n")
	for _, e := range s.Events {
		fmt.Fprintf(b, "    - name: %s\n      purpose: %s\n", scalar(e.Name), scalar(e.Purpose))
		if e.Kind != "" {
			fmt.Fprintf(b, "      kind: %s\n", scalar(string(e.Kind)))
		}
		writeProperties(b, "      ", e.Properties)
	}
}

func writeProperties(b *bytes.Buffer, indent string, properties []Property) {
	if len(properties) == 0 {
		return
	}
	fmt.Fprintf(b, "%sproperties:\n", indent)
	for _, p := range properties {
		fmt.Fprintf(b, "%s  - %s\n", indent, flow("name", p.Name, "type", string(p.Type), "kind", string(p.Kind), "values", flowList(p.Values)))
	}
}

// ruleKeys returns the key of a rule, and the one beside it.
func ruleKeys(rule Rule) []string {
	switch r := rule.(type) {
	case Never:
		return []string{"never: " + kindList(r.Kinds)}
	case Unlinked:
		return []string{"unlinked: " + kindList(r.Kinds), "to: " + kindList(r.To)}
	case Aggregated:
		keys := []string{"aggregated: " + kindList(r.Kinds)}
		if r.K > 0 {
			keys = append(keys, "k: "+strconv.Itoa(r.K))
		}
		return keys
	case Confidential:
		transit := ""
		if r.Transit {
			transit = "true"
		}
		return []string{"confidential: " + flow("kinds", kindList(r.Kinds), "transit", transit)}
	case OnlyTo:
		return []string{"only-to: " + flow("organisations", flowList(r.Organisations), "countries", flowList(r.Countries), "kinds", kindList(r.Kinds))}
	case Rotates:
		return []string{"rotates: " + scalar(string(r.Kind)), "within: " + duration(r.Within)}
	case Retained:
		return []string{"retained: {at-most: " + duration(r.AtMost) + "}"}
	case Random:
		return []string{"random: " + kindList(r.Kinds)}
	case Minimised:
		return []string{"minimised: " + kindList(r.Kinds)}
	case OnePlace:
		return []string{"one-place: " + kindList(r.Kinds)}
	case Deleted:
		return []string{"deleted: " + kindList(r.Kinds)}
	case Untestable:
		return []string{"untestable: " + scalar(r.Why)}
	default:
		panic(fmt.Sprintf("claims: no way to write a %T", rule)) // Rule is closed
	}
}

// flow writes the pairs whose value is not empty as one mapping. A value that
// begins with a bracket is a list that was written already.
func flow(pairs ...string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		if value == "" {
			continue
		}
		switch key {
		case "kinds", "organisations", "countries", "transit", "values", "never": // written already
		default:
			value = scalar(value)
		}
		parts = append(parts, key+": "+value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// flowList writes a list on one line, "" if it is empty.
func flowList(words []string) string {
	if len(words) == 0 {
		return ""
	}
	written := make([]string, len(words))
	for i, w := range words {
		written[i] = scalar(w)
	}
	return "[" + strings.Join(written, ", ") + "]"
}

func kindList(ks []personal.Kind) string {
	words := make([]string, len(ks))
	for i, k := range ks {
		words[i] = string(k)
	}
	return flowList(words)
}

// bare is what needs no quotes in YAML, wherever it stands: words of letters
// and hyphens, with slashes and single spaces between them.
var bare = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*([ /][A-Za-z0-9-]+)*$`)

// reserved are words that YAML readers take for something else than a text.
var reserved = regexp.MustCompile(`^(?i:y|yes|n|no|true|false|on|off|null)$`)

// scalar writes a text so that it is read as it is.
func scalar(s string) string {
	if bare.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// duration writes a time in the unit that a person would take: days up to a
// year, then months or years if they fit.
func duration(d time.Duration) string {
	switch {
	case d%day != 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%units["y"] == 0:
		return fmt.Sprintf("%dy", d/units["y"])
	case d > units["y"] && d%units["mo"] == 0:
		return fmt.Sprintf("%dmo", d/units["mo"])
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}
