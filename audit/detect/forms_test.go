package detect

import (
	"fmt"
	"strings"
	"testing"

	"telltale/audit"
)

const pageSeed = "https://www.K7f3q9w2m4x8.example/A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en#top"

// Each spelling is met under its name, whole, in any capitals of ASCII.
func TestEachSpelling(t *testing.T) {
	const (
		mail   = "K7f3.q9w2m4x8+news@post.example"
		umlaut = "Größe k7f3q9w2 Ärger" // in NFC
		uuid   = "3f2a9c1e-77b0-43a5-8d1e-5c6b7a890f12"
		host   = "https://www.münchen.example/a1b2c3d4e5f6"
	)
	for _, tt := range []struct{ seed, in, want string }{
		{mail, mail, "plain"},
		{mail, strings.ToUpper(mail), "folded"},
		{umlaut, "GRÖßE K7F3Q9W2 ÄRGER", "folded"},
		{umlaut, "GRÖSSE K7F3Q9W2 ÄRGER", "folded"},
		{umlaut, "grösse k7f3q9w2 ärger", "folded"},
		{umlaut, "Gro\u0308ße k7f3q9w2 A\u0308rger", "nfd"},
		{umlaut, "GRO\u0308SSE K7F3Q9W2 A\u0308RGER", "nfd"},
		{"Gro\u0308ße k7f3q9w2", "Größe k7f3q9w2", "nfc"},
		{"ﬁle № k7f3q9w2", "file No k7f3q9w2", "nfkc"},
		{"№ ä k7f3q9w2", "No a\u0308 k7f3q9w2", "nfkd"},
		{mail, "Ｋ７ｆ３．ｑ９ｗ２ｍ４ｘ８＋ｎｅｗｓ＠ｐｏｓｔ．ｅｘａｍｐｌｅ", "fullwidth"},
		{"  k7f3q9w2 ", "k7f3q9w2", "trimmed"},
		{"red k7f3q9w2 fox", "red+k7f3q9w2+fox", "plus"},
		{"red+k7f3q9w2+fox", "red k7f3q9w2 fox", "space"},
		{"red k7f3q9w2 fox", "fox red k7f3q9w2", "words"},
		{"red k7f3q9w2 fox", "fox+k7f3q9w2+red", "words"},
		{mail, "k7f3q9w2m4x8@post.example", "email:canonical"},
		{mail, "K7f3.q9w2m4x8@POST.example", "email:no-tag"},
		{mail, "k7f3q9w2m4x8+news@post.example", "email:no-dots"},
		{mail, `"K7f3.q9w2m4x8+news"@post.example`, "email:quoted"},
		{mail, "user K7f3.q9w2m4x8+news said", "email:user"},
		{pageSeed, "www.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en#top", "url:no-scheme"},
		{pageSeed, "//WWW.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en#top", "url:no-scheme"},
		{pageSeed, "https://www.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en", "url:no-fragment"},
		{pageSeed, "https://www.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read/?q=zyx987wvu654&lang=en#top", "url:slash"},
		{"https://www.example/A1b2c3d4e5f6/?q=1", "https://www.example/A1b2c3d4e5f6?q=1", "url:slash"},
		{pageSeed, "https://www.k7f3q9w2m4x8.example:443/A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en#top", "url:port"},
		{"http://www.example:80/A1b2c3d4e5f6", "http://www.example/A1b2c3d4e5f6", "url:port"},
		{pageSeed, "https://www.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read?lang=en&q=zyx987wvu654#top", "url:query-order"},
		{host, "https://www.xn--mnchen-3ya.example/a1b2c3d4e5f6", "url:idna"},
		{"https://www.xn--mnchen-3ya.example/a1b2c3d4e5f6", host, "url:unicode"},
		{"https://www.example/ä/a1b2c3d4e5f6?p=ö", "https://www.example/%C3%A4/a1b2c3d4e5f6?p=%C3%B6", "url:escaped"},
		{"https://www.example/ä/a1b2c3d4e5f6?p=ö", "https://www.example/%c3%a4/a1b2c3d4e5f6?p=%c3%b6", "url:escaped"},
		{"https://www.example/%C3%A4/a1b2c3d4e5f6", "https://www.example/ä/a1b2c3d4e5f6", "url:unescaped"},
		{pageSeed, "at www.k7f3q9w2m4x8.example/A1b2c3d4e5f6/read now", "url:no-query"},
		{pageSeed, "at www.k7f3q9w2m4x8.example now", "url:host"},
		{pageSeed, "GET /A1b2c3d4e5f6/read?q=zyx987wvu654&lang=en HTTP/1.1", "url:path"},
		{pageSeed, "GET /A1b2c3d4e5f6/read HTTP/1.1", "url:path-only"},
		{pageSeed, "the q=zyx987wvu654&lang=en of it", "url:query"},
		{pageSeed, "the A1b2c3d4e5f6 of it", "url:segment"},
		{pageSeed, "the zyx987wvu654 of it", "url:value"},
		{uuid, "3F2A9C1E77B043A58D1E5C6B7A890F12", "uuid:no-dashes"},
		{"3f2a9c1e77b043a58d1e5c6b7a890f12", uuid, "uuid:dashes"},
		{uuid, "\x3f\x2a\x9c\x1e\x77\xb0\x43\xa5\x8d\x1e\x5c\x6b\x7a\x89\x0f\x12", "bytes"},
		{"02:1a:9c:4e:5d:6f", "021A9C4E5D6F", "mac:no-colons"},
		{"021a9c4e5d6f", "02:1A:9C:4E:5D:6F", "mac:colons"},
		{"02:1a:9c:4e:5d:6f", "02-1a-9c-4e-5d-6f", "mac:dashes"},
		{"02:1a:9c:4e:5d:6f", "021a.9c4e.5d6f", "mac:dots"},
	} {
		got, _, _ := strings.Cut(matched(mustSeeds(t, tt.seed), []byte(tt.in)), " {")
		if got != tt.want {
			t.Errorf("%q in %q: got %q, want %q", tt.seed, tt.in, got, tt.want)
		}
	}
}

