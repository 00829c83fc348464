package detect

import (
	_ "embed"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"telltale/audit"
	"telltale/personal"
)

//go:embed formats.txt
var formatsText string

// A format is a wire format that has a name: a paragraph of formats.txt.
type format struct {
	name   string
	basis  string // primary or reverse-engineered
	source string
	hosts  []string
	paths  []string
	needs  int // lists of places, of each of which one must be there
}

// A place is what formats.txt has for one trail pattern.
type place struct {
	format  int
	pattern []string
	need    int            // which list of needs it is in, -1 if in none
	value   *regexp.Regexp // that a need must have, nil: any
	kind    personal.Kind  // "" if it is a need alone
}

// formats are the named wire formats, with their places by the last name of
// the pattern, so that a value is held against few.
type formats struct {
	list   []format
	places map[string][]place
}

// loadFormats reads formats.txt. A line that is wrong is an error of the
// program's, which its test finds.
func loadFormats(text string) (*formats, error) {
	fs := &formats{places: make(map[string][]place)}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := fs.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("formats.txt, line %d: %w", n, err)
		}
	}
	return fs, nil
}

// line takes one line in.
func (fs *formats) line(f []string) error {
	last := len(fs.list) - 1
	switch {
	case f[0] == "format" && len(f) == 4:
		fs.list = append(fs.list, format{name: f[1], basis: f[2], source: f[3]})
	case last < 0:
		return fmt.Errorf("found %q before any format", f[0])
	case f[0] == "host" && len(f) == 2:
		fs.list[last].hosts = append(fs.list[last].hosts, f[1])
	case f[0] == "path" && len(f) == 2:
		fs.list[last].paths = append(fs.list[last].paths, f[1])
	case f[0] == "needs" && len(f) == 2:
		return fs.needs(last, f[1])
	case f[0] == "field" && len(f) == 3:
		fs.add(place{format: last, pattern: strings.Split(f[1], "/"), need: -1, kind: personal.Kind(f[2])})
	default:
		return fmt.Errorf("found %q with %d fields; the head of the file says what there is", f[0], len(f))
	}
	return nil
}

// needs takes in a list of which one must be there.
func (fs *formats) needs(i int, text string) error {
	patterns, expr, checked := strings.Cut(text, " ~ ")
	if !checked {
		var want string
		if patterns, want, checked = strings.Cut(text, " = "); checked {
			expr = "^" + regexp.QuoteMeta(want) + "$"
		}
	}
	var value *regexp.Regexp
	if checked {
		var err error
		if value, err = regexp.Compile(expr); err != nil {
			return fmt.Errorf("reading what %s must be: %w", patterns, err)
		}
	}
	for pattern := range strings.SplitSeq(patterns, "|") {
		fs.add(place{format: i, pattern: strings.Split(pattern, "/"), need: fs.list[i].needs, value: value})
	}
	fs.list[i].needs++
	return nil
}

func (fs *formats) add(p place) {
	last := p.pattern[len(p.pattern)-1]
	fs.places[last] = append(fs.places[last], p)
}

// maxCandidates bounds the fields that are kept of one exhibit, because a
// format is known only when the exhibit was read.
const maxCandidates = 4096

// A reading is what one exhibit shows of the formats.
type reading struct {
	*formats
	met        map[[2]int]bool // format and list of needs
	candidates []candidate
	had        map[candidateKey]bool
}

// A candidate is a value at a place of a format.
type candidate struct {
	place place
	value audit.Value
}

// A candidateKey keeps one candidate for each place of a format and value.
type candidateKey struct {
	format  int
	pattern string
}

