package specimen_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/lab/specimen"
	"telltale/audit/lab/stage"
)

// labWorld is the lab: the gate, the sites, and silence elsewhere.
func labWorld(token string) http.Handler {
	sites, rest := stage.New(), world(token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sites.Answers(r) {
			sites.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// A session is one start of a browser with an extension.
type session struct {
	proxy     *proxy
	profile   string
	extension string
	private   bool
	asks      bool // the extension is expected to ask the lab for its proof
	reports   bool // it is expected to report
}

// browse visits pages, each until both sinks know of it, or for a
// moment if none is expected to.
func (s session) browse(t *testing.T, pages []string) {
	t.Helper()
	args := []string{"--proxy-server=" + s.proxy.url, "--proxy-bypass-list=<-loopback>", "--ignore-certificate-errors"}
	if s.private {
		args = append(args, "--incognito")
	}
	b := newChromium(t, s.profile, args...)
	defer b.close()
	b.call(t, "", "Extensions.loadUnpacked", map[string]any{"path": s.extension, "enableInIncognito": true}, &struct{}{})
	b.call(t, "", "Browser.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": t.TempDir()}, &struct{}{})
	wait(s.asks, func() bool { return len(s.proxy.to(specimen.Host)) > 0 }) // the extension listens by then
	tab := b.firstTab(t)
	for _, page := range pages {
		b.visit(t, tab, page)
		wait(s.reports, func() bool { return over(mistatSaw(t, s.proxy), page) && over(sensorsSaw(t, s.proxy), page) })
	}
}

// over reports whether the last event of a page is among the observations.
func over(saw []observation, page string) bool {
	return slices.ContainsFunc(saw, func(o observation) bool {
		return o.Event == "page_load_event_finish" && o.What == page ||
			o.Event == "download_files" && strings.HasSuffix(o.What, page)
	})
}

// wait waits for what is expected, at most twenty seconds. What is not
// expected is given one second to happen.
func wait(expected bool, done func() bool) {
	const pause = 50 * time.Millisecond
	limit := time.Second
	if expected {
		limit = 20 * time.Second
	}
	for range limit / pause {
		if expected && done() {
			return
		}
		time.Sleep(pause)
	}
}

// An observation is what both sinks were told about one event.
type observation struct{ Event, What string }

// sensorsSaw and mistatSaw list what the sinks were told.
func sensorsSaw(t *testing.T, p *proxy) []observation {
	t.Helper()
	var saw []observation
	for _, r := range p.to(sensorsHost) {
		if want := "/sa?project=global_browser_mini&r=DE"; r.url != want {
			t.Errorf("got %s, want %s", r.url, want)
		}
		for _, e := range unpack(t, r.body) {
			saw = append(saw, observe(e["event"], e["properties"]))
		}
	}
	slices.SortFunc(saw, compare)
	return saw
}

func mistatSaw(t *testing.T, p *proxy) []observation {
	t.Helper()
	var saw []observation
	for _, r := range p.to(mistatHost) {
		var e map[string]any
		if err := json.Unmarshal([]byte(r.body), &e); err != nil {
			t.Fatal(err)
		}
		saw = append(saw, observe(e["event"], e["params"]))
	}
	slices.SortFunc(saw, compare)
	return saw
}

func observe(event, properties any) observation {
	p, _ := properties.(map[string]any)
	switch event {
	case "search":
		return observation{"search", fmt.Sprint(p["used_searchengine"], " ", p["search_word"])}
	case "download_files":
		return observation{"download_files", fmt.Sprint(p["type"], " ", p["suffix"], " ", p["url"])}
	default:
		return observation{fmt.Sprint(event), fmt.Sprint(p["url"])}
	}
}

func compare(a, b observation) int {
	return slices.Compare([]string{a.Event, a.What}, []string{b.Event, b.What})
}

// promised is what the browser of 2020 says about a visit to these pages.
func promised(mode string) (pages []string, want []observation) {
	shop, search, file := stage.Product(mode+"k3x9", "r4t6"), stage.Search(stage.DuckDuckGoHost, "ferry "+mode), stage.Download(mode+"m2q7", "w5ab")
	return []string{shop, search, file}, []observation{
		{"download_files", mode + " pdf " + file},
		{"page_load_event_finish", search},
		{"page_load_event_finish", shop},
		{"page_load_event_start", search},
		{"page_load_event_start", shop},
		{"search", "duckduckgo ferry " + mode},
	}
}

// Both specimens tell both sinks everything in normal mode; in private mode
// only the one from before the switch does, and says that it is private mode.
// The id is the same in both.
func TestExtension(t *testing.T) {
	for _, name := range []string{"mint-2020", "mint-2020-fixed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profile, extension := t.TempDir(), filepath.Join(t.TempDir(), "extension")
			if err := find(t, name).Unpack(extension, specimen.Lab{Token: token}, persona()); err != nil {
				t.Fatal(err)
			}
			ids := make(map[any]bool)
			for _, mode := range []string{"general", "privacy"} {
				p := newProxy(t, labWorld(token))
				private := mode == "privacy"
				pages, want := promised(mode)
				if private && name == "mint-2020-fixed" {
					want = nil
				}
				s := session{p, profile, extension, private, true, len(want) > 0}
				s.browse(t, pages)
				if diff := cmp.Diff(want, sensorsSaw(t, p)); diff != "" {
					t.Errorf("%s mode, Sensors: %s", mode, diff)
				}
				if diff := cmp.Diff(want, mistatSaw(t, p)); diff != "" {
					t.Errorf("%s mode, MiStat: %s", mode, diff)
				}
				for _, e := range checkTracks(t, p) {
					ids[e["distinct_id"]] = true
				}
			}
			if len(ids) != 1 {
				t.Errorf("%d ids, want one for both modes", len(ids))
			}
		})
	}
}

