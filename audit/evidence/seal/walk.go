package seal

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
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
	f, err := openRegular(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return content{}, err
	}
	defer func() { _ = f.Close() }()
	return sum(name, f, k)
}