// observe holds a value against the places that end with its name.
func (r *reading) observe(v audit.Value, places []place) {
	if len(places) == 0 || v.Data.Len() == 0 {
		return
	}
	names := namesOf(v.Trail)
	for _, p := range places {
		if !endsWith(names, p.pattern) {
			continue
		}
		switch data := v.Data.Reveal(); {
		case p.need >= 0:
			if p.value == nil || p.value.Match(data) {
				r.met = noted(r.met, [2]int{p.format, p.need})
			}
		case !says(data):
		default:
			key := candidateKey{p.format, strings.Join(p.pattern, "/")}
			if !r.had[key] && len(r.candidates) < maxCandidates {
				r.had = noted(r.had, key)
				r.candidates = append(r.candidates, candidate{p, v})
			}
		}
	}
}

// noted adds a key to a set, which is made with its first one.
func noted[K comparable](set map[K]bool, key K) map[K]bool {
	if set == nil {
		set = make(map[K]bool)
	}
	set[key] = true
	return set
}

// says reports whether a value says something: programs send words for
// nothing.
func says(data []byte) bool {
	if len(data) > maxShown {
		return false
	}
	switch string(data) {
	case "null", "undefined", "none", "0", "false", "unknown", "(not set)", "{}", "[]":
		return false
	}
	_, dummy := personal.Dummy(string(data))
	return !dummy
}

// namesOf returns the names that lead to a value: of form:data_list, base64,
// json:/0/lib/$model they are data_list, 0, lib, $model.
func namesOf(t audit.Trail) []string {
	var names []string
	for _, step := range t {
		if !isField(step) {
			continue
		}
		if i := strings.IndexByte(step, ':'); isPointer(step) {
			for name := range strings.SplitSeq(strings.TrimPrefix(step[i+1:], "/"), "/") {
				names = append(names, pointerEscapes.Replace(name))
			}
		} else {
			names = append(names, step[i+1:])
		}
	}
	return names
}

// endsWith reports whether the last names fit a pattern.
func endsWith(names, pattern []string) bool {
	if len(names) < len(pattern) {
		return false
	}
	for i, name := range names[len(names)-len(pattern):] {
		if pattern[i] != "*" && pattern[i] != name {
			return false
		}
	}
	return true
}

// known reports whether the content of the exhibit decides for a format.
func (r *reading) known(i int) bool {
	for n := range r.list[i].needs {
		if !r.met[[2]int{i, n}] {
			return false
		}
	}
	return true
}

// findings returns what the exhibit gives away in formats that its content
// shows, and, as hints, in those that only its address suggests.
func (r *reading) findings(ex audit.Exhibit) []audit.Finding {
	if len(r.candidates) == 0 {
		return nil
	}
	sure := make([]audit.Confidence, len(r.list))
	for i, f := range r.list {
		switch {
		case r.known(i):
			sure[i] = audit.Likely
		case f.expected(ex):
			sure[i] = audit.Hint
		}
	}
	var found []audit.Finding
	for _, c := range r.candidates {
		f, confidence := r.list[c.place.format], sure[c.place.format]
		switch {
		case confidence == "":
			continue
		case c.place.kind == "id/session":
			confidence = audit.Hint // it ends with the program
		}
		found = append(found, audit.Finding{
			Kind: c.place.kind, Form: ByField, Trail: c.value.Trail, Spans: c.value.Spans,
			Span: audit.Span{End: c.value.Data.Len()}, Confidence: confidence, Value: shown(c.value.Data, audit.Span{}),
			Says: fmt.Sprintf("%s: %s (%s: %s)", f.name, strings.Join(c.place.pattern, "/"), f.basis, f.source),
		})
	}
	return found
}

// expected reports whether the address of an exhibit is one of the format's.
func (f format) expected(ex audit.Exhibit) bool {
	return slices.ContainsFunc(f.hosts, func(host string) bool {
		domain, below := strings.CutPrefix(host, "*")
		return below && strings.HasSuffix(ex.Host, domain) || host == ex.Host
	}) && f.atPath(ex.URL)
}

// atPath reports whether an address has one of the paths, if there are any.
func (f format) atPath(address string) bool {
	if len(f.paths) == 0 {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && slices.Contains(f.paths, u.Path)
}
