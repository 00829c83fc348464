// Package ranges packs a table from ranges of IP addresses to words, such as
// countries, into few bytes, and looks addresses up in it.
//
// A table is written down as the places where its word changes, from the lowest
// address to the highest; IPv4 stands at ::ffff:0:0/96, as RFC 4291 maps it.
// The packed form is zstd (RFC 8878) over, in this order and with unsigned
// varints as in encoding/binary:
//
//	length, text    what the table is: source, version, licence
//	number          of words, and of each its length and its bytes
//	number          of places
//	bytes           one a place: how many zero bits the distance to the place before ends with
//	varints         one a place: the distance without them
//	varints         one a place: the word from there on, counted from 1, or 0 for none
package ranges

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// A Row gives a word to the addresses from From to To, both included.
type Row struct {
	From, To netip.Addr
	Word     string
}

// A Table finds the word of an address. It is safe for concurrent use.
type Table struct {
	about  string
	words  []string
	places []address
	which  []uint32 // index into words from 1, 0 for none
}

// About says what the table is: source, version, licence.
func (t *Table) About() string { return t.about }

// Len is the number of places where the word changes.
func (t *Table) Len() int { return len(t.places) }

// Find returns the word of an address, "" if it has none. The zone of an
// address plays no part.
func (t *Table) Find(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	at := number(ip)
	from, to := 0, len(t.places) // the last place up to at is before to, and not before from-1
	for from < to {
		middle := int(uint(from+to) / 2)
		if p := &t.places[middle]; p.high < at.high || p.high == at.high && p.low <= at.low {
			from = middle + 1
		} else {
			to = middle
		}
	}
	if from == 0 || t.which[from-1] == 0 {
		return ""
	}
	return t.words[t.which[from-1]-1]
}

// New makes a table of rows in any order. It fails if a row is upside down,
// mixes IPv4 with IPv6 or has no word, or if two rows overlap.
func New(about string, rows []Row) (*Table, error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Row) int { return number(a.From).compare(number(b.From)) })
	t := &Table{about: about}
	index := make(map[string]uint32)
	for i, r := range rows {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("the range from %s to %s: %w", r.From, r.To, err)
		}
		if i > 0 && number(rows[i-1].To).compare(number(r.From)) >= 0 {
			return nil, fmt.Errorf("the ranges from %s and from %s overlap", rows[i-1].From, r.From)
		}
		if index[r.Word] == 0 {
			t.words = append(t.words, r.Word)
			index[r.Word] = uint32(len(t.words)) //nolint:gosec // not more than rows
		}
		t.change(number(r.From), index[r.Word])
		if end, more := number(r.To).next(); more {
			t.change(end, 0)
		}
	}
	return t, nil
}

func (r Row) check() error {
	switch {
	case !r.From.IsValid() || !r.To.IsValid() || r.From.Is4() != r.To.Is4():
		return errors.New("not two addresses of one kind")
	case r.To.Less(r.From):
		return errors.New("it ends before it starts")
	case r.Word == "":
		return errors.New("it has no word")
	}
	return nil
}

// change lets the word be another one from an address on. A range that starts
// where the one before ends takes its end's place.
func (t *Table) change(at address, word uint32) {
	if n := len(t.places); n > 0 && t.places[n-1] == at {
		t.places, t.which = t.places[:n-1], t.which[:n-1]
	}
	if n := len(t.places); n > 0 && t.which[n-1] == word || n == 0 && word == 0 {
		return
	}
	t.places, t.which = append(t.places, at), append(t.which, word)
}
