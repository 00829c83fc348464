package mitm

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"telltale/audit"
)

// A spool takes bytes into a body of the recorder, which it starts with the
// first of them. An error of the recorder stops the proxy.
type spool struct {
	proxy *Proxy
	body  audit.BodyWriter
}

// Write implements [io.Writer].
func (s *spool) Write(p []byte) (int, error) {
	if s.body == nil {
		if err := s.proxy.Err(); err != nil {
			return 0, err
		}
		body, err := s.proxy.config.Recorder.Body()
		if err != nil {
			return 0, s.proxy.fail(err)
		}
		s.body = body
	}
	n, err := s.body.Write(p)
	if err != nil {
		return n, s.proxy.fail(err)
	}
	return n, nil
}

// close keeps what was written; cause says why it is not all, nil if it is.
func (s *spool) close(cause error) audit.Body {
	if s.body == nil {
		var b audit.Body
		if cause != nil {
			b.Error = cause.Error()
		}
		return b
	}
	b, err := s.body.Close(cause)
	if err != nil {
		_ = s.proxy.fail(err) // whoever records the event meets it again
	}
	return b
}

// An upload is the body of a request: what is read from it is recorded. The
// handler and, after it, drain read from it, at times both at once.
type upload struct {
	mu     sync.Mutex
	from   io.Reader
	spool  spool
	err    error // that ended it
	closed atomic.Bool
}

// Read implements [io.Reader].
func (u *upload) Read(p []byte) (int, error) {
	if u.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	return u.read(p)
}

// Close ends the reading of the handler, but not ours.
func (u *upload) Close() error {
	u.closed.Store(true)
	return nil
}

func (u *upload) read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.from.Read(p)
	if n > 0 {
		if _, werr := u.spool.Write(p[:n]); werr != nil {
			err = werr
		}
	}
	u.err = err
	return n, err
}

var errStopped = errors.New("the client sent no more")

// drain reads what the handler left. It gives up on a client that sends
// nothing for the time of wait.
func (u *upload) drain(control *http.ResponseController, wait time.Duration) error {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	for {
		_ = control.SetReadDeadline(deadline(wait)) // always supported by what we serve
		switch _, err := u.read(buf[:]); {
		case err == nil:
		case errors.Is(err, io.EOF):
			_ = control.SetReadDeadline(time.Time{})
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded): // and stays so: the connection is of no more use
			return errStopped
		default:
			return err
		}
	}
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// A reply is the answer to a request on its way out: what is written to it is
// recorded first.
type reply struct {
	http.ResponseWriter
	head    bool // the answer to a HEAD request has no body
	status  int
	header  []audit.Field
	interim []audit.Interim
	spool   spool
}

// WriteHeader implements [http.ResponseWriter].
func (r *reply) WriteHeader(status int) {
	switch {
	case r.status != 0:
	case status >= http.StatusOK:
		r.note(status)
	case len(r.interim) < maxInterim:
		r.interim = append(r.interim, audit.Interim{Status: status, Header: fields(r.Header())})
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *reply) note(status int) {
	r.status, r.header = status, fields(r.Header())
}

// maxInterim bounds the answers before an answer that are kept.
const maxInterim = 16

// trailer returns the fields that followed the body: those that the header
// announced, and those that were set with a prefix because it did not.
func (r *reply) trailer() []audit.Field {
	after := make(http.Header)
	for _, f := range r.header {
		if f.Name == "Trailer" {
			for name := range strings.SplitSeq(f.Value, ",") {
				name = http.CanonicalHeaderKey(strings.TrimSpace(name))
				if v := r.Header()[name]; len(v) > 0 {
					after[name] = v
				}
			}
		}
	}
	for name, v := range r.Header() {
		if bare, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			after[bare] = v
		}
	}
	return fields(after)
}

// Write implements [http.ResponseWriter].
func (r *reply) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if !r.head && r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		if _, err := r.spool.Write(p); err != nil {
			return 0, err
		}
	}
	return r.ResponseWriter.Write(p)
}

// Flush implements [http.Flusher].
func (r *reply) Flush() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(r.ResponseWriter).Flush() // the next Write has the same error
}
