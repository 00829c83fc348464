package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// payloadsFile is another input of the benchmarks.
const payloadsFile = "../../audit/decode/testdata/payloads.jsonl.zst"

// payloads are made after what phones and pages send in an hour, by kind: what
// the comment of a row says, so many times, each with content of its own.
var payloads = []struct {
	part  string
	times int
	make  func(*person) []byte
}{
	{"request.url", 150, (*person).pixel},        // one event, base64 of JSON in a query
	{"request.header", 150, (*person).header},    // of a browser
	{"request.body", 10, (*person).batch},        // 50 events, JSON
	{"request.body", 15, (*person).batchInForm},  // 50 events, percent of base64 of gzip of JSON in a form
	{"request.body", 10, (*person).batchInProto}, // 200 events, gzip of protobuf
	{"request.body", 5, (*person).crash},         // a log of 600 lines and the device in JSON, multipart
	{"request.body", 4, (*person).replay},        // a page in a string of JSON, and base64 of gzip of what was done on it
	{"request.body", 2, (*person).photo},         // 80 kB that nothing can read, as in a photo
}

// The benchmarks' payloads are what the table says.
func TestPayloads(t *testing.T) {
	p := &person{rand.New(rand.NewPCG(3, 5))}
	var got bytes.Buffer
	lines := json.NewEncoder(&got)
	for _, row := range payloads {
		size := 0
		for range row.times {
			data := row.make(p)
			size += len(data)
			if err := lines.Encode(mixLine{row.part, data}); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%4d × %-15s %8d bytes", row.times, row.part, size)
	}
	compareMix(t, payloadsFile, got.Bytes())
}

// A person makes what one says.
type person struct{ *rand.Rand }

var (
	pages  = strings.Fields("home news article search cart checkout profile settings video sports weather world culture science")
	models = strings.Fields("Redmi-Note-8 Pixel-4a SM-G973F ONEPLUS-A6013 Mi-A3 moto-g7")
	prose  = strings.Fields("the council said on Monday that it would look into the plan after residents had asked for more time and a clearer view of what it costs to keep the old bridge open for another winter")
)

func (p *person) one(of []string) string { return of[p.IntN(len(of))] }

func (p *person) words(n int) string {
	text := make([]string, n)
	for i := range text {
		text[i] = p.one(prose)
	}
	return strings.Join(text, " ")
}

func (p *person) address() string {
	return fmt.Sprintf("https://www.%s.example/%s/%s-%d?ref=%s&page=%d", p.one(pages), p.one(pages), p.one(prose), p.IntN(1e6), p.one(pages), p.IntN(9))
}

func (p *person) event() map[string]any {
	return map[string]any{
		"_track_id": p.Int32(), "time": 1795228589000 + p.IntN(1e7), "type": "track", "event": "$pageview",
		"distinct_id": "17d2f0c6a1b2c3-0a1b2c3d4e5f67-3e604809-288000-17d2f0c6a1c4d5",
		"lib":         map[string]any{"$lib": "js", "$lib_method": "code", "$lib_version": "1.26.17"},
		"properties": map[string]any{
			"$model": p.one(models), "$os": "Android", "$os_version": fmt.Sprint(8 + p.IntN(5)), "$screen_width": 1080, "$wifi": p.IntN(2) == 0,
			"$url": p.address(), "$title": p.words(6), "$referrer": p.address(), "$is_first_day": false, "duration": p.Float64() * 100,
		},
	}
}

func (p *person) events(n int) []byte {
	list := make([]any, n)
	for i := range list {
		list[i] = p.event()
	}
	return written(list)
}

func written(v any) []byte {
	text, _ := json.Marshal(v) // plain values
	return text
}

func squeezed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // to memory
	_ = w.Close()
	return b.Bytes()
}

func (p *person) pixel() []byte {
	return []byte("https://sa.example.com/sa.gif?project=production&ext=crc%3D1234567&data=" +
		url.QueryEscape(base64.StdEncoding.EncodeToString(written(p.event()))))
}

func (p *person) header() []byte {
	return fmt.Appendf(nil, "Host: api.%s.example\r\nUser-Agent: Mozilla/5.0 (Linux; Android 10; %s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Mobile Safari/537.36\r\n"+
		"Accept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\nReferer: %s\r\nCookie: sid=%016x; theme=dark; consent=%%7B%%22ads%%22%%3Afalse%%7D\r\nSec-Fetch-Mode: cors\r\n",
		p.one(pages), p.one(models), 120+p.IntN(9), p.address(), p.Uint64())
}

func (p *person) batch() []byte { return p.events(50) }

func (p *person) batchInForm() []byte {
	return []byte("crc=-961713091&gzip=1&data_list=" + url.QueryEscape(base64.StdEncoding.EncodeToString(squeezed(p.events(50)))))
}

func (p *person) batchInProto() []byte {
	var all []byte
	for range 200 {
		var e []byte
		e = protowire.AppendString(protowire.AppendTag(e, 1, protowire.BytesType), "screen_view")
		e = protowire.AppendVarint(protowire.AppendTag(e, 2, protowire.VarintType), 1795228589000+p.Uint64N(1e7))
		e = protowire.AppendString(protowire.AppendTag(e, 3, protowire.BytesType), p.address())
		e = protowire.AppendString(protowire.AppendTag(e, 4, protowire.BytesType), p.one(models))
		all = protowire.AppendBytes(protowire.AppendTag(all, 2, protowire.BytesType), e)
	}
	return squeezed(all)
}

func (p *person) crash() []byte {
	var b strings.Builder
	b.WriteString("--xYzZY\r\nContent-Disposition: form-data; name=\"device\"\r\n\r\n")
	b.Write(written(map[string]any{"model": p.one(models), "os": "10", "locale": "en-GB", "free": p.IntN(1e9)}))
	b.WriteString("\r\n--xYzZY\r\nContent-Disposition: form-data; name=\"log\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\n")
	for range 600 {
		fmt.Fprintf(&b, "06-%02d 10:%02d:%02d.%03d  %d  %d I ActivityManager: %s (%d ms)\n", 1+p.IntN(28), p.IntN(60), p.IntN(60), p.IntN(1000), p.IntN(9999), p.IntN(9999), p.words(8), p.IntN(500))
	}
	b.WriteString("\r\n--xYzZY--\r\n")
	return []byte(b.String())
}

func (p *person) replay() []byte {
	var page strings.Builder
	page.WriteString("<!DOCTYPE html><html><head><title>" + p.words(5) + "</title></head><body>")
	for range 300 {
		fmt.Fprintf(&page, "<article class=\"card card-%d\"><h2><a href=\"%s\">%s</a></h2><p>%s</p></article>", p.IntN(9), p.address(), p.words(7), p.words(30))
	}
	page.WriteString("</body></html>")
	return written(map[string]any{"v": 1, "session": fmt.Sprintf("%016x", p.Uint64()), "html": page.String(), "done": base64.StdEncoding.EncodeToString(squeezed(p.events(40)))})
}

func (p *person) photo() []byte {
	data := make([]byte, 80<<10)
	for i := range data {
		data[i] = byte(p.Uint32())
	}
	return append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"), data...)
}
