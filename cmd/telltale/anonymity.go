package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/anonymity"
	"telltale/anonymity/read"
	"telltale/anonymity/report"
	"telltale/anonymity/spill"
	"telltale/audit"
	"telltale/claims"
)

const anonymityHelp = `anonymity measures how far a data set of events gives its people away.

FILE is CSV, JSON Lines (as collectors export), Parquet, or a case folder; the
format is told by the content. Several files are one data set and must have the
same columns. Each column has a role: subject (who the row is about), time,
item (what was visited), mode, identifier, quasi-identifier (what an attacker
may know), sensitive (what he wants to learn), or ignore. Roles that are not
given are guessed from names and the first rows, and marked as guesses. --guess
prints them in the form of a roles file, to be corrected and given back:

  # ROLE COLUMN
  subject distinct_id
  quasi-identifier properties.$model

The measures are attacks. Each sentence says on how many of how many subjects
or records an attack succeeds, with a 95 % interval, and how well guessing does.
None says "anonymous". docs/anonymity.md defines them all.

The same files, flags and --random-seed give the same figures, except the speed
at which hashes are reversed. The exit code is 3 if an attack does better than
guessing, or a claim is refuted.`

// A survey is what the command line of anonymity asks for.
type survey struct {
	files    []string
	roles    map[anonymity.Role]*[]string
	rolesAt  string
	claimsAt string
	format   string
	against  string
	public   string
	replays  string
	spaces   []string
	words    []string
	measures []string
	memory   int64 // MiB
	zone     string
	split    string
	guess    bool
	reveal   bool
	disk     *spill.Folder // what does not fit into memory
	spill    anonymity.Spill
	opt      anonymity.Options
}

func newAnonymity(e *env) *cobra.Command {
	s := &survey{roles: make(map[anonymity.Role]*[]string)}
	c := &cobra.Command{
		Use:   "anonymity FILE...",
		Short: "measure how anonymous a set of events is",
		Long:  anonymityHelp,
		Example: `  telltale anonymity --subject distinct_id --time time --format html events.csv >anonymity.html
  telltale anonymity --guess export.jsonl >roles.txt
  telltale anonymity --roles roles.txt --population 80000000 export.jsonl
  telltale anonymity --claims vendor.yaml cases/2026-11-21-090000-mint-2020`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s.files = args
			return s.run(c.Context(), e)
		},
	}
	f := c.Flags()
	for _, role := range anonymity.Roles {
		s.roles[role] = f.StringArray(string(role), nil, "`COLUMN` that is "+string(role))
	}
	f.StringVar(&s.rolesAt, "roles", "", "read roles from a `FILE`: a role and a column a line")
	f.BoolVar(&s.guess, "guess", false, "print the roles as a roles file, and end")
	f.StringVar(&s.format, "format", "text", "text, json or html")
	f.StringArrayVar(&s.measures, "measure", nil, "take one `MEASURE` only; may be repeated")
	f.StringVar(&s.claimsAt, "claims", "", "judge the assertions “aggregated” and “unlinked” of a claims `FILE`")
	f.StringVar(&s.against, "against", "", "link with the subjects of a second data set, a `FILE` with the same columns")
	f.StringVar(&s.public, "public", "", "public table that the data is a part of, a `FILE`")
	f.StringVar(&s.replays, "replays", "", "outputs of a release, run many times: a `FILE` with the columns input (with, without) and output")
	f.StringArrayVar(&s.spaces, "dictionary", nil, "try a `DICTIONARY` on hashes: "+strings.Join(anonymity.SpaceForms(), "; "))
	f.StringArrayVar(&s.words, "words", nil, "try the lines of a `FILE` on hashes")
	f.Uint64Var(&s.opt.Guesses, "guesses", 0, "tries of each dictionary at hashes (default 20 million)")
	f.IntVar(&s.opt.K, "k", 20, "groups of fewer than this count as small")
	f.IntVar(&s.opt.Population, "population", 0, "`PEOPLE` that the data is a sample of")
	f.IntVar(&s.opt.Draws, "draws", 3000, "subjects that an attack is tried on")
	f.IntVar(&s.opt.MaxSet, "columns", 4, "size of the largest set of columns to search")
	f.Uint64Var(&s.opt.Seed, "random-seed", 1, "seed of all random draws")
	f.StringVar(&s.split, "split", "", "`TIME` that ends the first window of linkage (default the middle)")
	f.StringVar(&s.zone, "zone", "UTC", "time `ZONE` of times that name none")
	f.Int64Var(&s.memory, "memory", 4096, "`MiB` that the data may take in memory; what is more goes to a folder for temporary files, which is removed at the end")
	f.IntVar(&s.opt.Workers, "workers", 0, "matches at the same time (default all cores)")
	f.BoolVar(&s.reveal, "reveal", false, "write values that were brought to light in clear")
	return c
}