// checkTracks returns the Sensors events, and fails if one of them does not
// carry what tells the device and the account.
func checkTracks(t *testing.T, p *proxy) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, r := range p.to(sensorsHost) {
		all = append(all, unpack(t, r.body)...)
	}
	for _, e := range all {
		properties := e["properties"].(map[string]any)
		if properties["$device_id"] != persona().AndroidID || e["login_id"] != persona().Account {
			t.Errorf("no device or account in %v", e)
		}
		if properties["uuid"] != e["distinct_id"] || e["anonymous_id"] != e["distinct_id"] {
			t.Errorf("the id is not the same everywhere in %v", e)
		}
		for _, name := range []string{"internet_status", "platform", "miui_version", "miui_region", "system_language", "$model"} {
			if properties[name] == nil {
				t.Errorf("no %s in %v", name, e)
			}
		}
	}
	return all
}

// Outside its lab the extension is silent: it asks once, if it knows what to
// ask, and sends nothing.
func TestExtensionIsSilentOutsideTheLab(t *testing.T) {
	for name, tt := range map[string]struct {
		specimen string
		token    string // that the gate knows
		config   bool   // the extension has its lab.json
		asked    int
	}{
		"another lab":         {"mint-2020", "ffff", true, 1},
		"no gate":             {"mint-2020", "", true, 1},
		"bare files":          {"mint-2020", token, false, 0},
		"sealed, another lab": {"sealed", "ffff", true, 1},
		"sealed, bare files":  {"sealed", token, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			extension := filepath.Join(t.TempDir(), "extension")
			if err := find(t, tt.specimen).Unpack(extension, specimen.Lab{Token: token}, persona()); err != nil {
				t.Fatal(err)
			}
			if !tt.config {
				if err := os.Remove(filepath.Join(extension, "lab.json")); err != nil {
					t.Fatal(err)
				}
			}
			p := newProxy(t, labWorld(tt.token))
			pages, _ := promised("general")
			s := session{proxy: p, profile: t.TempDir(), extension: extension, asks: tt.asked > 0}
			s.browse(t, pages)
			if len(p.to(stage.ShopHost)) == 0 {
				t.Error("no page was visited, so that silence says nothing")
			}
			if got := len(p.to(specimen.Host)); got != tt.asked {
				t.Errorf("asked %d times, want %d", got, tt.asked)
			}
			if got := p.to(sensorsHost, mistatHost, sealedHost); len(got) != 0 {
				t.Errorf("sent %v", got)
			}
		})
	}
}
