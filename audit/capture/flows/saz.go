package flows

import (
	"archive/zip"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// sessionFile is a file of a session of Fiddler: c is what the client said, s
// the server, m what is known about them, w the messages of a WebSocket.
var sessionFile = regexp.MustCompile(`^raw[/\\]0*([0-9]{1,9})_([cmsw])\.(txt|xml)$`)

func isSAZ(z *zip.Reader) bool {
	return slices.ContainsFunc(z.File, func(m *zip.File) bool { return sessionFile.MatchString(m.Name) })
}

// A session is a request with its answer in an archive of Fiddler.
type session struct {
	number int
	parts  map[string]*zip.File // by letter
}

// readSAZ reads a Session Archive Zip, which Fiddler writes.
func readSAZ(f *file, z *zip.Reader) error {
	byNumber := map[int]*session{}
	for _, m := range z.File {
		g := sessionFile.FindStringSubmatch(m.Name)
		if g == nil {
			continue
		}
		n, err := strconv.Atoi(g[1])
		if err != nil {
			continue
		}
		if byNumber[n] == nil {
			byNumber[n] = &session{n, map[string]*zip.File{}}
		}
		byNumber[n].parts[g[2]] = m
	}
	sessions := make([]*session, 0, len(byNumber))
	for _, s := range byNumber {
		sessions = append(sessions, s)
	}
	slices.SortFunc(sessions, func(a, b *session) int { return cmp.Compare(a.number, b.number) })
	for _, s := range sessions {
		f.records++
		if err := f.session(s); err != nil {
			return err
		}
	}
	return nil
}

// session records one session.
func (f *file) session(s *session) error {
	about := s.about()
	e := audit.Event{Time: about.began(), App: about.app()}
	x := &audit.Exchange{Conn: f.conn(about.flag("x-clientport")), Answered: audit.ByNobody, Server: addressOf(about.flag("x-hostip"))}
	e.Exchange = x
	err := s.open("c", func(r io.Reader) error { return f.readRequest(x, r, "http", "") })
	if err != nil {
		f.fault(fmt.Errorf("session %d: %w", s.number, err))
		return nil
	}
	if err := s.open("s", func(r io.Reader) error { return f.readAnswer(x, r) }); err != nil && !errors.Is(err, io.EOF) {
		f.fault(fmt.Errorf("session %d: %w", s.number, err))
	}
	if x.Method == "CONNECT" && x.Status/100 == 2 { // its body is Fiddler's words about the tunnel
		x.Body, x.Reply = audit.Body{}, audit.Body{}
	}
	if s.parts["w"] != nil {
		f.pass("messages of a WebSocket in an archive of Fiddler", int64(s.parts["w"].UncompressedSize64)) //nolint:gosec // a count
	}
	return f.record(e)
}

// open reads a part; one that is not there has no bytes.
func (s *session) open(letter string, read func(io.Reader) error) error {
	m := s.parts[letter]
	if m == nil || m.UncompressedSize64 == 0 {
		return fmt.Errorf("part %s: %w", letter, io.EOF)
	}
	if m.UncompressedSize64 > maxUnzipped(m.CompressedSize64) {
		return fmt.Errorf("part %s: it becomes %d bytes out of %d, which is not believed", path.Base(m.Name), m.UncompressedSize64, m.CompressedSize64)
	}
	r, err := m.Open()
	if err != nil {
		return fmt.Errorf("part %s: %w", path.Base(m.Name), err)
	}
	defer func() { _ = r.Close() }()
	return read(r)
}

// maxUnzipped is how large a part of a size may become: deflate cannot make
// more than 1,032 times as much, and text is far from that.
func maxUnzipped(size uint64) uint64 { return 64<<20 + 200*size }

// aboutSession is what Fiddler knows about a session.
type aboutSession struct {
	Timers struct {
		Began string `xml:"ClientBeginRequest,attr"`
		Other string `xml:"ClientConnected,attr"`
	} `xml:"SessionTimers"`
	Flags []struct {
		Name  string `xml:"N,attr"`
		Value string `xml:"V,attr"`
	} `xml:"SessionFlags>SessionFlag"`
}

// about reads it. What cannot be read is not known.
func (s *session) about() aboutSession {
	var a aboutSession
	_ = s.open("m", func(r io.Reader) error {
		dec := xml.NewDecoder(io.LimitReader(r, 1<<20))
		dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
		return dec.Decode(&a)
	})
	return a
}

func (a aboutSession) flag(name string) string {
	for _, f := range a.Flags {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// app is the process that asked, such as chrome:1234, without its number.
func (a aboutSession) app() string {
	name, _, _ := strings.Cut(a.flag("x-processinfo"), ":")
	return name
}

func (a aboutSession) began() time.Time {
	for _, s := range []string{a.Timers.Began, a.Timers.Other} {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && t.Year() > 1 {
			return t
		}
	}
	return time.Time{}
}
