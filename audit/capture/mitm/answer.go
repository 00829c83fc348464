package mitm

import (
	"io"
	"mime"
	"net/http"
)

// An Answer is what a sinkhole says instead of the real server.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Stream is the body instead of Body, unless it is nil. It is closed when
	// it was sent.
	Stream io.ReadCloser
	// By says who answered, if not the sinkhole: audit.ByReplay.
	By string
}

// DefaultAnswer is 204, and 200 with an empty object for a POST of JSON. It
// lets every origin in: a browser asks before it sends what another site is to
// have, and would not send it after a no.
func DefaultAnswer(r *http.Request) Answer {
	a := Answer{Status: http.StatusNoContent, Header: permission(r)}
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && t == "application/json" {
		a.Status, a.Body = http.StatusOK, []byte("{}")
		a.Header.Set("Content-Type", t)
	}
	return a
}

// permission answers the questions of cross-origin resource sharing.
func permission(r *http.Request) http.Header {
	h := make(http.Header)
	origin := r.Header.Get("Origin")
	if origin == "" {
		return h
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	for ask, grant := range map[string]string{
		"Access-Control-Request-Method":          "Access-Control-Allow-Methods",
		"Access-Control-Request-Headers":         "Access-Control-Allow-Headers",
		"Access-Control-Request-Private-Network": "Access-Control-Allow-Private-Network",
	} {
		if v := r.Header.Get(ask); v != "" {
			h.Set(grant, v)
		}
	}
	return h
}
