package decode

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Sentences are known by their bytes, and by no other charset's rule.
func TestCharset(t *testing.T) {
	for _, tt := range []struct{ step, text string }{
		{"gbk", "今天天气很好，我们去公园散步 https://example.cn/"},
		{"shift-jis", "色は匂へど散りぬるを example.jp"},
		{"latin1", "Ærøskøbing lå stille, da båden gled ind"},
	} {
		for _, c := range charsets {
			if c.step != tt.step {
				continue
			}
			in, err := c.encoding.NewEncoder().Bytes([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, named(t, "charset"), layer{data: in})
			if len(got) != 1 || got[0].step != tt.step || string(got[0].data) != tt.text {
				t.Errorf("got %v, want %s %q", got, tt.step, tt.text)
			}
		}
	}
}

// FuzzCharset writes the result in the charset again. That reads the same; the
// bytes may differ, because Shift-JIS has some signs twice, and GBK the
// one for the euro.
func FuzzCharset(f *testing.F) {
	for _, s := range []string{"今天天气很好，我们去公园散步", "色は匂へど散りぬるを", "Ærøskøbing lå stille"} {
		gbk, _ := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s))
		sjis, _ := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
		latin, _ := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
		f.Add(gbk)
		f.Add(sjis)
		f.Add(latin)
	}
	d := named(f, "charset")
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, p := range run(t, d, layer{data: in}) {
			if !utf8.Valid(p.data) || !isText(p.data) {
				t.Errorf("%s: got %q", p.step, p.data)
			}
			for _, c := range charsets {
				if c.step != p.step {
					continue
				}
				again, err := c.encoding.NewEncoder().Bytes(p.data)
				if back, _ := c.encoding.NewDecoder().Bytes(again); err != nil || string(back) != string(p.data) {
					t.Errorf("%s: %q became %q: %v", p.step, in, again, err)
				}
			}
		}
	})
}
