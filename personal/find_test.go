package personal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/personal"
)

// found lists forms and texts.
func found(text string) []string {
	got := []string{}
	for f := range personal.Find(text) {
		got = append(got, f.Form.Name+" "+text[f.Start:f.End])
	}
	return got
}

// Data is found within a text and within an address, with its place.
func TestFind(t *testing.T) {
	for in, want := range map[string][]string{
		"Write to k7f3q9w2@post.example. Thanks":                        {"e-mail address k7f3q9w2@post.example"},
		"https://a.example/x?m=k7f3q9w2@post.example&i=490154203237518": {"e-mail address k7f3q9w2@post.example", "IMEI 490154203237518"},
		"mailto:k7f3q9w2@post.example":                                  {"e-mail address k7f3q9w2@post.example"},
		"„DE89370400440532013000“":                                      {"IBAN DE89370400440532013000"},
		"nothing here, 1795228589149 and v1.2.3":                        {},
		"":                                                              {},
	} {
		if diff := cmp.Diff(want, found(in)); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

// FuzzFind: what is found is recognised by itself, in order and within the text,
// and a valid value that is put into the text as a word is found.
func FuzzFind(f *testing.F) {
	f.Add("Write to k7f3q9w2@post.example. Thanks", uint(9))
	f.Add("„DE89370400440532013000“", uint(3))
	f.Fuzz(func(t *testing.T, text string, at uint) {
		end := 0
		for p := range personal.Find(text) {
			if m, ok := personal.Recognise("", text[p.Start:p.End]); !ok || m != p.Match || p.Start < end {
				t.Errorf("%q: found %s at %d to %d", text, p.Form.Name, p.Start, p.End)
			}
			end = p.End
		}
		cut := int(at % uint(len(text)+1))
		with := text[:cut] + " DE89370400440532013000 " + text[cut:]
		if !slices.ContainsFunc(found(with), func(s string) bool { return strings.HasSuffix(s, " DE89370400440532013000") }) {
			t.Errorf("not found in %q", with)
		}
	})
}
