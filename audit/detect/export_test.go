package detect

import (
	"iter"

	"telltale/audit"
	"telltale/personal"
)

// DetectWith is [Detect] with a search that was prepared before.
func DetectWith(s *Seeds, exhibits iter.Seq2[audit.Exhibit, error], peel Peeler, workers int) Result {
	d := newDetector(Experiment{}, s)
	inOrder(exhibits, workers, looker{s, loadFields(), mustFormats(), nil, peel}.worker, d.add)
	d.observe()
	d.identify(nil, peel, workers)
	return d.result(nil)
}

func mustFormats() *formats {
	fs, err := loadFormats(formatsText)
	if err != nil {
		panic(err)
	}
	return fs
}

// LoadFormats reads a table of formats.
func LoadFormats(text string) error {
	_, err := loadFormats(text)
	return err
}

// A FormatRow is one field of a format.
type FormatRow struct {
	Name, Basis, Source string
	Kind                personal.Kind
}

// FormatRows are the fields of formats.txt.
func FormatRows() []FormatRow {
	fs := mustFormats()
	var rows []FormatRow
	for _, places := range fs.places {
		for _, p := range places {
			if f := fs.list[p.format]; p.need < 0 {
				rows = append(rows, FormatRow{f.name, f.basis, f.source, p.kind})
			}
		}
	}
	return rows
}

// FormatNames are the names in formats.txt.
func FormatNames() []string {
	var names []string
	for _, f := range mustFormats().list {
		names = append(names, f.name)
	}
	return names
}

// MaxSums is how many salted digests are computed for one exhibit.
const MaxSums = maxSums

// ClassRows are the kind and the evidence of each class.
func ClassRows() [][2]string {
	var rows [][2]string
	for _, c := range classes {
		rows = append(rows, [2]string{string(c.kind), c.evidence})
	}
	return rows
}
