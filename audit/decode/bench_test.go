package decode_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"telltale/audit"
	"telltale/audit/decode"
)

// captured is what a real browser with an analytics library in it sent in an
// experiment: 891 addresses, header fields and bodies, 284 kB, of
// which a third is update checks in JSON and events as base64 of JSON, of gzip
// and of both in forms. See TestMixIsRealTraffic in cmd/telltale.
func captured(b *testing.B) []audit.Exhibit { return load(b, "testdata/mix.jsonl.zst") }

// payloads are larger: batches of events, crash reports, replays of sessions and
// photos, 1.6 MB; see the table of TestPayloads in cmd/telltale.
func payloads(b *testing.B) []audit.Exhibit { return load(b, "testdata/payloads.jsonl.zst") }

func load(b *testing.B, file string) (mix []audit.Exhibit) {
	packed, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer packed.Close()
	f, err := zstd.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := json.NewDecoder(f); lines.More(); {
		var line struct {
			Part string
			Data []byte
		}
		if err := lines.Decode(&line); err != nil {
			b.Fatal(err)
		}
		mix = append(mix, audit.Exhibit{ID: "e1", Part: line.Part, Data: audit.NewSecret(line.Data)})
	}
	return mix
}

// crafted is what a browser with an analytics SDK says, with more layers than
// bytes: update checks in JSON, headers, addresses, batches of events as gzip
// in base64 in a form, a body that nothing can read.
func crafted(*testing.B) []audit.Exhibit {
	ex := func(part, data string) audit.Exhibit {
		return audit.Exhibit{ID: "e1", Part: part, Data: audit.NewSecret([]byte(data))}
	}
	var events []string
	for i := range 50 {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"page_view","time":%d,"distinct_id":"4f2a9c1e77b0d3a5","properties":{"$url":"https:\/\/news.example\/%d?q=w%%C3%%B6rter&page=2","$os":"Android","$screen_width":1080,"$wifi":true,"title":"A headline of some length, number %d"}}`, 1588291200000+i*977, i*7919, i))
	}
	batch := "[" + strings.Join(events, ",") + "]"
	noise := make([]byte, 8<<10)
	for i := range noise {
		noise[i] = byte(i * i * 2654435761 >> 7)
	}
	app := `{"appid":"hnimpnehoodheedghdeeijklkeaacbdc","enabled":true,"lang":"en-US","packages":{"package":[{"fp":"1.e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]},"version":"0.0.0.0"}`
	return []audit.Exhibit{
		ex("request.body", "crc=265788825&gzip=1&data_list="+url.QueryEscape(base64.StdEncoding.EncodeToString(gzipped([]byte(batch))))),
		ex("request.body", batch),
		ex("request.body", `{"request":{"@os":"linux","apps":[`+strings.Repeat(app+",", 40)+app+`],"sessionid":"{b7646bed-cf67-4224-b3c9-6a80a3295025}"}}`),
		ex("request.header", "Host: update.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: sid=31d4d96e407aad42; theme=dark; consent=%7B%22ads%22%3Afalse%7D\r\n"),
		ex("request.url", "https://sa.example.com/sa.gif?project=p&data="+url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(events[0])))),
		ex("request.body", string(noise)),
	}
}

// BenchmarkPeel counts the bytes as they were sent.
func BenchmarkPeel(b *testing.B) {
	for name, mix := range map[string]func(*testing.B) []audit.Exhibit{"captured": captured, "payloads": payloads, "crafted": crafted} {
		b.Run(name, func(b *testing.B) {
			exhibits := mix(b)
			size := 0
			for _, ex := range exhibits {
				size += ex.Data.Len()
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				p, layers := decode.NewPeeler(decode.Options{Limits: decode.DefaultLimits}), 0
				for _, ex := range exhibits {
					for range p.Values(ex) {
						layers++
					}
				}
				b.ReportMetric(float64(layers), "layers")
			}
		})
	}
}
