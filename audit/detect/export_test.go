package detect

import (
	"iter"

	"telltale/audit"
)

// DetectWith is [Detect] with a search that was prepared before.
func DetectWith(s *Seeds, exhibits iter.Seq2[audit.Exhibit, error], peel Peeler, workers int) Result {
	formats, err := loadFormats(formatsText)
	if err != nil {
		panic(err)
	}
	d := &detector{identifiers: newIdentifiers(Experiment{})}
	inOrder(exhibits, workers, looker{s, loadFields(), formats, nil, peel}.look, d.add)
	d.identify(nil, peel, workers)
	return d.result(nil)
}

// FormatNames are the names in formats.txt.
func FormatNames() []string {
	fs, err := loadFormats(formatsText)
	if err != nil {
		panic(err)
	}
	var names []string
	for _, f := range fs.list {
		names = append(names, f.name)
	}
	return names
}
