package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// A Server answers PUT, GET and DELETE /consent. The id of a user is what the
// caller must know: who can send events as a user can also speak for it. It
// stands in the body, or for GET in the query, and is never logged.
type Server struct {
	Registry *Registry
	Purposes []string // that can be agreed to
	Claims   string   // SHA-256 of the claims file
	Now      func() time.Time
	// Erase takes away what is kept of a user that has withdrawn. It is called
	// after the withdrawal is on disk; it says until when all is gone.
	Erase func(ctx context.Context, project, id string) (gone time.Time, err error)
}

// A Request is the body of PUT and DELETE.
type Request struct {
	Project    string   `json:"project"`
	DistinctID string   `json:"distinct_id"`
	Purposes   []string `json:"purposes"`
	How        string   `json:"how"`
}

// An Answer says what is known of a user's consent.
type Answer struct {
	Said      bool       `json:"said"` // the user said something
	Purposes  []string   `json:"purposes"`
	Withdrawn bool       `json:"withdrawn"`
	Claims    string     `json:"claims,omitempty"`
	At        *time.Time `json:"at,omitempty"`
	How       string     `json:"how,omitempty"`
	GoneBy    *time.Time `json:"gone_by,omitempty"` // until when records of the user are erased
}

// maxRequest bounds a body.
const maxRequest = 16 << 10

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Access-Control-Allow-Origin", "*")
	head.Set("Access-Control-Allow-Methods", "GET, PUT, DELETE")
	head.Set("Access-Control-Allow-Headers", "Content-Type")
	head.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		return
	}
	req, err := s.read(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a, err := s.answer(r, req)
	if err != nil {
		http.Error(w, "the consent could not be kept; send it again", http.StatusServiceUnavailable)
		return
	}
	head.Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // a caller that has gone needs no answer
}

func (s *Server) read(w http.ResponseWriter, r *http.Request) (req Request, err error) {
	switch r.Method {
	case http.MethodGet:
		q := r.URL.Query()
		req.Project, req.DistinctID = q.Get("project"), q.Get("distinct_id")
	case http.MethodPut, http.MethodDelete:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			return req, fmt.Errorf("a body of more than %d bytes; send JSON with distinct_id and purposes", maxRequest)
		}
		if err := json.Unmarshal(body, &req); err != nil {
			return req, errors.New("the body is not the JSON of a consent; send {\"distinct_id\":…,\"purposes\":[…]}")
		}
	default:
		return req, errors.New("use GET, PUT or DELETE")
	}
	if req.Project == "" {
		req.Project = "default"
	}
	if req.How == "" {
		req.How = "api"
	}
	switch {
	case req.DistinctID == "" || len(req.DistinctID) > 1024:
		return req, errors.New("distinct_id must be there, with at most 1024 bytes")
	case len(req.Project) > 100 || len(req.How) > 100:
		return req, errors.New("project and how must have at most 100 bytes")
	}
	for _, p := range req.Purposes {
		if !slices.Contains(s.Purposes, p) {
			return req, fmt.Errorf("an unknown purpose; there are %q", s.Purposes)
		}
	}
	return req, nil
}

// answer does what is asked and says what is known now.
func (s *Server) answer(r *http.Request, req Request) (a Answer, err error) {
	var rec Record
	said := true
	switch r.Method {
	case http.MethodPut:
		rec, err = s.Registry.Put(req.Project, req.DistinctID, Record{Purposes: req.Purposes, Claims: s.Claims, At: s.Now().UTC(), How: req.How})
	case http.MethodDelete:
		rec, err = s.Registry.Put(req.Project, req.DistinctID, Record{Withdrawn: true, Claims: s.Claims, At: s.Now().UTC(), How: req.How})
		if err == nil {
			var gone time.Time
			gone, err = s.Erase(r.Context(), req.Project, req.DistinctID)
			a.GoneBy = &gone
		}
	default:
		rec, said = s.Registry.Get(req.Project, req.DistinctID)
	}
	if err != nil {
		return a, err
	}
	a.Said, a.Withdrawn, a.Claims, a.How = said, rec.Withdrawn, rec.Claims, rec.How
	if a.Purposes = rec.Purposes; a.Purposes == nil {
		a.Purposes = []string{}
	}
	if said {
		a.At = &rec.At
	}
	return a, nil
}
