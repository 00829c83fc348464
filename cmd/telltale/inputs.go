package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"telltale/audit"
	"telltale/audit/capture"
	"telltale/audit/capture/har"
	"telltale/audit/evidence"
)

// inputs are what analyze reads, in order.
type inputs struct {
	list      []input
	mediaType string // of bodies
}

// An input is a case or a file.
type input struct {
	path   string
	folder *evidence.Reader // of a case, nil for a file
	run    runFile          // what is said of a file, if anything
}

// openInputs finds the inputs that the arguments name.
func openInputs(paths []string, mediaType string, runs []runFile) (*inputs, error) {
	in := &inputs{mediaType: mediaType}
	for _, f := range runs {
		if info, err := os.Stat(f.File); err != nil || info.IsDir() {
			return nil, usagef("the input %s of the list of runs: no such file", f.File)
		}
		in.list = append(in.list, input{path: f.File, run: f})
	}
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && isCase(path):
				r, err := evidence.Open(path)
				if err != nil {
					return err
				}
				if len(runs) > 0 {
					return errors.New("a case says itself which run is which; analyze it without --runs")
				}
				in.list = append(in.list, input{path: path, folder: r})
				return fs.SkipDir
			case !d.IsDir():
				in.list = append(in.list, input{path: path})
			}
			return nil
		})
		if err != nil {
			return nil, usagef("the input %s: %w", path, err)
		}
	}
	if len(in.list) == 0 {
		return nil, usagef("there is no file in %v", paths)
	}
	return in, nil
}

func isCase(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, evidence.CaseFile))
	return err == nil
}

// seeds are those of the cases. A name that two cases have gets the second
// one's in front.
func (in *inputs) seeds() []audit.Seed {
	var seeds []audit.Seed
	taken := make(map[string]bool)
	for _, i := range in.list {
		if i.folder == nil {
			continue
		}
		for _, s := range i.folder.Seeds {
			if taken[s.Name] {
				s.Name = i.folder.Case.ID + "/" + s.Name
			}
			taken[s.Name] = true
			seeds = append(seeds, s)
		}
	}
	return seeds
}

// folders are the cases among the inputs.
func (in *inputs) folders() []*evidence.Reader {
	var folders []*evidence.Reader
	for _, i := range in.list {
		if i.folder != nil {
			folders = append(folders, i.folder)
		}
	}
	return folders
}

// arms are those of the cases, a name once.
func (in *inputs) arms() []audit.Arm {
	var arms []audit.Arm
	taken := make(map[string]bool)
	for _, i := range in.list {
		own := []audit.Arm{i.run.arm()}
		if i.folder != nil {
			own = i.folder.Case.Arms
		}
		for _, arm := range own {
			if arm.Name != "" && !taken[arm.Name] {
				taken[arm.Name] = true
				arms = append(arms, arm)
			}
		}
	}
	return arms
}

// visits are those of the length probe in the cases. A list of runs puts its
// files into other places, where no visit was made.
func (in *inputs) visits() []audit.Visit {
	var visits []audit.Visit
	for _, i := range in.list {
		if i.folder != nil && i.run.Arm == "" {
			visits = append(visits, capture.Visits(i.folder.Case.Probe, i.folder.Events())...)
		}
	}
	return visits
}

// runs is the number of repetitions in the case that has most.
func (in *inputs) runs() int {
	runs := 0
	for _, i := range in.list {
		runs = max(runs, i.run.Run)
		if i.folder != nil {
			runs = max(runs, i.folder.Case.Runs)
		}
	}
	return runs
}

// exhibits yields the exhibits of all inputs, numbered through: those of one
// case have the numbers that they have in its report.
func (in *inputs) exhibits() iter.Seq2[audit.Exhibit, error] {
	return in.numbered("e", func(i input) iter.Seq2[audit.Exhibit, error] { return i.exhibits(in.mediaType) })
}

// answers yields what servers sent, as far as the inputs have it.
func (in *inputs) answers() iter.Seq2[audit.Exhibit, error] { return in.numbered("a", input.answers) }

