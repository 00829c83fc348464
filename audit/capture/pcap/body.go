package pcap

import (
	"errors"

	"telltale/audit"
)

// maxBodies bounds the bodies that are being written at the same time.
const maxBodies = 256

var errBodies = errors.New("too many bodies at the same time; the rest of this one was not kept")

// A spool takes bytes into a body of the recorder, which it starts with the
// first of them. Bytes that it cannot keep it counts.
type spool struct {
	im   *Importer
	body audit.BodyWriter
	err  error
	size int64
}

// Write implements [io.Writer]. It fails only if nothing more can be recorded.
func (s *spool) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	if s.err != nil || len(p) == 0 {
		return len(p), nil
	}
	if s.body == nil && !s.start() {
		return len(p), s.im.recorded
	}
	if _, err := s.body.Write(p); err != nil {
		s.im.recorded = err
		return 0, err
	}
	return len(p), nil
}

func (s *spool) start() bool {
	if s.im.open >= maxBodies {
		s.err = errBodies
		return false
	}
	body, err := s.im.config.Recorder.Body()
	if err != nil {
		s.im.recorded = err
		return false
	}
	s.body = body
	s.im.open++
	return true
}

// close keeps what was written; cause says why it is not all, nil if it is.
func (s *spool) close(cause error) audit.Body {
	if cause == nil {
		cause = s.err
	}
	if s.body == nil {
		b := audit.Body{Size: s.size}
		if cause != nil {
			b.Error = cause.Error()
		}
		return b
	}
	s.im.open--
	b, err := s.body.Close(cause)
	s.body = nil
	if err != nil && s.im.recorded == nil {
		s.im.recorded = err
	}
	return b
}
