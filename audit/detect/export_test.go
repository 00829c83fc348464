package detect

import (
	"iter"

	"telltale/audit"
)

// DetectWith is [Detect] with a search that was prepared before.
func DetectWith(s *Seeds, exhibits iter.Seq2[audit.Exhibit, error], peel Peeler, workers int) Result {
	d := newDetector(Experiment{}, s)
	inOrder(exhibits, workers, looker{s, loadFields(), nil, peel}.look, d.add)
	return d.result()
}

// MaxSums is how many salted digests are computed for one exhibit.
const MaxSums = maxSums
