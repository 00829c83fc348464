package report_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
	"telltale/audit/report"
	"telltale/claims"
	"telltale/personal"
)

// What stands beside the seeds in the fixture's payloads and is no seed.
const (
	androidID = "9774d56d682e549c"
	owner     = "Erika Mustermann"
)

const (
	subject = "chromium + mint-2020"
	control = "chromium"
	sink    = "sa.api.intl.miui.com"
)

var began = time.Date(2026, 11, 20, 14, 2, 0, 0, time.UTC)

var fixtureArms = []audit.Arm{
	{Name: "normal", Mode: claims.Normal, Consent: claims.None, Software: "chromium", Specimen: "mint-2020"},
	{Name: "private", Mode: claims.Private, Consent: claims.None, Software: "chromium", Specimen: "mint-2020"},
	{Name: "control/normal", Mode: claims.Normal, Consent: claims.None, Software: "chromium", Control: true},
	{Name: "control/private", Mode: claims.Private, Consent: claims.None, Software: "chromium", Control: true},
}

// A builder fills a case as the stages would, and its log.
type builder struct {
	c      report.Case
	log    []audit.Event
	bodies map[string][]byte
}

// fixture is the case of 2020, with two modes, a control, and three runs.
func fixture() report.Case {
	b := builder{bodies: make(map[string][]byte), c: report.Case{
		Case: audit.Case{
			Format: audit.CaseFormat, ID: "mint-2020-7f3a91", Started: began,
			Subject: claims.Subject{Name: "Mint Browser", Version: "3.4.0", Publisher: "Xiaomi"},
			Arms:    fixtureArms, Runs: 3, Machine: "linux/amd64",
			Steps: []string{
				"start; wait 5s; visit a news article; visit a product of a shop; search www.bing.com; search duckduckgo.com; type the address bar; read a long article, for two seconds; sign in an account with an e-mail address; download a file; wait 5s; close",
				"start; wait 5s; visit a news article; wait 5s; close",
			},
			Tools: []audit.Tool{
				{Name: "telltale", Version: "0.1.0"},
				{Name: "chromium", Version: "142.0.7444.59", Detail: "headless, driven over a pipe"},
				{Name: "mint-2020", Version: "1", Detail: "specimen"},
			},
			Claims: fmt.Sprintf("%x", sha256.Sum256([]byte("claims"))),
		},
		Claims: fixtureClaims(),
		Ended:  began.Add(11*time.Minute + 40*time.Second),
		Parties: []audit.Party{
			{Host: sink, Domain: "miui.com", Organisation: "Xiaomi", Seat: "CN", Role: "analytics", Mark: "documented", Unplaced: "not observed offline"},
			{Host: "data.mistat.intl.xiaomi.com", Domain: "xiaomi.com", Organisation: "Xiaomi", Seat: "CN", Role: "analytics", Unplaced: "not observed offline"},
			{Host: "update.googleapis.com", Domain: "googleapis.com", Organisation: "Google", Role: "update"},
			{Host: "clients2.google.com", Domain: "google.com", Organisation: "Google", Role: "update"},
			{Host: "accounts.google.com", Domain: "google.com", Organisation: "Google", Role: "account"},
			{Host: "optimizationguide-pa.googleapis.com", Domain: "googleapis.com", Organisation: "Google", Role: "models"},
			{Host: "mtalk.google.com", Domain: "google.com", Organisation: "Google", Role: "push"},
			{Host: "www.the-harbour-courier.com", Domain: "the-harbour-courier.com", Role: "visited"},
		},
		Rules: func(id string) (refutes, cannotSee string) {
			return "a finding of a kind that the claim names, in a mode that it covers (" + id + ")", "what is encrypted with a key that the software keeps"
		},
	}}
	for run := 1; run <= 3; run++ {
		for _, a := range fixtureArms {
			b.arm(a, run)
		}
	}
	b.verdicts()
	b.coverage()
	for _, e := range b.log {
		if e.Step != nil {
			b.c.Steps = append(b.c.Steps, e)
		}
	}
	b.c.Log = func(yield func(audit.Event, error) bool) {
		for _, e := range b.log {
			if !yield(e, nil) {
				return
			}
		}
	}
	b.c.Body = func(body audit.Body) (io.ReadCloser, error) {
		data, ok := b.bodies[body.SHA256]
		if !ok {
			return nil, errors.New("no such body")
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	b.c.Problems = []audit.Problem{{Exhibit: "e5", Trail: audit.Trail{"request.body", "gzip"}, Message: "more than 64 MiB after unpacking; the rest was not read"}}
	b.c.Explain = func(f audit.Finding) ([]audit.Layer, error) {
		for _, e := range b.c.Exhibits {
			if e.ID == f.Exhibit {
				return walk(e.Data.Reveal(), f)
			}
		}
		return nil, errors.New("no such exhibit")
	}
	return b.c
}

func fixtureClaims() claims.File {
	never := claims.Never{Kinds: []personal.Kind{"behaviour/navigation/url", "behaviour/search/query"}}
	src := claims.Source{URL: "https://blog.mi.com/en/2020/05/02/", Date: "2020-05-02"}
	one := func(id, quote string, when claims.Condition, rules ...claims.Rule) claims.Statement {
		s := claims.Statement{ID: id, Quote: quote, Source: src}
		for i, r := range rules {
			s.Asserts = append(s.Asserts, claims.Assertion{ID: fmt.Sprintf("%s/%d", id, i+1), When: when, Rule: r})
		}
		return s
	}
	return claims.File{
		Subject: claims.Subject{Name: "Mint Browser", Version: "3.4.0", Publisher: "Xiaomi"},
		Statements: []claims.Statement{
			one("incognito", "(in substance) In incognito mode no browsing history is collected.", claims.Condition{Mode: claims.Private}, never),
			one("anonymous", "(in substance) What is collected is tied to random tokens and cannot be traced to a person.", claims.Condition{},
				claims.Unlinked{Kinds: never.Kinds, To: []personal.Kind{"id/device", "id/install"}},
				claims.Unlinked{Kinds: never.Kinds, To: []personal.Kind{"id/account"}}),
			one("aggregated", "(in substance) We collect aggregated usage statistics.", claims.Condition{}, claims.Aggregated{Kinds: never.Kinds, K: 20}),
			one("encrypted", "(in substance) All data is encrypted.", claims.Condition{}, claims.Confidential{}),
			one("recipients", "(in substance) The data goes to our own servers.", claims.Condition{}, claims.OnlyTo{Organisations: []string{"Xiaomi"}}),
			one("rotation", "(in substance) The random token changes at regular intervals.", claims.Condition{}, claims.Rotates{Kind: "id/install", Within: 90 * 24 * time.Hour}),
			one("tunnels", "(in substance) Nothing is hidden from the user.", claims.Condition{Consent: claims.None}, claims.Never{Kinds: []personal.Kind{"contact"}}),
		},
	}
}

func (b *builder) seed(a audit.Arm, run int, name string, kind personal.Kind, home string) audit.Seed {
	sum := sha256.Sum256([]byte(a.Name + strconv.Itoa(run) + name))
	token := strings.ToLower(strings.TrimRight(base64.RawURLEncoding.EncodeToString(sum[:]), "="))
	token = strings.NewReplacer("-", "k", "_", "m").Replace(token)[:16]
	s := audit.Seed{Name: fmt.Sprintf("%s/%d/%s", a.Name, run, name), Kind: kind, Arm: a.Name, Run: run, Home: []string{home}, Value: token}
	b.c.Seeds = append(b.c.Seeds, s)
	s.Value = ""
	b.c.Case.Seeds = append(b.c.Case.Seeds, s)
	return b.c.Seeds[len(b.c.Seeds)-1]
}

// arm adds what one arm sends in one run.
func (b *builder) arm(a audit.Arm, run int) {
	page := b.seed(a, run, "article-1", "behaviour/navigation/url", "www.the-harbour-courier.com")
	words := b.seed(a, run, "search-1", "behaviour/search/query", "www.bing.com")
	b.seed(a, run, "account-1-email", "contact/email", "id.quayside-accounts.com")
	b.step(a, run, audit.Step{Action: "visit", Target: "a news article", Seeds: []string{page.Name}})
	b.exhibit(a, run, audit.Exhibit{URL: "https://www.the-harbour-courier.com/article/" + page.Value, Method: "GET", Host: "www.the-harbour-courier.com", Part: "request.url", Stage: true})
	if !a.Control {
		address := "https://www.the-harbour-courier.com/article/" + page.Value + "?ref=front"
		b.sensors(a, run, page, property{"page_load_event_start", "url", address})
		b.step(a, run, audit.Step{Action: "search", Target: "www.bing.com", Seeds: []string{words.Name}})
		b.sensors(a, run, words, property{"search", "search_word", "opening hours " + words.Value})
		b.tracker(a, run, page)
	}
	b.step(a, run, audit.Step{Action: "type", Target: "the address bar", Skipped: "the driver cannot do that in private mode"})
	for _, host := range []string{"update.googleapis.com", "clients2.google.com", "accounts.google.com", "optimizationguide-pa.googleapis.com"} {
		if a.Mode == claims.Private && host == "accounts.google.com" {
			continue
		}
		b.exhibit(a, run, audit.Exhibit{URL: "https://" + host + "/service/update2/json", Method: "POST", Host: host, Part: "request.url"})
	}
}

func (b *builder) exhibit(a audit.Arm, run int, e audit.Exhibit) audit.Exhibit {
	e.ID = fmt.Sprintf("e%d", len(b.c.Exhibits)+1)
	e.Place = audit.Place{Arm: a.Name, Run: run, Session: 1}
	e.Time = b.now()
	e.Event = len(b.log) + 1
	if e.Data.Len() == 0 {
		e.Data = audit.NewSecret([]byte(e.URL))
	}
	e.Size = int64(e.Data.Len())
	e.SHA256 = fmt.Sprintf("%x", sha256.Sum256(e.Data.Reveal()))
	b.c.Exhibits = append(b.c.Exhibits, e)
	x := &audit.Exchange{
		Proto: "HTTP/1.1", Method: e.Method, URL: e.URL, Host: e.Host, Answered: audit.BySinkhole, Status: 200,
		Header: []audit.Field{{Name: "Host", Value: e.Host}, {Name: "Content-Type", Value: e.Type}, {Name: "User-Agent", Value: owner}},
	}
	if e.Part == "request.body" {
		x.Body = audit.Body{SHA256: e.SHA256, Size: e.Size}
		b.bodies[e.SHA256] = e.Data.Reveal()
	}
	b.log = append(b.log, audit.Event{Time: e.Time, Place: e.Place, Exchange: x})
	return e
}

// now is the time of the next line of the log.
func (b *builder) now() time.Time { return began.Add(time.Duration(len(b.log)+1) * 3 * time.Second) }

func (b *builder) step(a audit.Arm, run int, s audit.Step) {
	b.log = append(b.log, audit.Event{Time: b.now(), Place: audit.Place{Arm: a.Name, Run: run, Session: 1}, Step: &s})
}

// A property is what one event of the fixture says.
type property struct{ event, key, value string }

// sensors adds a record in the envelope of the case: JSON, gzip, base64, form.
func (b *builder) sensors(a audit.Arm, run int, seed audit.Seed, p property) {
	record := []any{map[string]any{
		"type": "track", "event": p.event, "distinct_id": fmt.Sprintf("8d0c%d7e2-14f5-4bb1-9f4e-6f3a0c%d1b7aa", run, run),
		"time": 1588291200000, "owner": owner,
		"lib":        map[string]any{"$lib": "Android", "$lib_version": "3.2.10"},
		"properties": map[string]any{p.key: p.value, "android_id": androidID, "$model": "Redmi K20", "$screen_width": 1080, "miui_region": "DE"},
	}}
	doc, _ := json.Marshal(record)
	doc = bytes.ReplaceAll(doc, []byte("/"), []byte(`\/`))
	var zip bytes.Buffer
	zw := gzip.NewWriter(&zip)
	_, _ = zw.Write(doc)
	_ = zw.Close()
	body := "crc=265788825&gzip=1&data_list=" + url.QueryEscape(base64.StdEncoding.EncodeToString(zip.Bytes()))
	e := b.exhibit(a, run, audit.Exhibit{
		URL: "https://" + sink + "/sa?project=global_browser_mini&r=DE", Method: "POST", Host: sink,
		Part: "request.body", Type: "application/x-www-form-urlencoded", Data: audit.NewSecret([]byte(body)),
	})
	envelope := audit.Trail{"request.body", "form:data_list", "percent", "base64", "gzip"}
	b.finding(e, audit.Finding{Kind: seed.Kind, Seed: seed.Name, Form: "plain", Trail: envelope.Then("json:/0/properties/" + p.key), Confidence: audit.Certain, Value: audit.NewSecret([]byte(seed.Value))})
	b.finding(e, audit.Finding{Kind: "id/install", Label: fmt.Sprintf("i%d", run), Form: "persistent", Trail: envelope.Then("json:/0/distinct_id"), Confidence: audit.Likely, Says: "the same id stands in normal and in private mode of this run"})
	b.finding(e, audit.Finding{Kind: "id/device/android-id", Label: "i4", Form: "plain", Trail: envelope.Then("json:/0/properties/android_id"), Confidence: audit.Likely})
}

// tracker adds a binary message with a digest of the seed, and a plain one.
func (b *builder) tracker(a audit.Arm, run int, seed audit.Seed) {
	sum := sha256.Sum256([]byte(seed.Value))
	data := append([]byte{0x08, 0x96, 0x01, 0x12, 0x20}, sum[:]...)
	data = append(data, 0x1a, 0x10, 0xff, 0xfe, 0x00, 0x01, 0x80, 0x81, 0x82, 0x83, 0x9f, 0x9e, 0x9d, 0x00)
	e := b.exhibit(a, run, audit.Exhibit{
		URL: "https://data.mistat.intl.xiaomi.com/v3?uid=" + url.QueryEscape(owner), Method: "POST", Host: "data.mistat.intl.xiaomi.com",
		Part: "request.body", Data: audit.NewSecret(data),
	})
	b.finding(e, audit.Finding{Kind: seed.Kind, Seed: seed.Name, Form: "sha256", Trail: audit.Trail{"request.body"}, Confidence: audit.Certain, Span: audit.Span{Start: 5, End: 37}})
}

func (b *builder) finding(e audit.Exhibit, f audit.Finding) {
	f.ID, f.Exhibit = fmt.Sprintf("f%d", len(b.c.Findings)+1), e.ID
	b.c.Findings = append(b.c.Findings, f)
}

func (b *builder) verdicts() {
	by := func(keep func(audit.Finding) bool) (ids []string, exhibits int) {
		seen := make(map[string]bool)
		for _, f := range b.c.Findings {
			if keep(f) {
				ids = append(ids, f.ID)
				seen[f.Exhibit] = true
			}
		}
		return ids, len(seen)
	}
	arm := make(map[string]string)
	for _, e := range b.c.Exhibits {
		arm[e.ID] = e.Arm
	}
	private, np := by(func(f audit.Finding) bool { return f.Seed != "" && arm[f.Exhibit] == "private" })
	behaviour, nb := by(func(f audit.Finding) bool { return f.Seed != "" })
	ids, ni := by(func(f audit.Finding) bool { return f.Label != "" })
	add := func(assertion string, v audit.Verdict) {
		v.Assertion, v.Runs, v.Rule = assertion, 3, strings.Split(assertion, "/")[0]
		b.c.Verdicts = append(b.c.Verdicts, v)
	}
	refuted := func(assertion, says string, ids []string, n int) {
		add(assertion, audit.Verdict{Target: subject, Result: audit.Refuted, Findings: ids, Exhibits: n, Hits: 3, Says: says})
	}
	supported := func(target, assertion string) {
		add(assertion, audit.Verdict{Target: target, Result: audit.Supported, Bound: 0.632, Says: "Nothing of it was seen; 18 values were planted and 96 requests read."})
	}
	refuted("incognito/1", "Page addresses and search words of private mode were sent to sa.api.intl.miui.com (Xiaomi) in 3 of 3 runs, 9 records.", private, np)
	refuted("anonymous/1", "Page addresses stand in one record with an installation id and ANDROID_ID; the same id joins normal and private mode.", ids, ni)
	supported(subject, "anonymous/2")
	refuted("aggregated/1", "18 records are each about one visit or one search.", behaviour, nb)
	refuted("encrypted/1", "The records were read without a key: form, base64 and gzip are encodings. The transport's encryption is not judged here.", behaviour, nb)
	supported(subject, "recipients/1")
	long := "The experiment lasted 12 minutes; the promise is about 90 days."
	add("rotation/1", audit.Verdict{Target: subject, Result: audit.NotTested, Says: long})
	add("tunnels/1", audit.Verdict{Target: subject, Result: audit.CannotTell, Says: "2 connections to mtalk.google.com could not be read."})
	for _, a := range []string{"incognito/1", "anonymous/1", "anonymous/2", "aggregated/1", "encrypted/1", "recipients/1"} {
		supported(control, a)
	}
	add("rotation/1", audit.Verdict{Target: control, Result: audit.NotTested, Says: long})
	add("tunnels/1", audit.Verdict{Target: control, Result: audit.CannotTell, Says: "2 connections to mtalk.google.com could not be read."})
}

func (b *builder) coverage() {
	for _, a := range fixtureArms {
		c := audit.Coverage{Arm: a.Name, Runs: 3, Connections: 41, Requests: 48, Bytes: 61_240, Stage: 27}
		if a.Mode == claims.Normal {
			c.Tunnels, c.Unread = 2, []string{"mtalk.google.com"}
		} else {
			c.Skipped = []string{"type the address bar: the driver cannot do that in private mode"}
		}
		b.c.Coverage = append(b.c.Coverage, c)
	}
}

// walk peels the fixture's one envelope, as decode.Explain would.
func walk(data []byte, f audit.Finding) ([]audit.Layer, error) {
	var layers []audit.Layer
	for i, step := range f.Trail {
		l := audit.Layer{Step: step, Data: audit.NewSecret(data), Span: audit.Span{End: len(data)}}
		if i+1 < len(f.Trail) {
			next, span, err := peel(data, f.Trail[i+1])
			if err != nil {
				return nil, err
			}
			l.Span, data = span, next
		} else if v := f.Value.Reveal(); len(v) > 0 {
			l.Span.Start = bytes.Index(data, v)
			l.Span.End = l.Span.Start + len(v)
		} else if f.Span.Len() > 0 {
			l.Span = f.Span
		}
		layers = append(layers, l)
	}
	return layers, nil
}

func peel(data []byte, step string) (next []byte, from audit.Span, err error) {
	whole := audit.Span{End: len(data)}
	kind, name, _ := strings.Cut(step, ":")
	switch kind {
	case "form":
		at := bytes.Index(data, []byte(name+"=")) + len(name) + 1
		return data[at:], audit.Span{Start: at, End: len(data)}, nil
	case "percent":
		s, err := url.QueryUnescape(string(data))
		return []byte(s), whole, err
	case "base64":
		next, err = base64.StdEncoding.DecodeString(string(data))
		return next, whole, err
	case "gzip":
		zr, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, whole, err
		}
		next, err = io.ReadAll(zr)
		return next, whole, err
	default:
		return field(data, name)
	}
}

// field finds a JSON string by the last key of its pointer.
func field(data []byte, pointer string) (next []byte, from audit.Span, err error) {
	key := pointer[strings.LastIndexByte(pointer, '/')+1:]
	at := bytes.Index(data, []byte(`"`+key+`":"`))
	if at < 0 {
		return nil, from, fmt.Errorf("no key %s", key)
	}
	at += len(key) + 4
	end := at + bytes.IndexByte(data[at:], '"')
	return bytes.ReplaceAll(data[at:end], []byte(`\/`), []byte("/")), audit.Span{Start: at, End: end}, nil
}
