package detect

import (
	"bytes"
	"strings"

	"telltale/audit"
)

// The longest local part and host of an e-mail address (RFC 5321, section
// 4.5.3.1).
const maxUser, maxHost = 64, 255

// mailboxes returns the seed of each canonical e-mail address, -1 if several
// have the same.
func mailboxes(seeds []audit.Seed) map[string]int {
	boxes := make(map[string]int)
	for i, s := range seeds {
		p := takeApart(s.Value)
		if p.host == "" {
			continue
		}
		box := canonicalEmail(p.user, p.host)
		if _, shared := boxes[box]; shared {
			i = -1
		}
		boxes[box] = i
	}
	return boxes
}

// mail returns the matches of addresses that are delivered to the same mailbox
// as a seed: with dots and a tag of any kind.
func (s *Seeds) mail(data []byte) (found []Match) {
	for from := 0; len(s.mailbox) > 0; {
		i := bytes.IndexByte(data[from:], '@')
		if i < 0 {
			break
		}
		at := from + i
		from = at + 1
		start, end := at, from
		for start > max(0, at-maxUser) && (charClassOf(data[start-1]) != noClass || strings.IndexByte("._+-", data[start-1]) >= 0) {
			start--
		}
		for end < min(len(data), from+maxHost) && (charClassOf(data[end]) != noClass || data[end] == '.' || data[end] == '-') {
			end++
		}
		if start == at || end == from {
			continue
		}
		host := bytes.TrimRight(data[from:end], ".-")
		seed, ok := s.mailbox[canonicalEmail(string(data[start:at]), string(host))]
		if ok && seed >= 0 {
			found = append(found, Match{
				Seed: seed, Form: "email:canonical", Span: audit.Span{Start: start, End: from + len(host)},
				Confidence: audit.Certain, rank: asWhole,
			})
		}
	}
	return found
}
