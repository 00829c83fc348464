package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

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
}

// openInputs finds the inputs that the arguments name.
func openInputs(paths []string, mediaType string) (*inputs, error) {
	in := &inputs{mediaType: mediaType}
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
				in.list = append(in.list, input{path, r})
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

// arms are those of the cases, a name once.
func (in *inputs) arms() []audit.Arm {
	var arms []audit.Arm
	taken := make(map[string]bool)
	for _, i := range in.list {
		if i.folder == nil {
			continue
		}
		for _, arm := range i.folder.Case.Arms {
			if !taken[arm.Name] {
				taken[arm.Name] = true
				arms = append(arms, arm)
			}
		}
	}
	return arms
}

// runs is the number of repetitions in the case that has most.
func (in *inputs) runs() int {
	runs := 0
	for _, i := range in.list {
		if i.folder != nil {
			runs = max(runs, i.folder.Case.Runs)
		}
	}
	return runs
}

// exhibits yields the exhibits of all inputs, numbered through: those of one
// case have the numbers that they have in its report.
func (in *inputs) exhibits() iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		n := 0
		for _, i := range in.list {
			for ex, err := range i.exhibits(in.mediaType) {
				if ex.ID != "" {
					n++
					ex.ID = fmt.Sprintf("e%d", n)
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

// answers yields what servers delivered, as far as the inputs have it.
func (in *inputs) answers() iter.Seq[audit.Exhibit] {
	return func(yield func(audit.Exhibit) bool) {
		for _, i := range in.list {
			for answer := range i.answers() {
				if !yield(answer) {
					return
				}
			}
		}
	}
}

// answers yields what one input has. What is wrong with it, its exhibits say.
func (i input) answers() iter.Seq[audit.Exhibit] {
	if i.folder != nil {
		return capture.Answers(i.folder.Case.ID, i.folder.Events(), i.folder.Body, exhibitLimit)
	}
	return func(yield func(audit.Exhibit) bool) {
		f, err := os.Open(i.path)
		if err != nil {
			return
		}
		defer func() { _ = f.Close() }()
		if !i.isArchive(f) {
			return
		}
		for answer := range har.Answers(f, exhibitLimit) {
			answer.Case = i.path
			if !yield(answer) {
				return
			}
		}
	}
}

// exhibits yields the exhibits of one input.
func (i input) exhibits(mediaType string) iter.Seq2[audit.Exhibit, error] {
	if i.folder != nil {
		return capture.Exhibits(i.folder.Case.ID, i.folder.Events(), i.folder.Body, exhibitLimit)
	}
	return func(yield func(audit.Exhibit, error) bool) {
		f, err := os.Open(i.path)
		if err != nil {
			yield(audit.Exhibit{}, err)
			return
		}
		defer func() { _ = f.Close() }()
		if !i.isArchive(f) {
			yield(i.body(f, mediaType))
			return
		}
		for ex, err := range har.Exhibits(f, exhibitLimit) {
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
// files what their exhibits are.
func (in *inputs) coverage(exhibits []audit.Exhibit) []audit.Coverage {
	var covered []audit.Coverage
	files := false
	for _, i := range in.list {
		if i.folder == nil {
			files = true
			continue
		}
		// What is wrong with the log is a problem of its own.
		of, _ := capture.Coverage(i.folder.Case.Arms, i.folder.Events())
		covered = append(covered, of...)
	}
	if !files {
		return covered
	}
	var c audit.Coverage
	for _, ex := range exhibits {
		if ex.Arm != "" {
			continue
		}
		c.Bytes += ex.Size
		if ex.Part == "request.url" || ex.Event == 0 {
			c.Requests++
		}
	}
	return append(covered, c)
}
