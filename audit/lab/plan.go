package lab

import (
	"slices"
	"strings"
	"time"

	"telltale/audit"
	"telltale/audit/lab/stage"
	"telltale/personal"
)

// A Plan fills the steps of one arm and run with fresh seeds: for each start
// of the software the actions in order.
type Plan func(p *Planter) [][]Action

// BrowserPlan is what a person does with a browser in a few minutes: looks at
// it, reads news, looks at a shop, searches with two engines, types into the
// address bar, reads for a while, signs in, downloads a file, closes it, and
// opens it again. Settle is how long it is left alone at the start and end of each
// start, so that what is sent late is seen.
func BrowserPlan(settle time.Duration) Plan {
	return func(p *Planter) [][]Action {
		engines := stage.Engines()
		return [][]Action{
			{
				idle(settle),
				article(p, "article-1"),
				product(p, "product-1"),
				search(p, "search-1", engines[0]),
				search(p, "search-2", engines[1]),
				typed(p, "typed-1", engines...),
				read(p, "reading-1"),
				signIn(p, "account-1"),
				download(p, "file-1"),
				idle(settle),
			},
			{
				idle(settle),
				article(p, "article-2"),
				idle(settle),
			},
		}
	}
}

func idle(d time.Duration) Action { return Action{Verb: Idle, For: d, Target: d.String()} }

func article(p *Planter, name string) Action {
	id := p.Plant(name, "behaviour/news/item", stage.NewsHost)
	ref := p.Plant(name+"-query", "behaviour/navigation/url", stage.NewsHost)
	return Action{Verb: Visit, URL: stage.Article(id, ref), Target: "a news article"}
}

func product(p *Planter, name string) Action {
	id := p.Plant(name, "behaviour/navigation/url", stage.ShopHost)
	ref := p.Plant(name+"-query", "behaviour/navigation/url", stage.ShopHost)
	return Action{Verb: Visit, URL: stage.Product(id, ref), Target: "a product of a shop"}
}

func search(p *Planter, name, engine string) Action {
	words := "opening hours " + p.Plant(name, "behaviour/search/query", engine)
	return Action{Verb: Search, URL: stage.Search(engine, words), Text: words, Target: engine}
}

func typed(p *Planter, name string, engines ...string) Action {
	words := "ferry timetable " + p.Plant(name, "behaviour/search/query", engines...)
	return Action{Verb: Type, Text: words, Target: "the address bar"}
}

func read(p *Planter, name string) Action {
	id := p.Plant(name, "behaviour/navigation/url", stage.NewsHost)
	ref := p.Plant(name+"-query", "behaviour/navigation/url", stage.NewsHost)
	return Action{Verb: Read, URL: stage.Reading(id, ref), For: 2 * time.Second, Target: "a long article, for two seconds"}
}

func signIn(p *Planter, name string) Action {
	id := p.Plant(name, "behaviour/navigation/url", stage.AccountHost)
	ref := p.Plant(name+"-query", "behaviour/navigation/url", stage.AccountHost)
	mail := p.PlantAs(name+"-email", "contact/email", "%s@post.example", stage.AccountHost)
	return Action{Verb: SignIn, URL: stage.Login(id, ref), Text: mail, Target: "an account with an e-mail address"}
}

func download(p *Planter, name string) Action {
	id := p.Plant(name, "behaviour/download", stage.DownloadHost)
	ref := p.Plant(name+"-query", "behaviour/navigation/url", stage.DownloadHost)
	return Action{Verb: Download, URL: stage.Download(id, ref), Target: "a file"}
}

// PhonePlan is what a person does with a phone itself: opens folders and apps,
// swipes, pulls down the status bar, looks at a settings page and at a screen.
func PhonePlan(time.Duration) Plan {
	return func(p *Planter) [][]Action {
		return [][]Action{
			{
				press(p, "folder-1", "behaviour/folder/open", "a folder"),
				press(p, "app-1", "behaviour/app/open", "an app"),
				press(p, "swipe-1", "behaviour/gesture/swipe", "the home screen"),
				press(p, "bar-1", "behaviour/statusbar", "the status bar"),
				press(p, "settings-1", "behaviour/settings", "a settings page"),
				press(p, "screen-1", "behaviour/dwell", "a screen, for a while"),
			},
			{press(p, "app-2", "behaviour/app/open", "another app")},
		}
	}
}

func press(p *Planter, name string, kind personal.Kind, target string) Action {
	return Action{Verb: Press, Kind: kind, Text: p.Plant(name, kind), Target: target}
}

// A Script holds the actions of each place.
type Script map[audit.Place][]Action

// Prepare fills the plan for every arm and run. The seeds are all there before
// anything is started, so that they can be committed to.
func Prepare(plan Plan, arms []audit.Arm, runs int) (Script, []audit.Seed) {
	script := make(Script)
	var seeds []audit.Seed
	for _, arm := range arms {
		for run := 1; run <= runs; run++ {
			p := &Planter{arm: arm.Name, run: run}
			for i, actions := range plan(p) {
				for j, a := range actions {
					actions[j].Seeds = names(p.seeds, a.URL+" "+a.Text)
				}
				script[audit.Place{Arm: arm.Name, Run: run, Session: i + 1}] = actions
			}
			seeds = append(seeds, p.seeds...)
		}
	}
	return script, seeds
}

// Sessions returns the number of starts of an arm and run.
func (s Script) Sessions(arm string, run int) int {
	n := 0
	for s[audit.Place{Arm: arm, Run: run, Session: n + 1}] != nil {
		n++
	}
	return n
}

// Words lists the steps of one arm and run in words, for the case.
func (s Script) Words(arm string) []string {
	var words []string
	for session := range s.Sessions(arm, 1) {
		line := make([]string, 0, len(s))
		for _, a := range s[audit.Place{Arm: arm, Run: 1, Session: session + 1}] {
			line = append(line, string(a.Verb)+" "+a.Target)
		}
		words = append(words, "start; "+strings.Join(line, "; ")+"; close")
	}
	return slices.Clip(words)
}
