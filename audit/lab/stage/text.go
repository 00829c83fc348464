package stage

import (
	_ "embed"
	"hash/fnv"
	"strings"
)

// A story is a text of the newspaper.
type story struct {
	Slug    string
	Section string
	Title   string
	Lead    string
	Text    []string // paragraphs
}

// goods are something that the shop sells.
type goods struct {
	Slug, Name, Price, About string
}

//go:embed stories.txt
var storiesText string

//go:embed essay.txt
var essayText string

//go:embed products.txt
var productsText string

//go:embed minutes.txt
var minutesText string

var (
	stories  = readStories(storiesText)
	essay    = readStory(essayText)
	products = readProducts(productsText)
)

// readStories reads stories that are set apart by a line of four equals signs.
func readStories(text string) []story {
	var stories []story
	for part := range strings.SplitSeq(text, "\n====\n") {
		stories = append(stories, readStory(part))
	}
	return stories
}

// readStory reads section, title, lead and the text, set apart by empty lines.
func readStory(text string) story {
	parts := strings.Split(strings.TrimSpace(text), "\n\n")
	return story{Slug: slug(parts[1]), Section: parts[0], Title: parts[1], Lead: parts[2], Text: parts[3:]}
}

// readProducts reads one product a line: name, price and description, with tabs.
func readProducts(text string) []goods {
	var products []goods
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		products = append(products, goods{Slug: slug(f[0]), Name: f[0], Price: f[1], About: f[2]})
	}
	return products
}

func slug(title string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

func (s story) slug() string { return s.Slug }
func (g goods) slug() string { return g.Slug }

// pick returns the item with that slug; any other seed gets one too, always
// the same.
func pick[T interface{ slug() string }](items []T, seed string) T {
	for _, item := range items {
		if item.slug() == seed {
			return item
		}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(seed))
	return items[int(h.Sum32()>>1)%len(items)]
}
