package personal

import (
	"iter"
	"strings"
)

// rows yields the records of a table: n fields a line, by tab. Lines with # in
// front are comments.
func rows(table string, n int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(table) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != n || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(fields) {
				return
			}
		}
	}
}
