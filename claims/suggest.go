package claims

import "cmp"

// suggest says what the writer of an unknown word can do: take the nearest of
// the known words, or else what is said in otherwise.
func suggest(word string, known []string, otherwise string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := distance(word, k, least); d < least {
			best, least = "did you mean "+k+"?", d
		}
	}
	return cmp.Or(best, otherwise)
}

// distance returns how many bytes have to be put in, taken out or replaced to
// make b of a (Levenshtein), or limit if it is at least that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
