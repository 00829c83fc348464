package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"telltale/audit/attribute/ranges"
)

// addresses packs a table of ranges out of the two files of a package, one for
// each kind of address: first address, last address, and one word or more.
func addresses(s source, dir string) ([]byte, error) {
	var rows []ranges.Row
	for _, kind := range []string{"ipv4", "ipv6"} {
		more, err := readRows(filepath.Join(dir, path.Base(s.name)+"-"+kind+".csv"))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	rows = agreed(rows)
	table, err := ranges.New(s.about(), rows)
	if err != nil {
		return nil, err
	}
	packed, err := table.Pack()
	if err != nil {
		return nil, err
	}
	if table, err = ranges.Unpack(packed); err != nil {
		return nil, err
	}
	return packed, verify(table, rows)
}

// agreed leaves out the rows that overlap another one: of two that contradict
// each other neither is known to be right.
func agreed(rows []ranges.Row) []ranges.Row {
	slices.SortFunc(rows, func(a, b ranges.Row) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To))
	})
	doubtful := make([]bool, len(rows))
	widest := 0 // of the rows so far, the one that reaches furthest
	for i := 1; i < len(rows); i++ {
		if rows[i].From.Compare(rows[widest].To) <= 0 {
			doubtful[i], doubtful[widest] = true, true
		}
		if rows[widest].To.Less(rows[i].To) {
			widest = i
		}
	}
	kept := make([]ranges.Row, 0, len(rows))
	for i, r := range rows {
		if !doubtful[i] {
			kept = append(kept, r)
		}
	}
	return kept
}

func readRows(file string) ([]ranges.Row, error) {
	f, err := os.Open(file) //nolint:gosec // the folder is an argument
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	var rows []ranges.Row
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		row, err := newRow(record)
		if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", file, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

// newRow reads two addresses and the words of the rest, with a tab between.
func newRow(record []string) (ranges.Row, error) {
	if len(record) < 3 {
		return ranges.Row{}, fmt.Errorf("%d fields, want two addresses and more", len(record))
	}
	from, err := netip.ParseAddr(record[0])
	if err != nil {
		return ranges.Row{}, err
	}
	to, err := netip.ParseAddr(record[1])
	if err != nil {
		return ranges.Row{}, err
	}
	words := make([]string, len(record)-2)
	for i, w := range record[2:] {
		words[i] = strings.Join(strings.Fields(w), " ")
	}
	return ranges.Row{From: from, To: to, Word: strings.Join(words, "\t")}, nil
}

// verify looks up both ends of every row.
func verify(t *ranges.Table, rows []ranges.Row) error {
	for _, r := range rows {
		for _, ip := range []netip.Addr{r.From, r.To} {
			if got := t.Find(ip); got != r.Word {
				return fmt.Errorf("packed, %s has %q, want %q", ip, got, r.Word)
			}
		}
	}
	return nil
}