// Each row of the table that is hashed is met as a digest, under its name.
func TestEachSpellingIsHashed(t *testing.T) {
	seeds := []string{
		pageSeed, "K7f3.q9w2m4x8+news@post.example", " k7f3q9w2 fox ", "Gro\u0308ße k7f3q9w2", "Größe ﬁ k7f3q9w2",
		"3f2a9c1e-77b0-43a5-8d1e-5c6b7a890f12", "021a9c4e5d6f", "02:1a:9c:4e:5d:6f", "3f2a9c1e77b043a58d1e5c6b7a890f12", "https://www.ä.example/%C3%A4/a1b2c3d4e5f6?x=ö&b=2",
		"https://www.xn--4ca.example/b1b2c3d4e5f6?z=1&y=2", "https://a.k7f3q9w2m4x8.example/?z=1&y=2",
	}
	had := make(map[string]bool)
	for _, seed := range seeds {
		s := mustSeeds(t, seed)
		for _, h := range s.images.texts {
			sum := sha256Sum([]byte(h.text))
			want := fmt.Sprintf("%s {0 32}", (&digest{name: "sha256"}).of(h.spelling.name))
			if got := matched(s, sum); got != want {
				t.Errorf("%q: got %s, want %s", h.text, got, want)
			}
			had[h.spelling.name] = true
		}
	}
	for _, sp := range spellings {
		if sp.use.has(inUsual|inSums) && !had[sp.name] {
			t.Errorf("no seed is hashed as %q", sp.name)
		}
	}
}

// A part that several seeds have is no part of either.
func TestSharedParts(t *testing.T) {
	s := mustSeeds(t, "https://www.k7f3q9w2m4x8.example/a1b2c3d4e5f6", "https://www.k7f3q9w2m4x8.example/b1b2c3d4e5f6")
	for in, want := range map[string]string{
		"https://www.k7f3q9w2m4x8.example":                    "",
		"https://www.k7f3q9w2m4x8.example/a1b":                "",
		"https://www.k7f3q9w2m4x8.example/a1b2c3d":            "plain[:40] {0 40}",
		"https://www.k7f3q9w2m4x8.example/a1b2c3d4e":          "plain[:42] {0 42}",
		"www.k7f3q9w2m4x8.example":                            "",
		"a1b2c3d4e5f6":                                        "url:path {0 12}",
		string(sha256Sum([]byte("www.k7f3q9w2m4x8.example"))): "",
	} {
		if got := matched(s, []byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// The estimate of random bits does not take words for random.
func TestRandomBits(t *testing.T) {
	for text, want := range map[string]int{
		"https://www.example.com/": 0,
		"openSearchDescription":    0,
		"page2020":                 12,
		"k7f3q9w2":                 40,
		"4f2a9c1e77b0d3a5":         64,
		"news.k7f3q9w2m4x8.com":    60,
		"":                         0,
	} {
		if got := randomBits(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// Two seeds of one value are both met.
func TestSameValue(t *testing.T) {
	list := []audit.Seed{{Name: "a", Value: "k7f3q9w2m4x8"}, {Name: "b", Value: "k7f3q9w2m4x8"}}
	s, err := NewSeeds(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"k7f3q9w2m4x8", string(sha256Sum([]byte("k7f3q9w2m4x8")))} {
		if got := s.Find(audit.Value{Data: audit.NewSecret([]byte(data))}); len(got) != 2 {
			t.Errorf("%q: got %v", data, got)
		}
	}
}
