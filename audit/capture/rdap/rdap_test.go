package rdap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// registry is a server on the loopback with a list and one registry, which
// knows site.example.
func registry(t *testing.T) (c *Client, asked *[]string) {
	t.Helper()
	asked = new([]string)
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		switch r.URL.Path {
		case "/dns.json":
			fmt.Fprintf(w, `{"version":"1.0","services":[[["EXAMPLE"],[%q]],[["broken"],[%q]],[["odd"]],[["long"],[%q]]]}`, server.URL+"/rdap/", server.URL+"/html", server.URL+"/long")
		case "/rdap/domain/site.example":
			fmt.Fprint(w, `{"objectClassName":"domain"}`)
		case "/long/domain/a.long":
			w.Write(bytes.Repeat([]byte("1"), answerLimit+1))
		case "/html/domain/a.broken":
			fmt.Fprint(w, "<html>")
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errorCode":404}`)
		}
	}))
	t.Cleanup(server.Close)
	return &Client{HTTP: server.Client(), Bootstrap: server.URL + "/dns.json", Now: func() time.Time { return noon }}, asked
}

func TestAsk(t *testing.T) {
	c, asked := registry(t)
	a, err := c.Ask(t.Context(), "site.example")
	if err != nil {
		t.Fatal(err)
	}
	if a.Body != `{"objectClassName":"domain"}` || a.Status != 200 || !a.Time.Equal(noon) || len(a.SHA256) != 64 {
		t.Errorf("got %+v", a)
	}
	if want := "/rdap/domain/site.example, asked at 2026-11-21T12:00:00Z, SHA-256 " + a.SHA256; !strings.HasSuffix(a.Source(), want) {
		t.Errorf("got %q want at its end %q", a.Source(), want)
	}
	if a, err = c.Ask(t.Context(), "other.example"); err != nil || a.Status != 404 {
		t.Errorf("a domain that is not known: got %+v, %v", a, err)
	}
	if got := strings.Join(*asked, " "); got != "/dns.json /rdap/domain/site.example /rdap/domain/other.example" {
		t.Errorf("asked %s", got)
	}
}

func TestAskFails(t *testing.T) {
	c, _ := registry(t)
	for domain, want := range map[string]string{
		"a.nowhere": "has none for it", "a.odd": "has none for it", "a.broken": "no JSON", "a.long": "is longer than",
	} {
		if _, err := c.Ask(t.Context(), domain); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v want %q", domain, err, want)
		}
	}
	c.registries, c.Bootstrap = nil, strings.Replace(c.Bootstrap, "dns.json", "missing", 1)
	if _, err := c.Ask(t.Context(), "site.example"); err == nil || !strings.Contains(err.Error(), "the list of registries: status 404") {
		t.Errorf("no list: got %v", err)
	}
}

func TestKept(t *testing.T) {
	c, _ := registry(t)
	a, err := c.Ask(t.Context(), "site.example")
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Kept(strings.NewReader(string(line) + "\n" + string(line) + "\n"))
	if err != nil || len(kept) != 2 || kept[1] != a {
		t.Errorf("got %+v, %v", kept, err)
	}
	for text, want := range map[string]string{
		strings.Replace(string(line), "domain\\\"}", "other\\\"}", 1): "answer 1 that was kept: its hash",
		string(line) + "x": "answer 2 that was kept: invalid",
	} {
		if _, err := Kept(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v want %q", text, err, want)
		}
	}
}

// What can be read is the same when it is written and read again.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"domain":"site.example","url":"https://r.example/","time":"2026-11-21T12:00:00Z","status":200,"sha256":"` + hash("{}") + `","body":"{}"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		answers, err := Kept(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, a := range answers {
			line, err := json.Marshal(a)
			if err != nil {
				continue // a year that cannot be written
			}
			again, err := Kept(bytes.NewReader(line))
			if err != nil || len(again) != 1 || again[0].Body != a.Body || again[0].Domain != a.Domain {
				t.Errorf("got %+v, %v want %+v", again, err, a)
			}
		}
	})
}
