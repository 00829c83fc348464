package sensors_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"telltale/sensors"
)

const (
	objectBase64 = "eyJ0eXBlIjoidHJhY2siLCJldmVudCI6IiRwYWdldmlldyIsInRpbWUiOjE1ODgyOTEyMDAwMDAsImRpc3RpbmN0X2lkIjoidTEiLCJwcm9wZXJ0aWVzIjp7IiR1cmwiOiJodHRwczovL2V4YW1wbGUub3JnLz9xPSVFNCVCRCVBMCJ9fQ=="
	objectJSON   = `{"type":"track","event":"$pageview","time":1588291200000,"distinct_id":"u1","properties":{"$url":"https://example.org/?q=%E4%BD%A0"}}`
	listBase64   = "H4sIAAAAAAACAxXK3QqCQBAF4HcZ3DtpXSmwhZCiniIiRAcb8mfaHa0Q373p3J1zvusC8mUEDxKq+gkp4IyDaE+4anEmfOsm1Ctxu6LI9y7P/kmhoSg01HKnRvnk1HEYGYMQRvALJFPo9HmIcPTW4qfqucPNGFpbvg7msjWnszlmsK63H68S2+6HAAAA"

	androidQuery = "project=global_browser_mini&r=DE"
	androidBody  = "crc=265788825&gzip=1&data_list=H4sIAAAAAAAC%2F22OywrCMBBF%2F2VwWVtTX21BxO8QCbEZbTBNYjIVRfrvpgE34uzu41zm%2BAZ6OYQGyIv2BhngAw1F7cQVubZC8uTwQMJTzEn1sc7WVVXWrFxMlwFPNFcSmjkrl6v1ZlvVk3%2FRQ%2Bj4D8MSI1UgZVpKFAwsbjtvHXpSGKB5w0yrc0wORnobOxkMXkfdEbnQFAU%2BRe805tZfi%2F1911mDr%2FlqyxiMGST0z8Rk8Af6oKyJwTIvc7b4%2Bj1SZ6dnWisRxvH0AT7u%2FhgeAQAA"
)

func TestHash(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int32
	}{
		{"", 0},
		{"a", 97},
		{"Hello", 69609650},
		{"Hello你好", -1823950257},
		{"🔥sd🙂哈哈😆", 1703242663},
		{objectBase64, 160049589},
		{listBase64, 567872942},
		{`{"key_id":7,"key_hash":"hh","nc":1,"payload":"AAECAwQFBgcICQoLDA0OD0cu27i9Ut7TxsljywB8c5sxv7k3bSLZ3Wrd1is08gyTOfpoO6MY8RVlKQFcts1NUdWrqoIRH3ZeLoq75MGuciGmVGecsgM5rkShMWGxvxixOIsMst6+jspeXZ1RSmqtVQ=="}`, 1348613647},
	} {
		if got := sensors.Hash(tt.in); got != tt.want {
			t.Errorf("%.20q: got %d, want %d", tt.in, got, tt.want)
		}
	}
}

// read reads a request that must hold one payload.
func read(t *testing.T, query, body string) sensors.Payload {
	t.Helper()
	req, err := sensors.Read(query, []byte(body), sensors.DefaultLimits)
	if err != nil || len(req.Payloads) != 1 {
		t.Fatalf("got %d payloads, %v", len(req.Payloads), err)
	}
	return req.Payloads[0]
}

// texts writes records as JSON.
func texts(records []sensors.Value) (out []string) {
	for _, r := range records {
		out = append(out, string(r.Append(nil)))
	}
	return out
}

