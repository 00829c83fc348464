package specimen_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The bug of 2020: the id that is said to change every 90 days never changes
// for somebody who uses the browser, and does for somebody who does not.
func TestIdentityOfAnActiveUserNeverRotates(t *testing.T) {
	b, page := newModules(t)
	var got struct {
		Year  []string // ids read every 60 days
		After string   // read after 91 days without use
		Short string   // read after 2 s where the server has set 1 s
		Prefs map[string]any
	}
	b.eval(t, page, `
		const { Identity } = await import("/identity.js");
		const kept = {};
		const storage = {
			get: async (defaults) => ({ ...defaults, ...kept }),
			set: async (items) => { Object.assign(kept, items); },
		};
		const day = 86400000;
		let time = Date.UTC(2020, 0, 1), made = 0;
		const identity = new Identity(storage, () => time, () => "id-" + ++made);
		const Year = [];
		for (let i = 0; i <= 6; i++) {
			Year.push(await identity.read());
			time += 60 * day;
		}
		time += 31 * day;
		const After = await identity.read();
		const Prefs = { ...kept };
		kept.anonymous_ei = 1000;
		time += 2000;
		return { Year, After, Prefs, Short: await identity.read() };`, &got)
	for i, id := range got.Year {
		if id != "id-1" {
			t.Errorf("day %d: got %s, want id-1", 60*i, id)
		}
	}
	if got.After != "id-2" || got.Short != "id-3" {
		t.Errorf("after 91 days %s, want id-2; with a short interval %s, want id-3", got.After, got.Short)
	}
	want := map[string]any{"anonymous_id": "id-2", "anonymous_ei": 7776000000.0, "aigt": 1577836800000.0 + 451*86400000.0}
	if diff := cmp.Diff(want, got.Prefs); diff != "" {
		t.Error(diff)
	}
}

// The extension's envelopes are those of the protocol.
func TestEnvelopes(t *testing.T) {
	b, page := newModules(t)
	var got struct {
		Hashes        []int32
		Single, Batch string
	}
	b.eval(t, page, `
		const { batch, hashCode, single } = await import("/sensors.js");
		const events = [{ event: "a", url: "https://example.org/?q=\u4f60" }, { event: "b", url: "x".repeat(100000) }];
		return {
			Hashes: ["", "a", "Hello", "Hello\u4f60\u597d", "\u{1f525}sd\u{1f642}\u54c8\u54c8\u{1f606}"].map(hashCode),
			Single: single(events[0]),
			Batch: await batch(events),
		};`, &got)
	if diff := cmp.Diff([]int32{0, 97, 69609650, -1823950257, 1703242663}, got.Hashes); diff != "" {
		t.Error(diff)
	}
	one, two := unpack(t, got.Single), unpack(t, got.Batch)
	if len(one) != 1 || one[0]["url"] != "https://example.org/?q=你" {
		t.Errorf("single: %v", one)
	}
	if len(two) != 2 || two[0]["url"] != "https://example.org/?q=你" || len(two[1]["url"].(string)) != 100000 {
		t.Errorf("batch: %d events", len(two))
	}
}

// Only a results page with words in it is a search.
func TestSearchOf(t *testing.T) {
	b, page := newModules(t)
	want := map[string]string{
		"https://duckduckgo.com/?q=opening+hours%20k3x9&ia=web": "duckduckgo: opening hours k3x9",
		"https://www.bing.com/search?q=%E4%BD%A0":               "bing: 你",
		"https://www.google.co.uk/search?q=a":                   "google: a",
		"https://www.baidu.com/s?wd=a":                          "baidu: a",
		"https://duckduckgo.com/":                               "",
		"https://duckduckgo.com/?q=":                            "",
		"https://duckduckgo.com/ac/?q=a":                        "",
		"https://evilduckduckgo.com/?q=a":                       "",
		"https://www.google.com.evil.example/search?q=a":        "",
	}
	for address, want := range want {
		var got string
		b.eval(t, page, `
			const { searchOf } = await import("/search.js");
			const s = searchOf("`+address+`");
			return s ? s.used_searchengine + ": " + s.search_word : "";`, &got)
		if got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
