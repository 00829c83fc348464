package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/ingest"
	"telltale/sensors"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const schema = `telltale: claims/v1
subject: {name: test}
statements: [{id: a, asserts: [never: [contact]]}]
schema:
  purposes: [statistics]
  private: {property: incognito}
  consent: {property: consent}
  events:
    - name: Buy
      purpose: statistics
      properties:
        - {name: price, type: number}
        - {name: when, type: date}
        - {name: tags, type: strings, values: [a, b]}
        - {name: color, values: [red, blue]}
        - {name: gift, type: bool}
        - {name: note}
    - {name: $SignUp, purpose: statistics}
    - {name: profile_set, purpose: statistics, properties: [{name: note}]}
    - {name: item_set, purpose: statistics}
`

func gate(t testing.TB) *ingest.Gate {
	t.Helper()
	file, err := claims.Read("t.yaml", strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	return &ingest.Gate{Plan: collect.NewPlan(*file.Schema), Limits: sensors.DefaultLimits, MaxAge: 240 * time.Hour, MaxAhead: time.Hour}
}

// record writes a record with the time of the test.
func record(fields string) string {
	return fmt.Sprintf(`{"type":"track","event":"Buy","distinct_id":"u","_track_id":8998733299359970572,"time":%d,%s}`, now.UnixMilli(), fields)
}

func read(t testing.TB, g *ingest.Gate, text string) (ingest.Batch, error) {
	t.Helper()
	return g.Read(ingest.Message{Query: "project=shop", Received: now}, []byte("data_list="+url.QueryEscape(text)))
}

// What a record says is in the event: the 63-bit number, the corrected time, the
// ids, mode and consent.
func TestEvent(t *testing.T) {
	b, err := read(t, gate(t), fmt.Sprintf(`[{"type":"track","event":"Buy","distinct_id":"u","login_id":"l","identities":{"$identity_cookie_id":"c"},
		"_track_id":-8998733299359970572,"time":%d,"_flush_time":%d,"lib":{"$lib":"js"},
		"properties":{"incognito":false,"consent":["statistics"],"price":12.50,"when":"2026-11-20 10:00:00","tags":["a"],"color":"red","gift":true,"note":"x"}}]`,
		now.Add(-3*time.Hour).UnixMilli(), now.Add(-2*time.Hour).UnixMilli()))
	if err != nil || len(b.Events) != 1 || len(b.Drops) != 0 {
		t.Fatalf("got %+v, %v", b, err)
	}
	e := b.Events[0]
	if e.Project != "shop" || e.TrackID != -8998733299359970572 || !e.Time.Equal(now.Add(-time.Hour)) || e.Subject != "u" ||
		!slices.Equal(e.Aliases, []string{"l", "c"}) || e.Mode != claims.Normal || !e.Carries || !slices.Equal(e.Agreed, []string{"statistics"}) {
		t.Errorf("got %+v", e)
	}
	var props []string
	for _, p := range e.Props {
		props = append(props, fmt.Sprintf("%s %s%v%v%t", p.Name, p.Value.Text, p.Value.List, p.Value.True, p.Free))
	}
	want := []string{
		"price 12.50[]falsefalse", "when 2026-11-20 10:00:00[]falsefalse", "tags [a]falsefalse",
		"color red[]falsefalse", "gift []truefalse", "note x[]falsetrue",
	}
	if !slices.Equal(props, want) {
		t.Errorf("got %q want %q", props, want)
	}
}

// A mode that is not said, or not as a boolean, is private mode.
func TestMode(t *testing.T) {
	for props, want := range map[string]claims.Mode{
		`{"incognito":false}`: claims.Normal, `{"incognito":true}`: claims.Private, `{}`: claims.Private,
		`{"incognito":"false"}`: claims.Private, `{"incognito":0}`: claims.Private,
	} {
		b, err := read(t, gate(t), "["+record(`"properties":`+props)+"]")
		if err != nil || len(b.Events) != 1 || b.Events[0].Mode != want {
			t.Errorf("%s: got %+v, %v", props, b, err)
		}
	}
}

// Each kind of drop, and what it says.
func TestDrops(t *testing.T) {
	for _, tt := range []struct {
		text   string
		events int
		want   string // reasons, fields
	}{
		{record(`"properties":{"price":"12"}`), 1, "wrong-type properties.price"},
		{record(`"properties":{"color":"green"}`), 1, "wrong-type properties.color"},
		{record(`"properties":{"tags":["c"]}`), 1, "wrong-type properties.tags"},
		{record(`"properties":{"when":"yesterday"}`), 1, "wrong-type properties.when"},
		{record(`"properties":{"other":1}`), 1, "unknown-property properties.other"},
		{strings.Replace(record(`"properties":{}`), "Buy", "Sell", 1), 0, "unknown-event event"},
		{strings.Replace(record(`"properties":{}`), "Buy", "1x", 1), 0, "malformed event"},
		{strings.Replace(record(`"properties":{}`), `"time":`, `"time":1,"x":`, 1), 0, "malformed time"},
		{strings.Replace(record(`"properties":{}`), `"time":17`, `"time":16`, 1), 0, "too-old time"},
		{strings.Replace(record(`"properties":{}`), `"time":17`, `"time":19`, 1), 0, "from-the-future time"},
		{strings.Replace(record(`"properties":{}`), `"time":17`, `"time_free":true,"time":16`, 1), 1, ""},
		{record(`"project":"other","properties":{}`), 1, ""},
		{`{"type":"profile_set","event":"","distinct_id":"u","time":1795176000000,"properties":{"note":"x"}}`, 1, ""},
		{`{"type":"item_set","item_type":"book","item_id":"1","properties":{}}`, 1, ""},
		{`{"type":"track_signup","event":"$SignUp","distinct_id":"u","original_id":"a","properties":{}}`, 1, ""},
		{`{"type":"track","event":"Buy","version":"2.0","schema":"events","user_id":"7","properties":{}}`, 1, ""},
		{`{"type":"profile_delete","distinct_id":"u","properties":{}}`, 0, "unknown-event event"},
		{`5`, 0, "malformed record"},
	} {
		b, err := read(t, gate(t), "["+tt.text+"]")
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var got []string
		for _, d := range b.Drops {
			got = append(got, string(d.Reason)+" "+d.Problem.Field)
		}
		if len(b.Events) != tt.events || len(got) > 0 && got[0] != tt.want || (len(got) == 0) != (tt.want == "") {
			t.Errorf("%s: %d events, drops %v, want %d and %q", tt.text, len(b.Events), got, tt.events, tt.want)
		}
	}
}

// Projects and tokens, of the request and of a record.
func TestProjects(t *testing.T) {
	g := gate(t)
	g.Projects = map[string]string{"shop": "secret", "open": ""}
	for query, want := range map[string]error{
		"project=shop&token=secret": nil, "project=open": nil, "project=shop": ingest.ErrToken, "project=shop&token=x": ingest.ErrToken,
		"project=other": ingest.ErrProject, "": ingest.ErrProject, "project=../../etc": ingest.ErrProject, "project=a%00b": ingest.ErrProject,
	} {
		if _, err := g.Read(ingest.Message{Query: query, Received: now}, []byte("data="+url.QueryEscape(record(`"properties":{}`)))); !errors.Is(err, want) {
			t.Errorf("%q: got %v want %v", query, err, want)
		}
	}
	b, err := g.Read(ingest.Message{Query: "project=open", Received: now}, []byte("data="+url.QueryEscape(record(`"project":"shop","token":"wrong","properties":{}`))))
	if err != nil || len(b.Events) != 0 || b.Drops[0].Reason != ingest.WrongToken {
		t.Errorf("another project's record: %+v, %v", b, err)
	}
}

// A sink keeps what it is given.
type sink struct {
	events []collect.Event
	fates  func([]collect.Event) (ingest.Fates, error)
}

func (s *sink) Take(_ context.Context, events []collect.Event) (ingest.Fates, error) {
	f, err := s.fates(events)
	if err == nil && f.Kept > 0 {
		s.events = append(s.events, events...)
	}
	return f, err
}

func keepAll(events []collect.Event) (ingest.Fates, error) {
	return ingest.Fates{Kept: len(events)}, nil
}

func refuseAll(events []collect.Event) (ingest.Fates, error) {
	return ingest.Fates{Refused: len(events)}, nil
}

func serve(t *testing.T, fates func([]collect.Event) (ingest.Fates, error)) (*ingest.Server, *sink) {
	k := &sink{fates: fates}
	return &ingest.Server{Gate: gate(t), Sink: k, Now: func() time.Time { return now }, Product: "telltale", Config: sensors.RemoteConfig{Version: "7", DisableSDK: true, AutoTrack: 3, Blacklist: []string{"Old"}}}, k
}

func call(s *ingest.Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func lib(name string) string {
	return "data_list=" + url.QueryEscape("["+record(`"lib":{"$lib":"`+name+`"},"properties":{}`)+"]")
}

// The answers, by what each SDK makes of them.
func TestAnswers(t *testing.T) {
	good := lib("js")
	for _, tt := range []struct {
		name                 string
		fates                func([]collect.Event) (ingest.Fates, error)
		method, target, body string
		headers              []string
		status               int
		answer               string
		kept                 int
	}{
		{"a form", keepAll, "POST", "/sa?project=p", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, 200, "", 1},
		{"a beacon", keepAll, "POST", "/sa.gif", good, []string{"Content-Type", "text/plain;charset=UTF-8"}, 200, "", 1},
		{"no type", keepAll, "POST", "/sa", good, nil, 200, "", 1},
		{"an image", keepAll, "GET", "/sa.gif?" + good, "", nil, 200, sensors.Pixel, 1},
		{"a probe", keepAll, "GET", "/debug", "", nil, 200, sensors.Ready, 0},
		{"a probe of sa", keepAll, "GET", "/sa", "", nil, 200, "", 0},
		{"a dry run", keepAll, "POST", "/debug", good, []string{"Dry-Run", "true"}, 200, "{}\n", 0},
		{"debug that stores", keepAll, "POST", "/debug", good, []string{"Dry-Run", "false"}, 200, "{}\n", 1},
		{"another method", keepAll, "PUT", "/sa", good, nil, 405, "use GET or POST\n", 0},
		{"no path", keepAll, "GET", "/config/visualized/Android.conf", "", nil, 404, "404 page not found\n", 0},
		{"no base64", keepAll, "POST", "/sa", "data=!!", nil, 400, "", 0},
		{"too large", keepAll, "POST", "/sa", strings.Repeat("x", sensors.DefaultLimits.Body+1), nil, 413, "", 0},
		{"overload", func([]collect.Event) (ingest.Fates, error) { return ingest.Fates{}, errors.New("disk") }, "POST", "/sa", good, nil, 503, "it could not be kept; send it again later\n", 0},
		{"no consent, JavaScript", refuseAll, "POST", "/sa", lib("js"), nil, 200, "", 0},
		{"no consent, an app", refuseAll, "POST", "/sa", lib("Android"), nil, 451, "not kept: there is no consent\n", 0},
		{"no consent, a server", refuseAll, "POST", "/sa", lib("Golang"), nil, 451, "not kept: there is no consent\n", 0},
		{"no consent, who knows", refuseAll, "POST", "/sa", lib("new"), nil, 200, "", 0},
	} {
		s, k := serve(t, tt.fates)
		w := call(s, tt.method, tt.target, tt.body, tt.headers...)
		if w.Code != tt.status || tt.answer != "" && w.Body.String() != tt.answer || len(k.events) != tt.kept {
			t.Errorf("%s: %d %q, %d kept", tt.name, w.Code, w.Body, len(k.events))
		}
		if strings.Contains(w.Body.String(), "8998733299359970572") {
			t.Errorf("%s: the answer has a value", tt.name)
		}
	}
}

// Problems are told with field, rule and type, and never with a value.
func TestDebug(t *testing.T) {
	s, _ := serve(t, keepAll)
	w := call(s, "POST", "/debug", "data="+url.QueryEscape(record(`"properties":{"price":"canary","other":"canary"}`)), "Dry-Run", "true")
	var got struct{ Problems []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 400 || len(got.Problems) != 2 || strings.Contains(w.Body.String(), "canary") {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	if p := got.Problems[0]; p["field"] != "properties.price" || p["rule"] != "must be a number" || p["found"] != "a string" {
		t.Errorf("got %v", p)
	}
}

// A page of another origin may send, with the header of debug mode, and nothing
// is taken out of the question before that.
func TestCORS(t *testing.T) {
	s, k := serve(t, keepAll)
	w := call(s, "OPTIONS", "/debug?"+lib("js"), "", "Origin", "https://shop.example", "Access-Control-Request-Headers", "Dry-Run")
	h := w.Header()
	if w.Code != 200 || len(k.events) != 0 || h.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		h.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Dry-Run") {
		t.Errorf("got %d, %v, %d events", w.Code, h, len(k.events))
	}
	if w := call(s, "POST", "/sa", lib("js")); w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Server") != "telltale" {
		t.Errorf("got %v", w.Header())
	}
}

// Signals against collection, the client's address, and no look at cookies.
func TestClient(t *testing.T) {
	for _, tt := range []struct {
		headers []string
		out     bool
		addr    string
	}{
		{nil, false, "192.0.2.1"},
		{[]string{"Sec-GPC", "1"}, true, "192.0.2.1"},
		{[]string{"Sec-GPC", "0"}, false, "192.0.2.1"},
		{[]string{"Sec-GPC", "true"}, false, "192.0.2.1"},
		{[]string{"DNT", "1"}, true, "192.0.2.1"},
		{[]string{"DNT", "0"}, false, "192.0.2.1"},
		{[]string{"X-Forwarded-For", "203.0.113.9", "Cookie", "sensorsdata2015jssdkcross=canary", "Referer", "https://shop.example/?canary"}, false, "192.0.2.1"},
	} {
		s, k := serve(t, keepAll)
		call(s, "POST", "/sa", lib("js"), tt.headers...)
		if c := k.events[0].Client; c.OptOut != tt.out || c.Addr.String() != tt.addr {
			t.Errorf("%v: got %+v", tt.headers, c)
		}
		if text := fmt.Sprintf("%+v", k.events[0]); strings.Contains(text, "canary") {
			t.Errorf("the event has something of a cookie or the page before: %s", text)
		}
	}
	s, k := serve(t, keepAll)
	s.Proxy = true
	if w := call(s, "POST", "/sa", lib("js")); w.Code != 400 || len(k.events) != 0 {
		t.Errorf("without TLS before the proxy: %d", w.Code)
	}
	call(s, "POST", "/sa", lib("js"), "X-Forwarded-Proto", "https", "X-Forwarded-For", "10.0.0.1, 203.0.113.9")
	if got := k.events[0].Client.Addr; got != netip.MustParseAddr("203.0.113.9") {
		t.Errorf("behind a proxy: %v", got)
	}
}

// The remote configuration, with a tag and without change.
func TestConfig(t *testing.T) {
	s, _ := serve(t, keepAll)
	for _, path := range []string{"/config/Android.conf", "/config/iOS.conf"} {
		w := call(s, "GET", path+"?v=6&project=p", "")
		c, err := sensors.ParseRemoteConfig(w.Body.String(), sensors.DefaultLimits)
		if err != nil || !c.DisableSDK || c.AutoTrack != 3 || !slices.Equal(c.Blacklist, []string{"Old"}) || w.Header().Get("ETag") == "" {
			t.Errorf("%s: %+v, %v", path, c, err)
		}
	}
	if w := call(s, "GET", "/config/iOS.conf?v=7", ""); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("unchanged: %d", w.Code)
	}
}

// A limit of rates is an overload.
func TestAllow(t *testing.T) {
	s, k := serve(t, keepAll)
	s.Allow = func(_ netip.Addr, project string, n int) bool { return project != "p" || n != 1 }
	if w := call(s, "POST", "/sa?project=p", lib("js")); w.Code != 503 || w.Header().Get("Retry-After") == "" || len(k.events) != 0 {
		t.Errorf("got %d", w.Code)
	}
}

// A name is shown when enough users sent it, and one with many digits never.
func TestNames(t *testing.T) {
	n := &ingest.Names{K: 3}
	for i := range 10 {
		n.Add("$new", fmt.Sprint("user ", i%2))
		n.Add("imei35391805823456", fmt.Sprint("user ", i))
		n.Add("known", fmt.Sprint("user ", i))
	}
	shown, other := n.Shown()
	if len(shown) != 1 || shown[0] != (ingest.NameCount{Name: "known", N: 10}) || other != 20 {
		t.Errorf("got %v, %d", shown, other)
	}
}

// Whatever comes: no panic, and an event only for a record that the protocol and
// the plan have; the answer is one that SDKs know.
func FuzzServe(f *testing.F) {
	f.Add("project=p", lib("js"))
	f.Add("data="+url.QueryEscape(record(`"properties":{}`)), "")
	f.Add("", `[{"type":"item_set","item_type":"a","item_id":"b"}]`)
	f.Add("", "data_list=H4sIAAAAAAAA&gzip=1")
	f.Fuzz(func(t *testing.T, query, body string) {
		s, k := serve(t, keepAll)
		s.Gate.Limits.Body, s.Gate.Limits.Inflated = 1<<16, 1<<18
		r := httptest.NewRequest("POST", "/sa", strings.NewReader(body))
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if !slices.Contains([]int{200, 400, 401, 413}, w.Code) || w.Code != 200 && len(k.events) > 0 {
			t.Errorf("%d with %d events", w.Code, len(k.events))
		}
		for _, e := range k.events {
			if _, ok := s.Gate.Plan.Event(e.Name); !ok || !sensors.IsName(e.Project) || e.Subject == "" && !collect.IsItem(e.Type) {
				t.Errorf("got %+v", e)
			}
		}
	})
}