// One record, in each of the forms in which it may arrive.
func TestReadForms(t *testing.T) {
	zipped := listBase64
	object := url.QueryEscape(objectBase64)
	var mixed bytes.Buffer
	w := multipart.NewWriter(&mixed)
	_ = w.WriteField("data", objectBase64)
	_ = w.WriteField("ext", "crc=160049589")
	_ = w.Close()
	for _, tt := range []struct {
		name, query, body string
		want              sensors.Payload
	}{
		{"image", "project=p&data=" + object + "&ext=crc%3D160049589", "", sensors.Payload{Part: "query", Field: "data", CRC: sensors.CRC{Sent: true, Value: 160049589, Right: true}}},
		{"ajax and beacon", "", "data=" + object + "&ext=crc%3D160049589", sensors.Payload{Part: "body", Field: "data", CRC: sensors.CRC{Sent: true, Value: 160049589, Right: true}}},
		{"wrong crc", "", "data=" + object + "&ext=crc%3D1", sensors.Payload{Part: "body", Field: "data", CRC: sensors.CRC{Sent: true, Value: 1}}},
		{"no crc at all", "", "data=" + object + "&ext=crc%3D1x", sensors.Payload{Part: "body", Field: "data"}},
		{"gzip", "", "data_list=" + url.QueryEscape(zipped) + "&gzip=1&crc=567872942", sensors.Payload{Part: "body", Field: "data_list", Gzip: 1, CRC: sensors.CRC{Sent: true, Value: 567872942, Right: true}}},
		{"plus signs not escaped", "", "data_list=" + zipped + "&gzip=1&crc=567872942", sensors.Payload{Part: "body", Field: "data_list", Gzip: 1, CRC: sensors.CRC{Sent: true, Value: 567872942, Right: true}}},
		{"no padding", "", "data=" + strings.TrimRight(objectBase64, "="), sensors.Payload{Part: "body", Field: "data"}},
		{"alphabet for URLs", "", "data_list=" + strings.NewReplacer("+", "-", "/", "_").Replace(zipped), sensors.Payload{Part: "body", Field: "data_list"}},
		{"flag lies", "", "data_list=" + zipped + "&gzip=0", sensors.Payload{Part: "body", Field: "data_list"}},
		{"escaped twice", "", "data=" + url.QueryEscape(object), sensors.Payload{Part: "body", Field: "data"}},
		{"object in a list field", "", "data_list=" + object, sensors.Payload{Part: "body", Field: "data_list"}},
		{"JSON in the form", "", "data=" + url.QueryEscape(objectJSON), sensors.Payload{Part: "body", Field: "data"}},
		{"bare JSON", "", " [" + objectJSON + "]\n", sensors.Payload{Part: "body", Field: "body"}},
		{"multipart", "", mixed.String(), sensors.Payload{Part: "body", Field: "data", CRC: sensors.CRC{Sent: true, Value: 160049589, Right: true}}},
		{"all of it in gzip", "", string(zip("data=" + object)), sensors.Payload{Part: "body", Field: "data"}},
	} {
		got := read(t, tt.query, tt.body)
		if diff := cmp.Diff([]string{objectJSON}, texts(got.Records)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		got.Records = nil
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func zip(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

// A whole request in the order of the Android SDK, with an event of 2020.
func TestReadAndroid(t *testing.T) {
	req, err := sensors.Read(androidQuery+"&token=T", []byte(androidBody+"&instant_event=true&sink_name=mirror"), sensors.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := [...]any{req.Project, req.Token, req.Instant, req.Sink}, [...]any{"global_browser_mini", "T", true, "mirror"}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	p := req.Payloads[0]
	if want := (sensors.CRC{Sent: true, Value: 265788825, Right: true}); p.CRC != want || p.Gzip != 1 {
		t.Errorf("got %+v, gzip %d, want %+v", p.CRC, p.Gzip, want)
	}
	record, problems := sensors.NewRecord(p.Records[0])
	if problems != nil {
		t.Error(problems)
	}
	address, _ := record.Properties.Get("url")
	got := []any{record.Type, record.Event, record.Time, record.FlushTime, record.TrackID, record.DistinctID, address.Text(), record.Lib.Name, record.Lib.Version}
	want := []any{"track", "page_load_event_start", int64(1588291200000), int64(1588291201000), int64(-1234567890), "u1", "https://example.org/?q=honey-4711", "Android", "3.2.10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadNothing(t *testing.T) {
	for _, tt := range [][2]string{{"", ""}, {"project=p", ""}, {"", "a=b&c"}, {"data", "\x00\xff"}} {
		req, err := sensors.Read(tt[0], []byte(tt[1]), sensors.DefaultLimits)
		if tt[0] == "data" {
			if err == nil {
				t.Errorf("%q: an empty value is no data, got %v", tt, req)
			}
			continue
		}
		if err != nil || len(req.Payloads) != 0 {
			t.Errorf("%q: got %v, %v", tt, req, err)
		}
	}
}

// Errors say what was found, not what it said.
func TestReadErrors(t *testing.T) {
	const honey = "honey-4711"
	lim := sensors.Limits{Body: 1 << 20, Inflated: 2 << 20, Ratio: 10, Events: 3, Depth: 4, String: 100, Members: 5, Values: 10}
	field := func(text string) string {
		return "data_list=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	for _, tt := range []struct {
		name, body, want string
		limit            bool
	}{
		{"body", strings.Repeat(honey, 1<<17), "bytes of a request: over the limit of 1048576", true},
		{"no base64", "data=" + honey + "!", "reading data of the body: the value is neither JSON nor base64", false},
		{"base64 of text", field(honey), "reading data_list of the body: the value is base64, and inside is neither JSON nor gzip of JSON", false},
		{"damaged gzip", field(string(zip(objectJSON)[:40])), "reading data_list of the body: gzip that breaks off or is damaged", false},
		{"bomb", field(string(zip("[" + strings.Repeat(" ", 3<<20)))), "reading data_list of the body: bytes after gzip: over the limit of 1048576", true},
		{"bomb in base64 of a form", string(zip("data=" + strings.Repeat("a", 3<<20))), "reading the body: bytes after gzip: over the limit of 1048576", true},
		{"records", field("[{},{},{},{}]"), "reading data_list of the body: records: over the limit of 3", true},
		{"depth", field(`[[[[["honey-4711"]]]]]`), "reading data_list of the body: JSON nesting: over the limit of 4", true},
		{"string", field(`[{"a":"` + strings.Repeat(honey, 11) + `"}]`), "reading data_list of the body: bytes of a string: over the limit of 100", true},
		{"string beside a payload", field(`[{"payload":"","a":"` + strings.Repeat(honey, 11) + `"}]`), "reading data_list of the body: bytes of a string: over the limit of 100", true},
		{"members", field(`[{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}]`), "reading data_list of the body: members of an object: over the limit of 5", true},
		{"fields", strings.Repeat("data=e30&", 9), "reading the body: fields of one name: over the limit of 8", true},
		{"values", field(`[{"a":[1,2,3]},{"b":[1,2,3]},{"c":[1,2,3]}]`), "reading data_list of the body: JSON values: over the limit of 10", true},
		{"values of two payloads", field(`[{"a":[1,2,3]}]`) + "&" + field(`[{"a":[1,2,3,4]}]`), "reading data_list of the body: JSON values: over the limit of 5", true},
		{"JSON", field(`[{"honey-4711":honey-4711}]`), "reading data_list of the body: no JSON: another character where a value should be, at byte 15", false},
		{"end of JSON", field(`[{"honey-4711":1}`), "reading data_list of the body: no JSON: the end of the text where a comma or the end of a list should be, at byte 17", false},
		{"after JSON", field(`[]{"honey-4711":1}`), "reading data_list of the body: no JSON: '{' where the end should be, at byte 2", false},
		{"UTF-8", field("[\"\xffhoney-4711\"]"), "reading data_list of the body: no JSON: the text is not UTF-8", false},
		{"multipart", "--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nhoney-4711", "reading a multipart body: the last part breaks off", false},
		{"multipart header", "--x\r\nhoney-4711", "reading a multipart body: a part is damaged or breaks off", false},
	} {
		_, err := sensors.Read("", []byte(tt.body), lim)
		switch {
		case err == nil:
			t.Errorf("%s: no error", tt.name)
		case err.Error() != tt.want || errors.Is(err, sensors.ErrLimit) != tt.limit:
			t.Errorf("%s: got  %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// What is encoded is read again, sealed or not.
func TestEncodeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sensors.Encoding{
			Field: rapid.SampledFrom([]string{"data", "data_list"}).Draw(t, "field"),
			Gzip:  rapid.SampledFrom([]int{0, 1, 9, 13}).Draw(t, "gzip"),
			CRC:   rapid.SampledFrom([]string{"", "crc", "ext"}).Draw(t, "crc"),
		}
		var records []sensors.Value
		for i := range rapid.IntRange(1, 4).Draw(t, "records") {
			records = append(records, sensors.NewObject(
				sensors.Member{Name: "_track_id", Value: sensors.Integer(rapid.Int64().Draw(t, "id"))},
				sensors.Member{Name: rapid.String().Draw(t, "name"), Value: sensors.Text(rapid.String().Draw(t, "text"))},
				sensors.Member{Name: "_flush_time", Value: sensors.Integer(int64(i))},
			))
		}
		if e.Field == "data" {
			records = records[:1]
		}
		l := rapid.SampledFrom(locks()).Draw(t, "lock")
		body := encode(t, records, e, l)
		req, err := sensors.Read("project=p", []byte(body), sensors.DefaultLimits)
		if err != nil || len(req.Payloads) != 1 {
			t.Fatalf("%d payloads, %v", len(req.Payloads), err)
		}
		p := req.Payloads[0]
		if sent := e.CRC != ""; p.CRC.Sent != sent || p.CRC.Right != sent || p.Gzip != e.Gzip || (len(p.Sealed) > 0) != (e.Gzip > 1) {
			t.Errorf("got crc %+v, gzip %d, %d sealed", p.CRC, p.Gzip, len(p.Sealed))
		}
		got, err := p.Open(l.keys, sensors.DefaultLimits)
		if diff := cmp.Diff(texts(records), texts(got)); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
	})
}

// encode writes records, each in a payload (gzip=9), all in one (gzip=13), or
// in clear.
func encode(t *rapid.T, records []sensors.Value, e sensors.Encoding, l lock) string {
	var clear []string
	switch e.Gzip {
	case 9:
		clear = texts(records)
	case 13:
		clear = []string{string(sensors.NewList(records...).Append(nil))}
	default:
		return sensors.Encode(records, e)
	}
	c, err := sensors.Seal(sensors.Native, clear, l.to, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sensors.EncodeSealed([]sensors.Container{c}, e)
}

// Records in a container have the container's time of sending.
func TestOpenFlushTime(t *testing.T) {
	l := locks()[0]
	c, err := sensors.Seal(sensors.Native, []string{`{"a":1}`, `{"_flush_time":5}`}, l.to, 77, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t, "", sensors.EncodeSealed([]sensors.Container{c}, sensors.Encoding{Field: "data_list", Gzip: 9})).Open(l.keys, sensors.DefaultLimits)
	if want := []string{`{"a":1,"_flush_time":77}`, `{"_flush_time":5}`}; err != nil || !slices.Equal(texts(got), want) {
		t.Errorf("got %v, %v, want %v", texts(got), err, want)
	}
}

// FuzzRead reads anything, and what it read in clear is read again from what
// Encode makes of it.
func FuzzRead(f *testing.F) {
	f.Add(androidQuery, []byte(androidBody))
	f.Add("data="+url.QueryEscape(objectBase64)+"&ext=crc%3D160049589", []byte(""))
	f.Add("", []byte(`data_list=[{"ekey":"a","pkv":1,"payloads":["b"],"flush_time":1}]&gzip=9`))
	f.Add("", []byte("--a\r\nContent-Disposition: form-data; name=data\r\n\r\ne30=\r\n--a--\r\n"))
	f.Add("", zip("data=e30="))
	lim := sensors.Limits{Body: 1 << 16, Inflated: 1 << 18, Ratio: 20, Events: 50, Depth: 8, String: 1 << 12, Members: 50, Values: 1 << 16}
	f.Fuzz(func(t *testing.T, query string, body []byte) {
		req, err := sensors.Read(query, body, lim)
		if err != nil {
			return
		}
		for _, p := range req.Payloads {
			if len(p.Records) == 0 {
				continue
			}
			body := sensors.Encode(p.Records, sensors.Encoding{Field: "data_list", Gzip: 1, CRC: "crc"})
			again := read(t, "", body)
			if diff := cmp.Diff(texts(p.Records), texts(again.Records)); diff != "" || !again.CRC.Right {
				t.Errorf("crc %+v\n%s", again.CRC, diff)
			}
		}
	})
}

// FuzzParse holds the reader against the standard library's.
func FuzzParse(f *testing.F) {
	for _, s := range []string{objectJSON, `[1,-0.5e+7,"\u4f60\ud83d\ude42\ud83d \n\/",null,true,{"a":{}}]`, `"`, `[01]`, `"\`, "\x00", `{"a":1,"a":2} `, `1e5`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lim := sensors.Limits{Depth: 200, String: len(text), Members: len(text), Values: 1 << 16}
		got, err := sensors.Parse(text, lim)
		if errors.Is(err, sensors.ErrLimit) {
			return
		}
		want, wantErr := reference(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got %v, the standard library %v", err, wantErr)
		}
		if err != nil {
			return
		}
		written := got.Append(nil)
		again, err := reference(string(written))
		if diff := cmp.Diff(want, again); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		twice, err := sensors.Parse(string(written), sensors.Limits{Depth: 200, String: 6 * len(text), Members: len(text), Values: 1 << 16})
		if err != nil || !bytes.Equal(twice.Append(nil), written) {
			t.Errorf("written %s, then %s, %v", written, twice.Append(nil), err)
		}
	})
}

// reference is what the standard library reads. It takes bytes that are not
// UTF-8, which no JSON has.
func reference(text string) (v any, err error) {
	if !json.Valid([]byte(text)) || strings.ToValidUTF8(text, "") != text {
		return nil, errors.New("invalid")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func BenchmarkRead(b *testing.B) {
	var records []sensors.Value
	for i := range 50 {
		v, err := sensors.Parse(strings.ReplaceAll(jsEvent, "4711", fmt.Sprint(1000+i)), sensors.DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, v)
	}
	for _, e := range []sensors.Encoding{{Field: "data_list"}, {Field: "data_list", Gzip: 1}} {
		body := []byte(sensors.Encode(records, e))
		b.Run(fmt.Sprintf("gzip=%d", e.Gzip), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(jsEvent) * len(records)))
			for b.Loop() {
				req, err := sensors.Read("project=p", body, sensors.DefaultLimits)
				if err != nil {
					b.Fatal(err)
				}
				for _, v := range req.Payloads[0].Records {
					if r, problems := sensors.NewRecord(v); problems != nil || r.Check() != nil {
						b.Fatal(problems, r.Check())
					}
				}
			}
			b.ReportMetric(float64(b.N)*float64(len(records))/b.Elapsed().Seconds(), "records/s")
		})
	}
}
