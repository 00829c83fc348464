// Package stage serves the sites that the lab's software visits: a newspaper,
// a shop, an account, a place for files, and the results of two search
// engines.
//
// The sites are plain HTML without scripts, without third parties and without
// state: whatever stands in the path or the query of an address is answered
// with a page, so that every visit can carry its own seeds. What else arrives
// at the proxy during a visit was not asked for by a page.
package stage

import (
	"net"
	"net/http"
	"strings"
)

// A Stage answers for the hosts of the lab's sites.
type Stage struct {
	sites map[string]*http.ServeMux // by host
}

// New makes a stage.
func New() *Stage {
	stage := &Stage{sites: make(map[string]*http.ServeMux)}
	for _, route := range routes {
		site := stage.sites[route.host]
		if site == nil {
			site = http.NewServeMux()
			stage.sites[route.host] = site
		}
		site.Handle(route.pattern, route.serve)
	}
	return stage
}

// Answers reports whether the request is for a page of the stage. Software
// asks a search engine's host for other things too, such as suggestions; those
// are its own requests, and the stage has no part in them.
func (s *Stage) Answers(r *http.Request) bool {
	host := hostOf(r)
	site, ok := s.sites[host]
	if !ok {
		return false
	}
	if engine, ok := engines[host]; ok && !r.URL.Query().Has(engine.param) {
		return false
	}
	_, pattern := site.Handler(r)
	return pattern != ""
}

// ServeHTTP answers with a page, or with 404 if [Stage.Answers] says no.
func (s *Stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.Answers(r) {
		http.NotFound(w, r)
		return
	}
	s.sites[hostOf(r)].ServeHTTP(w, r)
}

// hostOf returns the host that is asked for, in lower case and without port.
func hostOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