// run does the work. It returns errFinding if an attack succeeds.
func (s *survey) run(ctx context.Context, e *env) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	m := newMeter(e.stderr)
	s.disk = spill.Open(ctx, s.memory<<20/2)
	defer func() { err = errors.Join(err, s.disk.Close()) }()
	s.spill = func(columns []anonymity.Column) (anonymity.Writer, error) {
		m.say("The rows do not fit into %d MiB; they go to a folder below %s until the end.", s.memory, os.TempDir())
		return s.disk.Spill(columns)
	}
	defer m.end()
	total := 1 + cmp.Or(len(s.measures), len(anonymity.Measures()))
	m.step(audit.Progress{Total: total, Message: "Reading"})
	d, err := s.load(s.files)
	if err != nil {
		return err
	}
	if s.guess {
		return writeRoles(e.stdout, d.columns)
	}
	if err := s.others(d); err != nil {
		return err
	}
	done := 0
	s.opt.Step = func(x anonymity.Measure) {
		done++
		m.step(audit.Progress{Done: done, Total: total, Message: x.Title})
	}
	start := e.now()
	s.opt.Clock = func() int64 { return e.now().Sub(start).Nanoseconds() }
	results, err := anonymity.Run(ctx, d.table, s.opt, s.measures...)
	m.end()
	if err != nil {
		return err
	}
	r := s.report(d, results)
	if err := s.judge(d, &r); err != nil {
		return err
	}
	if err := s.write(e.stdout, r); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return finding(r)
}

