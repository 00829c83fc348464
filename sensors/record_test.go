package sensors_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"telltale/sensors"
)

// jsEvent has the shape of an event of the JavaScript SDK after a login.
const jsEvent = `{"identities":{"$identity_cookie_id":"18c-4711","$identity_login_id":"u","$identity_anonymous_id":"18c-4711"},` +
	`"distinct_id":"u","login_id":"u","anonymous_id":"18c-4711","lib":{"$lib":"js","$lib_method":"code","$lib_version":"1.26.17"},` +
	`"properties":{"$timezone_offset":-60,"$screen_height":1080,"$screen_width":1920,"$viewport_height":768,"$viewport_width":1024,` +
	`"$lib":"js","$lib_version":"1.26.17","$latest_traffic_source_type":"direct","$latest_search_keyword":"none","$latest_referrer":"",` +
	`"$url":"http://shop.example.com/page?utm_source=x&q=secret#frag","$title":"T","price":12.50,"tags":["a","b"],"first":true},` +
	`"type":"track","event":"Buy","time":1795228589149,"_track_id":993574711,"_flush_time":1795228589150,"_nocache":"1"}`

func parse(t testing.TB, text string) sensors.Value {
	t.Helper()
	v, err := sensors.Parse(text, sensors.DefaultLimits)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func TestNewRecord(t *testing.T) {
	r, problems := sensors.NewRecord(parse(t, jsEvent))
	if problems != nil || r.Check() != nil {
		t.Error(problems, r.Check())
	}
	want := sensors.Record{
		Type: "track", Event: "Buy", DistinctID: "u", AnonymousID: "18c-4711", LoginID: "u",
		Identities: []sensors.Identity{{"$identity_cookie_id", "18c-4711"}, {"$identity_login_id", "u"}, {"$identity_anonymous_id", "18c-4711"}},
		TrackID:    993574711, Tracked: true, Time: 1795228589149, FlushTime: 1795228589150,
		Lib:  sensors.Lib{Name: "js", Version: "1.26.17", Method: "code"},
		Rest: []sensors.Member{{Name: "_nocache", Value: sensors.Text("1")}},
	}
	same := cmp.Options{cmpopts.IgnoreUnexported(sensors.Record{}), cmpopts.IgnoreFields(sensors.Record{}, "Properties"), cmp.Comparer(equal)}
	if diff := cmp.Diff(want, r, same); diff != "" {
		t.Error(diff)
	}
	price, _ := r.Properties.Get("price")
	if price.Text() != "12.50" {
		t.Errorf("a number became %s", price.Text())
	}
}

func equal(a, b sensors.Value) bool { return string(a.Append(nil)) == string(b.Append(nil)) }

// A record of each type, as an SDK sends it.
var goodRecords = []string{
	jsEvent,
	`{"type":"track","event":"ViewProduct","distinct_id":"u","time":1795228589149,"_track_id":8998733299359970572}`,
	`{"type":"track","event":"E","distinct_id":"u","time":1795228589149,"_track_id":-9223372036854775808,"time_free":true,"_hybrid_h5":true,"project":"p","token":"t"}`,
	`{"type":"track_signup","event":"$SignUp","distinct_id":"u","original_id":"a","time":1795228589149,"properties":{}}`,
	`{"type":"track_id_bind","event":"$BindID","distinct_id":"u","identities":{"$identity_mobile":"138"},"time":1795228589149}`,
	`{"type":"track_id_unbind","event":"$UnbindID","distinct_id":"u","identities":{"$identity_email":"e"},"time":1795228589149}`,
	`{"type":"profile_set","event":"","distinct_id":"u","time":1795228589149,"properties":{"city":"X","$is_login_id":true}}`,
	`{"type":"profile_set_once","distinct_id":"u","time":1795228589,"properties":{"day":"2026-11-21 02:38:02.19"}}`,
	`{"type":"profile_increment","distinct_id":"u","time":1795228589149,"properties":{"$is_login_id":true,"n":1,"m":-0.5}}`,
	`{"type":"profile_append","distinct_id":"u","time":1795228589149,"properties":{"l":["a"],"m":[]}}`,
	`{"type":"profile_unset","distinct_id":"u","time":1795228589149,"properties":{"n":true}}`,
	`{"type":"profile_delete","distinct_id":"u","time":1795228589149,"properties":{}}`,
	`{"type":"item_set","item_type":"book","item_id":"001","time":1795228589149,"properties":{"t":"x"}}`,
	`{"type":"item_delete","item_type":"book","item_id":"001","properties":null}`,
	`{"type":"track","event":"E","version":"2.0","schema":"events","user_id":"7","time":1795228589149}`,
	`{"type":"profile_set","version":"2.0","schema":"users","distinct_id":"SENSORS_ID:7","id":"7"}`,
	`{"type":"item_set","version":"2.0","schema":"shops","id":"7"}`,
	`{"type":"detail_set","version":"2.0","schema":"orders","id":"7"}`,
	`{"type":"detail_delete","version":"2.0","schema":"orders","id":"7"}`,
}

func TestCheckGood(t *testing.T) {
	for _, text := range goodRecords {
		r, problems := sensors.NewRecord(parse(t, text))
		if problems = append(problems, r.Check()...); problems != nil {
			t.Errorf("%v\n%s", problems, text)
		}
	}
}

func TestCheck(t *testing.T) {
	long := strings.Repeat("€", 256)
	track := func(members string) string {
		return `{"type":"track","event":"E","distinct_id":"u","time":1795228589149,` + members + `}`
	}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{`7`, []string{"record: must be an object, found a number"}},
		{`{}`, []string{"type: must be a type of record of the protocol, found nothing"}},
		{`{"type":"Track"}`, []string{"type: must be a type of record of the protocol, found a text of 5 characters"}},
		{`{"type":"track"}`, []string{
			"event: must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word, found nothing",
			"distinct_id: must be there, found nothing",
		}},
		{`{"type":"track_signup","event":"SignUp","distinct_id":"u"}`, []string{
			"event: must be $SignUp in a record of type track_signup, found a text of 6 characters",
			"original_id: must be there, or identities, found nothing",
		}},
		{`{"type":"item_set","item_type":"1st"}`, []string{
			"item_type: must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word, found a text of 3 characters",
			"item_id: must be there, found nothing",
		}},
		{`{"type":"detail_set"}`, []string{"version: must be there in a record of type detail_set, found nothing"}},
		{`{"type":"track","event":"E","version":"3","schema":"a b"}`, []string{
			"version: must be 2.0, found a text of 1 characters",
			"schema: must be the name of a schema, found a text of 3 characters",
			"id: must be there, or user_id, distinct_id or identities, found nothing",
		}},
		{`{"type":"track","event":"E","distinct_id":"u","time":12}`, []string{"time: must have 10 to 13 digits, found another number"}},
		{`{"type":"track","event":"E","distinct_id":7,"time":"x","_track_id":1.5,"_flush_time":9223372036854775808,"lib":[],"time_free":1,"identities":{"a":1,"jane@mail.example":[]}}`, []string{
			"distinct_id: must be a string, found a number",
			"time: must be a number, found a string",
			"_track_id: must be an integer of 64 bits, found another number",
			"_flush_time: must be an integer of 64 bits, found another number",
			"lib: must be an object, found a list",
			"time_free: must be a boolean, found a number",
			"identities.a: must be a string, found a number",
			"identities[2]: must be a string, found a list",
			"distinct_id: must be there, found nothing",
		}},
		{track(`"login_id":"` + long + `","identities":{"a":"` + long + `"}`), []string{
			"login_id: must have at most 255 characters, found a text of 256 characters",
			"identities.a: must have at most 255 characters, found a text of 256 characters",
		}},
		{track(`"event":"F"`), []string{"record.event: must stand once, found it twice"}},
		{track(`"project":"a-b"`), []string{"project: must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word, found a text of 3 characters"}},
		{track(`"properties":{"a":null,"b":{},"c":[1],"d":["x",["y"]],"a":1}`), []string{
			"properties.a: must stand once, found it twice",
			"properties.a: must be a string, a number, a boolean or a list of strings, found null",
			"properties.b: must be a string, a number, a boolean or a list of strings, found an object",
			"properties.c: must be a string, a number, a boolean or a list of strings, found a list with a number in it",
			"properties.d: must be a string, a number, a boolean or a list of strings, found a list with a list in it",
		}},
		{track(`"properties":{"jane@mail.example":1,"User_ID":1}`), []string{
			"properties[1]: its name must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word, found a name of 17 characters",
			"properties.User_ID: its name must be a name: 1 to 100 letters, digits, _ and $, no digit first, no reserved word, found a name of 7 characters",
		}},
		{track(`"properties":{"a":"` + strings.Repeat("x", 8193) + `","app_crashed_reason":"` + strings.Repeat("x", 16384) + `","l":["","` + strings.Repeat("x", 9000) + `"]}`), []string{
			"properties.a: must have at most 8192 characters, found a text of 8193 characters",
			"properties.l[2]: must have at most 8192 characters, found a text of 9000 characters",
		}},
		{`{"type":"profile_increment","distinct_id":"u","properties":{"a":"1"}}`, []string{"properties.a: must be a number, found a string"}},
		{`{"type":"profile_append","distinct_id":"u","properties":{"a":"1","b":[2]}}`, []string{
			"properties.a: must be a list of strings, found a string",
			"properties.b: must be a list of strings, found a list with a number in it",
		}},
	} {
		r, problems := sensors.NewRecord(parse(t, tt.text))
		if len(problems) == 0 || problems[0].Field != "record" {
			problems = append(problems, r.Check()...)
		}
		var got []string
		for _, p := range problems {
			got = append(got, p.Error())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%.80s\n%s", tt.text, diff)
		}
	}
}

