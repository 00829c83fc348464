package attribute

import (
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// answer packs an answer with a CNAME record for each name and the next one.
func answer(names ...string) []byte {
	name := func(s string) dnsmessage.Name { return dnsmessage.MustNewName(s) }
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{Response: true},
		Questions: []dnsmessage.Question{{Name: name(names[0]), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	for i := range names[1:] {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name(names[i]), Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.CNAMEResource{CNAME: name(names[i+1])},
		})
	}
	slices.Reverse(m.Answers) // their order says nothing
	m.Answers = append(m.Answers, dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: name(names[len(names)-1]), Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}},
	})
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

func TestAliasesOfAnswer(t *testing.T) {
	host, names := Aliases(answer("Metrics.site.example.", "site.ads.example.", "x.cloudfront.net."))
	if want := []string{"site.ads.example", "x.cloudfront.net"}; host != "metrics.site.example" || !slices.Equal(names, want) {
		t.Errorf("got %q, %q want %q", host, names, want)
	}
	if host, names := Aliases(answer("a.example.", "b.example.", "a.example.")); host != "a.example" || len(names) != maxAliases {
		t.Errorf("a circle: got %q and %d names, want %d", host, len(names), maxAliases)
	}
	if host, names := Aliases(answer("a.example.")); host != "a.example" || names != nil {
		t.Errorf("no alias: got %q, %q", host, names)
	}
	whole := answer("a.example.", "b.example.")
	question := slices.Clone(whole)
	question[2] &^= 0x80
	for name, b := range map[string][]byte{"nothing": nil, "cut off": whole[:len(whole)-1], "a question": question, "text": []byte("no message of any kind")} {
		if host, names := Aliases(b); host != "" || names != nil {
			t.Errorf("%s: got %q, %q", name, host, names)
		}
	}
}

// All names are names of hosts, and the way is bounded.
func FuzzAliases(f *testing.F) {
	f.Add(answer("a.example.", "b.example.", "c.example."))
	f.Add(answer("a.example.", "a.example."))
	f.Fuzz(func(t *testing.T, message []byte) {
		host, names := Aliases(message)
		if host != "" && !isHost(host) || host == "" && names != nil || len(names) > maxAliases {
			t.Errorf("got %q, %q", host, names)
		}
		for _, name := range names {
			if !isHost(name) {
				t.Errorf("%q is no name of a host", name)
			}
		}
	})
}
