package seal

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
)

// A found is a file of a case folder.
type found struct {
	path string // below the folder, with slashes
	odd  bool   // it is no file with bytes: a link, a pipe …
	err  error  // why it, or what is below it, cannot be looked at
}

// walk yields what is in a case folder in the order of the tree, without the
// files of the seal.
func walk(dir string, stamps int) iter.Seq[found] {
	return func(yield func(found) bool) {
		// The function below returns no error of its own.
		_ = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				if !yield(found{path: path, err: err}) {
					return fs.SkipAll
				}
			case d.IsDir() || own(path, stamps) && d.Type().IsRegular():
			case !yield(found{path: path, odd: !d.Type().IsRegular()}):
				return fs.SkipAll
			}
			return nil
		})
	}
}

// sumFile hashes a file of a case.
func sumFile(dir, name string, k Key) (content, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return content{}, err
	}
	defer func() { _ = f.Close() }()
	return sum(name, f, k)
}

// inOrder does jobs with several workers and yields what comes of them in the
// order of the jobs. It holds some jobs for each worker, never all.
func inOrder[J, R any](jobs iter.Seq[J], workers int, do func(J) R) iter.Seq[R] {
	type task struct {
		job  J
		done chan R
	}
	return func(yield func(R) bool) {
		work, order, stop := make(chan task), make(chan task, 4*workers), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(stop)
		wg.Go(func() {
			defer close(order)
			defer close(work)
			for job := range jobs {
				t := task{job, make(chan R, 1)}
				select {
				case order <- t:
				case <-stop:
					return
				}
				select {
				case work <- t:
				case <-stop:
					return
				}
			}
		})
		for range workers {
			wg.Go(func() {
				for t := range work {
					t.done <- do(t.job)
				}
			})
		}
		for t := range order {
			if !yield(<-t.done) {
				return
			}
		}
	}
}
