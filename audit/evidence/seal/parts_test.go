package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The example tree that implementations of RFC 6962 test with: eight leaves,
// and the roots of its beginnings (google/certificate-transparency,
// merkletree/merkle_tree_test.cc).
func TestTree(t *testing.T) {
	inputs := []string{
		"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
	}
	roots := []string{
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tr tree
	if got, want := tr.root(), sha256.Sum256(nil); got != want {
		t.Errorf("no leaves: got %x", got)
	}
	for i, in := range inputs {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		tr.add(leafHash(b))
		if root := tr.root(); hex.EncodeToString(root[:]) != roots[i] {
			t.Errorf("%d leaves: got %x, want %s", i+1, root, roots[i])
		}
	}
}

// pieces cuts a text that comes in chunks.
func pieceList(chunks ...[]byte) []string {
	var list []string
	var piece []byte
	c := &cutter{write: func(b []byte) { piece = append(piece, b...) }}
	c.end = func() {
		if len(piece) > 0 {
			list = append(list, string(piece))
			piece = nil
		}
	}
	for _, b := range chunks {
		_, _ = c.Write(b)
	}
	c.end()
	return list
}

func TestCutter(t *testing.T) {
	for in, want := range map[string][]string{
		``:                       nil,
		`{}`:                     {`{}`},
		`{"a":"b","c":1}` + "\n": {`{`, `"a"`, `:`, `"b"`, `,`, `"c"`, `:1}` + "\n"},
		`["",""]`:                {`[`, `""`, `,`, `""`, `]`},
		`"a\"b\\"x`:              {`"a\"b\\"`, `x`},
		`"a""b"`:                 {`"a"`, `"b"`},
		"\"open\n\"next\"":       {`"open`, "\n", `"next"`},
		"\"\n":                   {`"`, "\n"},
		`"a\`:                    {`"a\`},
		`"`:                      {`"`},
	} {
		if got := pieceList([]byte(in)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzCutter: the pieces are the text, whatever chunks it comes in, and none
// but those between strings could be another after a string is withheld.
func FuzzCutter(f *testing.F) {
	f.Add([]byte(`{"a":"b\"","c":["d",1]}`+"\n"), 3)
	f.Add([]byte("\"\\\n\"\""), 2)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		at = max(0, min(at, len(b)))
		all := pieceList(b)
		if strings.Join(all, "") != string(b) {
			t.Fatalf("the pieces are not the text: %q", all)
		}
		if cut := pieceList(b[:at], b[at:]); !slices.Equal(all, cut) {
			t.Fatalf("in two chunks: %q, in one: %q", cut, all)
		}
		for i, p := range all {
			if p[0] != '"' || len(p) < 2 || p[len(p)-1] != '"' {
				continue
			}
			shown := slices.Clone(all)
			shown[i] = Withheld
			if again := pieceList([]byte(strings.Join(shown, ""))); !slices.Equal(again, shown) {
				t.Fatalf("without piece %d: %q, want %q", i, again, shown)
			}
		}
	})
}

// FuzzLeaves: a list that is taken is written again as the same bytes.
func FuzzLeaves(f *testing.F) {
	c := content{Size: 3, Pieces: 1}
	l := newLeaf("blobs/ab", c, Key{})
	line, err := l.encode()
	if err != nil {
		f.Fatal(err)
	}
	d := Digest(l.hash())
	gone, err := leaf{Leaf: &d}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, gone...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		for l, err := range leaves(bytes.NewReader(b)) {
			if err != nil {
				return
			}
			line, err := l.encode()
			if err != nil {
				t.Fatal(err)
			}
			_ = l.hash() // of any leaf that is taken
			again = append(again, line...)
		}
		if !bytes.Equal(b, again) {
			t.Errorf("%q was taken, and is written as %q", b, again)
		}
	})
}

// Any order of files gives one root, and another file another.
func TestRootOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []hash
		for _, s := range rapid.SliceOfNDistinct(rapid.String(), 1, 20, rapid.ID[string]).Draw(t, "leaves") {
			list = append(list, leafHash([]byte(s)))
		}
		want := root(slices.Clone(list))
		if got := root(rapid.Permutation(list).Draw(t, "order")); got != want {
			t.Fatal("the order counts")
		}
		list[0][0] ^= 1
		if root(list) == want {
			t.Fatal("a changed leaf does not count")
		}
	})
}
