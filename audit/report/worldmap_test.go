package report

import (
	"strings"
	"testing"
)

// Every square of the map is a country with a name in every language, and the
// rows are of one length.
func TestWorld(t *testing.T) {
	width, tiles := 0, 0
	for line := range strings.Lines(worldText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Fields(line)
		if width == 0 {
			width = len(cells)
		}
		if len(cells) != width {
			t.Errorf("a row of %d squares, others have %d: %s", len(cells), width, line)
		}
		for _, code := range cells {
			if code == ".." {
				continue
			}
			tiles++
			for _, lang := range Languages() {
				x := indexed(t, Case{Lang: lang})
				if name := x.countryName(code); name == code || name == "" {
					t.Errorf("%s has no name in %s", code, lang)
				}
			}
		}
	}
	if tiles != len(world()) {
		t.Errorf("%d squares, %d countries: one stands twice", tiles, len(world()))
	}
	if got := indexed(t, Case{}).countryName("<x>"); got != "<x>" {
		t.Errorf("an unknown country is %q", got)
	}
}