// No problem quotes a value, whatever is wrong with the record.
func TestProblemsHoldNoValue(t *testing.T) {
	const honey = "honey@mail.example"
	values := []string{`"` + honey + `"`, `["` + honey + `",1]`, `{"` + honey + `":1}`, `"` + strings.Repeat(honey, 600) + `"`, `null`}
	names := []string{"type", "event", "distinct_id", "time", "_track_id", "identities", "lib", "project", "item_type", "version", "schema", honey}
	rapid.Check(t, func(t *rapid.T) {
		pick := func() string { return rapid.SampledFrom(values).Draw(t, "value") }
		var members []string
		for range rapid.IntRange(1, 8).Draw(t, "members") {
			members = append(members, fmt.Sprintf("%q:%s", rapid.SampledFrom(names).Draw(t, "name"), pick()))
		}
		text := fmt.Sprintf(`{%s,"properties":{"%s":%s,"p":%s}}`, strings.Join(members, ","), honey, pick(), pick())
		v, err := sensors.Parse(text, sensors.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		r, problems := sensors.NewRecord(v)
		for _, p := range append(problems, r.Check()...) {
			if strings.Contains(p.Error(), "honey") {
				t.Error(p)
			}
		}
	})
}

func TestIsName(t *testing.T) {
	good := []string{"a", "$url", "_x", "A1", "user", "users1", "Identity", strings.Repeat("a", 100), "usertag", "datetime_"}
	bad := []string{
		"", "1a", "a-b", "a b", "é", "a\n", strings.Repeat("a", 101), "distinct_id", "Original_ID", "time", "PROPERTIES", "id", "first_id",
		"second_id", "users", "events", "event", "user_id", "date", "dateTime", "user_tag", "User_Tag_1", "user_group", "user_groupies",
	}
	for _, s := range slices.Concat(good, bad) {
		if got, want := sensors.IsName(s), slices.Contains(good, s); got != want {
			t.Errorf("%q: got %t", s, got)
		}
	}
}

func TestTimeAt(t *testing.T) {
	for _, tt := range []struct {
		r    sensors.Record
		want int64
	}{
		{sensors.Record{}, 9_000},
		{sensors.Record{Time: 1_000}, 1_000},
		{sensors.Record{Time: 1_000, FlushTime: 1_500}, 8_500},
		{sensors.Record{Time: 20_000, FlushTime: 20_100}, 8_900},
	} {
		if got := tt.r.TimeAt(9_000); got != tt.want {
			t.Errorf("%+v: got %d, want %d", tt.r, got, tt.want)
		}
	}
}

// Integers stay exact, however large.
func TestInt(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"8998733299359970572", 8998733299359970572, true},
		{"-9223372036854775808", -9223372036854775808, true},
		{"9223372036854775808", 0, false},
		{"1.5e3", 1500, true},
		{"1.0", 1, true},
		{"1.5", 0, false},
		{"1e40", 0, false},
		{"1e999", 0, false},
		{`"1"`, 0, false},
		{"-0", 0, true},
	} {
		if got, ok := parse(t, tt.text).Int(); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %d, %t, want %d, %t", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

// A name that stands twice is found among many, too.
func TestCheckTwiceInMany(t *testing.T) {
	var members []string
	for i := range 100 {
		members = append(members, fmt.Sprintf(`"p%d":1`, i))
	}
	for _, tt := range []struct{ last, want string }{
		{`"p100":1`, "[]"}, {`"p7":1`, "[properties.p7: must stand once, found it twice]"},
	} {
		r, _ := sensors.NewRecord(parse(t, `{"type":"track","event":"E","distinct_id":"u","properties":{`+strings.Join(append(members, tt.last), ",")+`}}`))
		if got := fmt.Sprint(r.Check()); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// Two copies of a record have one key, two records of a visitor have two.
func TestKey(t *testing.T) {
	key := func(text string) any {
		r, _ := sensors.NewRecord(parse(t, text))
		k, ok := r.Key()
		if !ok {
			return nil
		}
		return k
	}
	first := key(jsEvent)
	if copied := key(strings.Replace(jsEvent, `"_flush_time":1795228589150`, `"_flush_time":1795228599999`, 1)); first == nil || copied != first {
		t.Errorf("a copy has the key %v, the first %v", copied, first)
	}
	for _, change := range [][2]string{{`"distinct_id":"u"`, `"distinct_id":"v"`}, {"993574711", "993574712"}, {"589149", "589148"}, {`"Buy"`, `"Sell"`}} {
		if other := key(strings.Replace(jsEvent, change[0], change[1], 1)); other == first {
			t.Errorf("%v: got the same key", change)
		}
	}
	if k := key(`{"type":"track","distinct_id":"u","time":1795228589149}`); k != nil {
		t.Errorf("a record without a number has the key %v", k)
	}
}

// FuzzRecord: a record that breaks no rule says what the standard library reads
// in it.
func FuzzRecord(f *testing.F) {
	for _, text := range goodRecords {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := sensors.Parse(text, sensors.DefaultLimits)
		if err != nil {
			return
		}
		r, problems := sensors.NewRecord(v)
		if problems = append(problems, r.Check()...); problems != nil {
			return
		}
		var want map[string]any
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{"type": r.Type, "event": r.Event, "distinct_id": r.DistinctID, "item_id": r.Item.ID, "schema": r.Schema.Name} {
			if s, _ := want[name].(string); s != got {
				t.Errorf("%s: got %q, want %q", name, got, s)
			}
		}
		if n, ok := want["_track_id"].(json.Number); ok != r.Tracked || ok && !strings.ContainsAny(string(n), ".eE-") && fmt.Sprint(r.TrackID) != string(n) {
			t.Errorf("_track_id: got %d, %t, want %v", r.TrackID, r.Tracked, n)
		}
		properties, _ := want["properties"].(map[string]any)
		if len(properties) != r.Properties.Len() {
			t.Errorf("%d properties, want %d", r.Properties.Len(), len(properties))
		}
	})
}