// check finds what is wrong with the flags before anything is read.
func (s *survey) check() error {
	if !slices.Contains([]string{"text", "json", "html"}, s.format) {
		return usagef("--format %q: there are text, json and html", s.format)
	}
	for name, n := range map[string]int{"--k": s.opt.K - 1, "--population": s.opt.Population, "--draws": s.opt.Draws - 1, "--columns": s.opt.MaxSet - 1, "--workers": s.opt.Workers} {
		if n < 0 {
			return usagef("%s: the number is too small", name)
		}
	}
	if s.memory < 1 {
		return usagef("--memory %d: one MiB is the least", s.memory)
	}
	if _, err := time.LoadLocation(s.zone); err != nil {
		return usagef("--zone: %w; zones are such as UTC or Europe/Berlin", err)
	}
	if s.split != "" {
		at, ok := anonymity.ParseTime(s.split, s.location())
		if !ok {
			return usagef("--split %q is no time; times are such as 2026-11-21 or 2026-11-21T09:00:00Z", s.split)
		}
		s.opt.Split = time.Unix(at, 0)
	}
	for _, text := range s.spaces {
		space, err := anonymity.ParseSpace(text)
		if err != nil {
			return usagef("--dictionary: %w", err)
		}
		s.opt.Spaces = append(s.opt.Spaces, space)
	}
	known := make([]string, 0, len(anonymity.Measures()))
	for _, m := range anonymity.Measures() {
		known = append(known, m.ID)
	}
	for _, id := range s.measures {
		if !slices.Contains(known, id) {
			return usagef("--measure %q: there are %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

// location is the zone that check has found good.
func (s *survey) location() *time.Location {
	zone, err := time.LoadLocation(s.zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// others reads the files that are not the data set itself.
func (s *survey) others(d *dataset) error {
	for _, file := range s.words {
		text, err := os.ReadFile(file) //nolint:gosec // the user names the file
		if err != nil {
			return usagef("--words: %w", err)
		}
		s.opt.Spaces = append(s.opt.Spaces, anonymity.ListSpace(file, strings.Fields(string(text))))
	}
	for _, other := range []struct {
		flag, file string
		to         **anonymity.Table
	}{{"--against", s.against, &s.opt.Against}, {"--public", s.public, &s.opt.Public}} {
		if other.file == "" {
			continue
		}
		t, err := s.alike(d, other.file)
		if err != nil {
			return usagef("%s: %w", other.flag, err)
		}
		*other.to = t
	}
	if s.replays == "" {
		return nil
	}
	r, err := readReplays(s.replays)
	if err != nil {
		return usagef("--replays: %w", err)
	}
	s.opt.Replays = r
	return nil
}

// place says where rows are kept: half of the memory is for a table, and once it
// is full for the database that takes the rest.
func (s *survey) place() read.Place {
	return read.Place{Memory: s.memory << 20 / 2, Spill: s.spill, Zone: s.location()}
}

// alike reads a file whose columns have the roles that the data set's have.
func (s *survey) alike(d *dataset, path string) (*anonymity.Table, error) {
	at, err := openData(path)
	if err != nil {
		return nil, err
	}
	defer at.close()
	columns := make([]anonymity.Column, len(at.source.Columns))
	for i, name := range at.source.Columns {
		columns[i] = anonymity.Column{Name: name, Role: anonymity.Ignore}
		if j := slices.IndexFunc(d.columns, func(c report.Column) bool { return c.Name == name }); j >= 0 {
			columns[i].Role = d.columns[j].Role
		}
	}
	return at.source.Table(columns, s.place())
}

func (s *survey) report(d *dataset, results []anonymity.Result) report.Report {
	r := report.Report{
		Tool: "telltale " + version, Files: d.files, Rows: d.table.Rows, Subjects: d.table.CountSubjects(), Columns: d.columns,
		Unknown: d.unknown, Seed: s.opt.Seed, K: s.opt.K, Results: results, Reveal: s.reveal,
	}
	r.Untimed = d.table.Untimed()
	r.Nobody = d.table.Nobody()
	return r
}

func (s *survey) write(w io.Writer, r report.Report) error {
	switch s.format {
	case "json":
		return report.JSON(w, r)
	case "html":
		return report.HTML(w, r)
	default:
		return report.Text(w, r)
	}
}

// finding turns a report into the command's end.
func finding(r report.Report) error {
	refuted := slices.ContainsFunc(r.Verdicts, func(v report.Verdict) bool { return v.Result == audit.Refuted })
	if refuted || len(r.Summary()) > 0 {
		return errFinding
	}
	return nil
}

// judge holds the results against the claims, the case's own if there are no
// others.
func (s *survey) judge(d *dataset, r *report.Report) error {
	var file claims.File
	switch {
	case s.claimsAt != "":
		f, err := os.Open(s.claimsAt)
		if err != nil {
			return usagef("--claims: %w", err)
		}
		defer func() { _ = f.Close() }()
		if file, err = claims.Read(s.claimsAt, f); err != nil {
			return usagef("--claims: %w", err)
		}
	case d.claims != nil:
		file = *d.claims
	default:
		return nil
	}
	r.Verdicts = verdicts(file, d.table, r.Results)
	return d.table.Err()
}

// A dataset is what the files hold.
type dataset struct {
	table   *anonymity.Table
	columns []report.Column
	files   []report.File
	unknown int          // values that were left out, see read.Source
	claims  *claims.File // of a case
}

// load reads the files into one table.
func (s *survey) load(paths []string) (*dataset, error) {
	if isCase(paths[0]) {
		if len(paths) > 1 {
			return nil, usagef("a case is measured alone; %d files were given", len(paths))
		}
		return s.loadCase(paths[0])
	}
	given, err := s.givenRoles()
	if err != nil {
		return nil, err
	}
	d := &dataset{}
	var all *read.Joined
	var names []string
	for _, path := range paths {
		at, err := openData(path)
		if err != nil {
			return nil, usagef("%s: %w", path, err)
		}
		switch {
		case all == nil:
			names = at.source.Columns
			if d.columns, err = assign(at.source, given); err == nil {
				all, err = read.Join(plain(d.columns), s.place())
			}
		case !slices.Equal(at.source.Columns, names):
			err = fmt.Errorf("it has other columns than the first file: %s", strings.Join(at.source.Columns, ", "))
		}
		if err == nil {
			err = all.Add(at.source)
		}
		at.close()
		if err != nil {
			return nil, usagef("%s: %w", path, err)
		}
		d.unknown += at.source.Unknown
		d.files = append(d.files, report.File{Name: path, SHA256: at.digest})
	}
	if d.table, err = all.Table(); err != nil {
		return nil, usagef("%s: %w", strings.Join(paths, ", "), err)
	}
	return d, nil
}

func plain(columns []report.Column) []anonymity.Column {
	list := make([]anonymity.Column, len(columns))
	for i, c := range columns {
		list[i] = anonymity.Column{Name: c.Name, Role: c.Role}
	}
	return list
}

// An opened file with its digest.
type opened struct {
	file   *os.File
	source *read.Source
	digest string
}

func (o *opened) close() { _ = o.file.Close() }

func openData(path string) (*opened, error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		_ = f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		_ = f.Close()
		return nil, err
	}
	source, err := read.Open(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &opened{f, source, hex.EncodeToString(sum.Sum(nil))}, nil
}

// givenRoles returns the roles from the file and the flags; a flag wins.
func (s *survey) givenRoles() (map[string]anonymity.Role, error) {
	given := make(map[string]anonymity.Role)
	if s.rolesAt != "" {
		text, err := os.ReadFile(s.rolesAt)
		if err != nil {
			return nil, usagef("--roles: %w", err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			word, column, _ := strings.Cut(line, " ")
			role, err := anonymity.ParseRole(word)
			if column = strings.TrimSpace(column); err == nil && column == "" {
				err = errors.New("a line has a role and a column")
			}
			if err != nil {
				return nil, usagef("--roles: %s:%d: %w", s.rolesAt, i+1, err)
			}
			given[column] = role
		}
	}
	for _, role := range anonymity.Roles {
		for _, column := range *s.roles[role] {
			given[column] = role
		}
	}
	return given, nil
}

// assign gives each column of a source its role.
func assign(s *read.Source, given map[string]anonymity.Role) ([]report.Column, error) {
	for column := range given {
		if !slices.Contains(s.Columns, column) {
			return nil, fmt.Errorf("there is no column %q; there are %s", column, strings.Join(s.Columns, ", "))
		}
	}
	columns := make([]anonymity.Column, len(s.Columns))
	for i, name := range s.Columns {
		columns[i] = anonymity.Column{Name: name, Role: given[name]}
	}
	list := make([]report.Column, len(columns))
	for i, c := range anonymity.Guess(columns, s.Sample) {
		list[i] = report.Column{Name: c.Name, Role: c.Role, Guessed: given[c.Name] == ""}
	}
	return list, nil
}

// writeRoles prints a roles file.
func writeRoles(w io.Writer, columns []report.Column) error {
	var b strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&b, "%s %s\n", c.Role, c.Name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
