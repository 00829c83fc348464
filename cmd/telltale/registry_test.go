package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/audit"
)

// A registry is asked once for each domain of a recipient, and what it said is
// kept; with the file, nobody is asked again.
func TestRegistry(t *testing.T) {
	var asked []string
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.URL.Path == "/list" {
			fmt.Fprintf(w, `{"services":[[["example"],[%q]]]}`, server.URL)
			return
		}
		fmt.Fprint(w, `{"objectClassName":"domain","entities":[{"roles":["registrant"],"vcardArray":["vcard",[["org",{},"text","Somebody Ltd."],["adr",{"cc":"SG"},"text",""]]]}]}`)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "registries.jsonl")
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	parties := []audit.Party{
		{Host: "a.site.example", Domain: "site.example"},
		{Host: "b.site.example", Domain: "site.example"},
		{Host: "192.0.2.1"},
		{Host: "visited.example", Domain: "visited.example", Role: "visited"},
		{Host: "a.nowhere", Domain: "a.nowhere"},
	}
	for _, want := range []string{"/list /domain/site.example", "/list"} {
		asked = nil
		r, err := openRegistry(file, now)
		if err != nil {
			t.Fatal(err)
		}
		r.client.Bootstrap = server.URL + "/list"
		found, problems := r.registrations(parties)
		reg := found["site.example"]
		if len(found) != 1 || reg.Registrant != "Somebody Ltd." || reg.Country != "SG" || !strings.Contains(reg.Source, "asked at 2026-11-21T12:00:00Z") {
			t.Errorf("got %+v", found)
		}
		if len(problems) != 1 || !strings.Contains(problems[0].Message, "a.nowhere") {
			t.Errorf("problems: got %+v", problems)
		}
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("asked %q want %q", got, want)
		}
	}
	var nobody *registry
	if found, problems := nobody.registrations(parties); found != nil || problems != nil {
		t.Errorf("not asked for: got %v, %v", found, problems)
	}
}
