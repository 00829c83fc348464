package detect_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/audit"
	"telltale/audit/decode"
)

var (
	longPage = audit.Seed{Name: "page", Kind: "behaviour/navigation/url", Value: "https://www.k7f3q9w2m4x8.example/a1b2c3d4e5f6/read?q=zyx987wvu654"}
	mail     = audit.Seed{Name: "mail", Kind: "contact/email", Value: "k7f3q9w2m4x8@post.example"}
)

// forms lists seed and form of what is found, with what is said of it.
func forms(t *testing.T, seeds []audit.Seed, exhibits ...audit.Exhibit) []string {
	t.Helper()
	var got []string
	for _, f := range found(t, seeds, exhibits...).Findings {
		if f.Seed == "" {
			continue
		}
		text := fmt.Sprint(f.Exhibit, " ", f.Seed, " ", f.Form, " ", f.Confidence)
		if f.Says != "" {
			text += ": " + f.Says
		}
		got = append(got, text)
	}
	return got
}

// A seed in pieces is one finding, in the layer that holds all of them.
func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"a=k7f3q9w2&b=m4x8@post.example":                                           "e1 mail split certain: in 2 pieces",
		"p1=k7f3q&n=0&p2=9w2m4&n=1&p3=x8@post.example":                             "e1 mail split certain: in 3 pieces",
		`{"a":"k7f3q9w2m","b":"4x8@post.example"}`:                                 "e1 mail split certain: in 2 pieces",
		`{"c":["k7f3q","9w2m4","x8@po","st.ex","ample"]}`:                          "e1 mail split certain: in 5 pieces",
		`[{"i":0,"d":"k7f3q9w2"},{"i":1,"d":"m4x8@post"},{"i":2,"d":".example"}]`:  "e1 mail split certain: in 3 pieces",
		`{"a":{"x":"k7f3q9w2"},"b":{"x":"m4x8@post.example"}}`:                     "e1 mail split certain: in 2 pieces",
		"https://sink.example/k7f3q9w2/m4x8@post.example/1":                        "e1 mail split certain: in 2 pieces",
		`{"c":["azdmM3E5dzI=","bTR4OEBwb3N0LmV4YW1wbGU="]}`:                        "e1 mail split certain: in 2 pieces",
		"a=azdmM3E5dzJ&b=tNHg4QHBvc3QuZXhhbXBsZQ==":                                "e1 mail plain[:8] likely, e1 mail plain certain",
		"a=azdmM3E5dzJtNHg4QHBvc3QuZXhhbXBsZSAg&b=c3VtbWVyIG5ld3MgdG9kYXkg":        "e1 mail plain certain",
		`{"a":"k7f3q9w2m4x8@post.example","b":"k7f3q9w2","c":"m4x8@post.example"}`: "e1 mail plain certain, e1 mail plain[:8] likely",
		`{"b":"m4x8@post.example","a":"k7f3q9w2"}`:                                 "e1 mail split certain: in 2 pieces",
		"p3=example&n=1&p1=k7f3q9w2&p2=m4x8%40post.":                               "e1 mail split certain: in 3 pieces",
		`{"c":["YWJj","azdmMw==","cTl3","Mm00eDhAcG9zdC5leGFtcGxl"]}`:              "e1 mail split certain: in 3 pieces",
		"https://sink.example/k7f3q9w2m4x/8%40po/st.example":                       "e1 mail split certain: in 3 pieces",
	} {
		if got := strings.Join(forms(t, []audit.Seed{mail}, body(1, here, "sink.example", in)), ", "); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// Every finding of a split seed can be replayed from the bytes, and its range
// goes from the first piece to the last.
func TestSplitReplays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(1, len(mail.Value)-1).Draw(t, "cut")
		a, b := url.QueryEscape(mail.Value[:cut]), url.QueryEscape(mail.Value[cut:])
		ex := body(1, here, "sink.example", "v=1&a="+a+"&b="+b+"&t=2")
		r := detected(t, []audit.Seed{mail}, ex)
		if len(r.Findings) != 1 || r.Findings[0].Form != "split" {
			t.Fatalf("got %v", lines(r.Findings))
		}
		layers, err := decode.Explain(ex, r.Findings[0])
		if err != nil {
			t.Fatal(err)
		}
		last := layers[len(layers)-1]
		if got, want := string(last.Data.Reveal()[last.Span.Start:last.Span.End]), a+"&b="+b; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A seed that goes on in the next message of a connection is found in the
// message that it ends in; in another connection it does not go on.
func TestSplitOverMessages(t *testing.T) {
	message := func(n int, url, data string) audit.Exhibit {
		ex := body(n, here, "sink.example", data)
		ex.URL, ex.Part = url, "message.out"
		return ex
	}
	got := forms(t, []audit.Seed{mail},
		message(1, "wss://sink.example/a", `{"n":1,"d":"k7f3q9w2"}`),
		message(2, "wss://sink.example/b", `{"n":1,"d":"m4x8@post.example"}`),
		message(3, "wss://sink.example/a", `{"n":2,"d":"m4x8@po"}`),
		message(4, "wss://sink.example/a", `{"n":3,"d":"st.example and more"}`),
		message(5, "wss://sink.example/c", "say k7f3q9w2m4"),
		message(6, "wss://sink.example/c", "x8@post.example"))
	want := []string{"e1 mail plain[:8] likely", "e4 mail split:messages certain: goes on from e3", "e5 mail plain[:10] likely", "e6 mail split:messages certain: goes on from e5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Host and path of an address in fields of their own are the address.
func TestParts(t *testing.T) {
	for in, want := range map[string][]string{
		`{"scheme":"https","host":"www.k7f3q9w2m4x8.example","port":443,"path":"/a1b2c3d4e5f6/read"}`: {"e1 page url:parts certain: with the host at request.body › json:/host"},
		`{"host":"www.k7f3q9w2m4x8.example","uri":"/a1b2c3d4e5f6/read?q=zyx987wvu654"}`:               {"e1 page url:parts certain: with the host at request.body › json:/host"},
		`{"host":"www.k7f3q9w2m4x8.example"}`:                                                         {"e1 page url:host likely"},
		`{"host":"www.other.example","path":"/a1b2c3d4e5f6/read"}`:                                    {"e1 page url:path-only likely"},
	} {
		if diff := cmp.Diff(want, forms(t, []audit.Seed{longPage}, body(1, here, "sink.example", in))); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

// A seed that was cut short counts where a value ends and more than 32 random
// bits are left, and if they tell it from the other seeds.
func TestCut(t *testing.T) {
	twin := audit.Seed{Name: "twin", Kind: "contact/email", Value: "k7f3q9w2m4xx@post.example"}
	for _, tt := range []struct {
		in    string
		seeds []audit.Seed
		want  []string
	}{
		{`{"m":"k7f3q9w2m4x8@po"}`, []audit.Seed{mail}, []string{"e1 mail plain[:15] likely"}},
		{`{"m":"K7F3Q9W2M4X8"}`, []audit.Seed{mail}, []string{"e1 mail email:user likely"}},
		{`{"m":"see k7f3q9w2m4x…"}`, []audit.Seed{mail}, []string{"e1 mail plain[:11] likely"}},
		{`{"m":"k7f3q9w"}`, []audit.Seed{mail}, nil},               // 35 bits, but seven bytes
		{`{"m":"k7f3q9w2m4x and"}`, []audit.Seed{mail}, nil},       // no end
		{`{"m":"k7f3q9w2m4x"}`, []audit.Seed{mail, twin}, nil},     // either of two
		{`{"m":"https://www.k7f3q"}`, []audit.Seed{longPage}, nil}, // 25 bits
		{`{"m":"https://www.k7f3q9w2"}`, []audit.Seed{longPage}, []string{"e1 page plain[:20] likely"}},
		{`{"m":"www.k7f3q9w2m4x8.example/a1b2c3"}`, []audit.Seed{longPage}, []string{"e1 page url:no-scheme[:31] likely"}},
	} {
		if diff := cmp.Diff(tt.want, forms(t, tt.seeds, body(1, here, "sink.example", tt.in))); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.in, diff)
		}
	}
}