// numbered yields what is taken out of all inputs, numbered behind a letter.
func (in *inputs) numbered(letter string, of func(input) iter.Seq2[audit.Exhibit, error]) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		n := 0
		for _, i := range in.list {
			for ex, err := range of(i) {
				if ex.ID != "" {
					n++
					ex.ID = fmt.Sprintf("%s%d", letter, n)
				}
				if i.run.Arm != "" {
					ex.Place = i.run.place()
				}
				if err != nil {
					err = fmt.Errorf("%s: %w", i.path, err)
				}
				if !yield(ex, err) {
					return
				}
			}
		}
	}
}

// exhibits yields the exhibits of one input.
func (i input) exhibits(mediaType string) iter.Seq2[audit.Exhibit, error] {
	if i.folder != nil {
		return capture.Exhibits(i.folder.Case.ID, i.folder.Events(), i.folder.Body, exhibitLimit)
	}
	return i.file(har.Exhibits, exhibitLimit, func(f *os.File, yield func(audit.Exhibit, error) bool) {
		yield(i.body(f, mediaType))
	})
}

// answers yields what servers sent in one input. A body has none.
func (i input) answers() iter.Seq2[audit.Exhibit, error] {
	if i.folder != nil {
		return capture.Answers(i.folder.Case.ID, i.folder.Events(), i.folder.Body, answerLimit)
	}
	return i.file(har.Answers, answerLimit, func(*os.File, func(audit.Exhibit, error) bool) {})
}

// file yields what read takes out of an archive, or other out of any other file.
func (i input) file(
	read func(io.Reader, int64) iter.Seq2[audit.Exhibit, error], limit int64,
	other func(*os.File, func(audit.Exhibit, error) bool),
) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		f, err := os.Open(i.path)
		if err != nil {
			yield(audit.Exhibit{}, err)
			return
		}
		defer func() { _ = f.Close() }()
		if !i.isArchive(f) {
			other(f, yield)
			return
		}
		for ex, err := range read(f, limit) {
			ex.Case = i.path
			if !yield(ex, err) {
				return
			}
		}
	}
}

// isArchive reports whether a file is an HTTP archive, by name or content.
func (i input) isArchive(f *os.File) bool {
	head := make([]byte, 4096)
	n, _ := f.ReadAt(head, 0) // what cannot be read now, cannot be read later
	return filepath.Ext(i.path) == ".har" || har.Is(head[:n])
}

// body takes a file as the body of one request.
func (i input) body(r io.Reader, mediaType string) (audit.Exhibit, error) {
	sum := sha256.New()
	r = io.TeeReader(r, sum)
	data, err := io.ReadAll(io.LimitReader(r, exhibitLimit))
	if err != nil {
		return audit.Exhibit{}, err
	}
	rest, err := io.Copy(io.Discard, r)
	return audit.Exhibit{
		ID: "e1", Case: i.path, Part: "request.body", Type: mediaType, Data: audit.NewSecret(data),
		Size: int64(len(data)) + rest, SHA256: hex.EncodeToString(sum.Sum(nil)), Cut: rest > 0,
	}, err
}

// coverage counts what was read: of the cases what their logs have, of the
// files what their exhibits are, by arm.
func (in *inputs) coverage(exhibits []audit.Exhibit) []audit.Coverage {
	var covered []audit.Coverage
	var arms []string // of files
	for _, i := range in.list {
		if i.folder == nil {
			if !slices.Contains(arms, i.run.Arm) {
				arms = append(arms, i.run.Arm)
			}
			continue
		}
		// What is wrong with the log is a problem of its own.
		of, _ := capture.Coverage(i.folder.Case.Arms, i.folder.Events())
		covered = append(covered, of...)
	}
	for _, arm := range arms {
		covered = append(covered, in.filesCoverage(arm, exhibits))
	}
	return covered
}

// filesCoverage counts what the files of one arm hold.
func (in *inputs) filesCoverage(arm string, exhibits []audit.Exhibit) audit.Coverage {
	c := audit.Coverage{Arm: arm}
	runs := make(map[int]bool)
	for _, i := range in.list {
		if i.folder == nil && i.run.Arm == arm && arm != "" {
			runs[i.run.Run] = true
		}
	}
	c.Runs = len(runs)
	for _, ex := range exhibits {
		if ex.Arm != arm {
			continue
		}
		c.Bytes += ex.Size
		if ex.Part == "request.url" || ex.Event == 0 {
			c.Requests++
		}
	}
	return c
}
