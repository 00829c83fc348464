package ranges

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestFind(t *testing.T) {
	table, err := New("a test", []Row{
		{ip("2001:db8::"), ip("2001:db8::ffff"), "six"},
		{ip("1.0.0.0"), ip("1.0.0.255"), "one"},
		{ip("1.0.1.0"), ip("1.0.1.255"), "one"},
		{ip("1.0.2.0"), ip("1.0.2.0"), "two"},
		{ip("255.255.255.255"), ip("255.255.255.255"), "last"},
		{ip("ffff::"), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "end"},
	})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := table.Pack()
	if err != nil {
		t.Fatal(err)
	}
	table, err = Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"0.255.255.255": "", "1.0.0.0": "one", "1.0.1.255": "one", "1.0.2.0": "two", "1.0.2.1": "",
		"::ffff:1.0.0.7": "one", "2001:db8::1": "six", "2001:db8::1%eth0": "six", "2001:db8::1:0": "", "::1": "",
		"255.255.255.255": "last", "::1:0:0:0": "", "ffff::1": "end", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "end",
	} {
		if got := table.Find(ip(address)); got != want {
			t.Errorf("%s: got %q want %q", address, got, want)
		}
	}
	if got := table.Find(netip.Addr{}); got != "" {
		t.Errorf("no address: got %q", got)
	}
	if table.About() != "a test" || table.Len() != 8 {
		t.Errorf("got %q with %d places", table.About(), table.Len())
	}
}

func TestNewRefuses(t *testing.T) {
	for want, rows := range map[string][]Row{
		"ends before": {{ip("1.0.0.1"), ip("1.0.0.0"), "w"}},
		"one kind":    {{ip("1.0.0.1"), ip("::1"), "w"}},
		"no word":     {{ip("1.0.0.1"), ip("1.0.0.1"), ""}},
		"overlap":     {{ip("1.0.0.0"), ip("1.0.0.9"), "w"}, {ip("1.0.0.9"), ip("1.0.0.9"), "v"}},
	} {
		if _, err := New("", rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

// A packed table finds what the list of its rows finds when it is read row by
// row.
func TestPackProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Row
		last := netip.Addr{}
		bytes4 := rapid.SliceOfN(rapid.Byte(), 4, 4)
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			a, _ := netip.AddrFromSlice(bytes4.Draw(t, "a"))
			b, _ := netip.AddrFromSlice(bytes4.Draw(t, "b"))
			if b.Less(a) {
				a, b = b, a
			}
			if !last.IsValid() || last.Less(a) {
				rows, last = append(rows, Row{a, b, rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "word")}), b
			}
		}
		table, err := New("", rows)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := table.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if table, err = Unpack(packed); err != nil {
			t.Fatal(err)
		}
		probe := func(a netip.Addr) {
			want := ""
			for _, r := range rows {
				if !a.Less(r.From) && !r.To.Less(a) {
					want = r.Word
				}
			}
			if got := table.Find(a); a.IsValid() && got != want {
				t.Errorf("%s: got %q want %q", a, got, want)
			}
		}
		for _, r := range rows {
			for _, a := range []netip.Addr{r.From.Prev(), r.From, r.To, r.To.Next()} {
				probe(a)
			}
		}
	})
}

// What can be unpacked stays the same when it is packed and unpacked again.
func FuzzUnpack(f *testing.F) {
	table, err := New("a test", []Row{{ip("1.0.0.0"), ip("1.0.0.255"), "one"}, {ip("2001:db8::"), ip("2001:db8::ffff"), "six"}})
	if err != nil {
		f.Fatal(err)
	}
	packed, err := table.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Unpack(data)
		if err != nil {
			return
		}
		packed, err := first.Pack()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Unpack(packed)
		if err != nil {
			t.Fatalf("packed again, it cannot be read: %v", err)
		}
		twice, err := again.Pack()
		if err != nil || !bytes.Equal(packed, twice) {
			t.Errorf("packed twice, it is another table: %v", err)
		}
	})
}
