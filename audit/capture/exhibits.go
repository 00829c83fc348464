// Package capture turns a log of events into what the later stages read: its
// exhibits, and the count of what could be seen. Where events come from is the
// business of the folders below: mitm is the proxy.
package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"strings"

	"telltale/audit"
)

// Exhibits takes the exhibits of a case out of its events, numbered e1, e2 …
// in the order of the log. Of an exchange these are the URL, the header with
// the trailer, and the body; of a message and a tunnel, what the software sent.
//
// open gives the bytes of a body, of which at most limit are read. An exhibit
// whose body cannot be read comes with an error and without data, an event
// that cannot be read as an error alone; the others still follow.
func Exhibits(caseID string, events iter.Seq2[audit.Event, error], open func(audit.Body) (io.ReadCloser, error), limit int64) iter.Seq2[audit.Exhibit, error] {
	return exhibits{caseID, events, open, limit}.of("e", parts)
}

// Answers takes what servers sent out of the events of a case, numbered a1, a2
// …: of an exchange the values of the answer's header fields, of a cookie its
// value alone, and the body; of a message and a tunnel, what the software
// received. Errors are as with [Exhibits].
func Answers(caseID string, events iter.Seq2[audit.Event, error], open func(audit.Body) (io.ReadCloser, error), limit int64) iter.Seq2[audit.Exhibit, error] {
	return exhibits{caseID, events, open, limit}.of("a", answers)
}

// Pictures takes the pictures of a case out of its events, numbered s1, s2 …
// in the order of the log. They have no data: no value is sought in them, and
// what an event says of its picture is all that is read. Of a log that breaks
// off they are those before.
func Pictures(caseID string, events iter.Seq2[audit.Event, error]) []audit.Exhibit {
	var list []audit.Exhibit
	line := 0
	for e, err := range events {
		line++
		if err != nil {
			break
		}
		if p := e.Picture; p != nil && p.Body.SHA256 != "" {
			list = append(list, audit.Exhibit{
				ID: fmt.Sprintf("s%d", len(list)+1), Case: caseID, Place: e.Place, Time: e.Time,
				Part: "screen", Type: p.Type, Size: p.Body.Size, SHA256: p.Body.SHA256, Event: line,
			})
		}
	}
	return list
}

// exhibits is where exhibits are taken from.
type exhibits struct {
	caseID string
	events iter.Seq2[audit.Event, error]
	open   func(audit.Body) (io.ReadCloser, error)
	limit  int64
}

// of yields the parts of all events, numbered behind a letter.
func (x exhibits) of(letter string, parts func(audit.Event) []part) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		line, number := 0, 0
		for event, err := range x.events {
			line++
			if err != nil {
				if !yield(audit.Exhibit{}, err) {
					return
				}
				continue
			}
			for _, p := range parts(event) {
				number++
				e := p.exhibit
				e.ID, e.Case, e.Event = fmt.Sprintf("%s%d", letter, number), x.caseID, line
				e.Place, e.Time = event.Place, event.Time
				if !yield(p.fill(e, x.open, x.limit)) {
					return
				}
			}
		}
	}
}

// A part is one exhibit of an event. Its bytes are text, or stored as body.
type part struct {
	exhibit audit.Exhibit
	text    string
	body    audit.Body
}

func parts(e audit.Event) []part {
	switch {
	case e.Exchange != nil:
		return exchange(e.Exchange)
	case e.Message != nil && e.Message.Out && e.Message.Body.Size > 0:
		m := e.Message
		return []part{{exhibit: audit.Exhibit{URL: m.URL, Host: m.Host, Part: "message.out"}, body: m.Body}}
	case e.Tunnel != nil && e.Tunnel.Out.SHA256 != "":
		t := e.Tunnel
		address := "tcp://" + net.JoinHostPort(t.Host, t.Port)
		return []part{{exhibit: audit.Exhibit{URL: address, Host: t.Host, Part: "tunnel.out"}, body: t.Out}}
	}
	return nil
}

func exchange(x *audit.Exchange) []part {
	common := audit.Exhibit{
		URL: x.URL, Method: x.Method, Host: x.Host,
		Stage: x.Answered == audit.ByStage, Server: x.Server, Status: x.Status,
	}
	of := func(name string) audit.Exhibit {
		e := common
		e.Part = name
		return e
	}
	ps := []part{{exhibit: of("request.url"), text: x.URL}}
	if block := block(x.Header) + block(x.Trailer); block != "" {
		ps = append(ps, part{exhibit: of("request.header"), text: block})
	}
	if x.Body.Size > 0 {
		body := of("request.body")
		body.Type = mediaType(x.Header)
		ps = append(ps, part{exhibit: body, body: x.Body})
	}
	return ps
}

// answers are the parts that a server sent.
func answers(e audit.Event) []part {
	var ps []part
	add := func(ex audit.Exhibit, text string, body audit.Body) {
		if text != "" || body.SHA256 != "" {
			ps = append(ps, part{ex, text, body})
		}
	}
	switch {
	case e.Exchange != nil:
		x := e.Exchange
		ex := audit.Exhibit{URL: x.URL, Method: x.Method, Host: x.Host, Stage: x.Answered == audit.ByStage, Status: x.Status}
		for _, f := range x.Answer {
			name, value := audit.AnswerField(f.Name, f.Value)
			ex.Part = name
			add(ex, value, audit.Body{})
		}
		ex.Part = "answer.body"
		add(ex, "", x.Reply)
	case e.Message != nil && !e.Message.Out:
		m := e.Message
		add(audit.Exhibit{URL: m.URL, Host: m.Host, Part: "message.in"}, "", m.Body)
	case e.Tunnel != nil:
		t := e.Tunnel
		add(audit.Exhibit{URL: "tcp://" + net.JoinHostPort(t.Host, t.Port), Host: t.Host, Part: "tunnel.in"}, "", t.In)
	}
	return ps
}

// block writes fields as they stand in a request.
func block(fields []audit.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	return b.String()
}

// mediaType is the Content-Type without its parameters, or as it stands if it
// cannot be parsed.
func mediaType(header []audit.Field) string {
	for _, f := range header {
		if !strings.EqualFold(f.Name, "Content-Type") {
			continue
		}
		if t, _, err := mime.ParseMediaType(f.Value); err == nil {
			return t
		}
		return f.Value
	}
	return ""
}

// fill completes e with the bytes of p.
func (p part) fill(e audit.Exhibit, open func(audit.Body) (io.ReadCloser, error), limit int64) (audit.Exhibit, error) {
	if p.body.Size == 0 {
		sum := sha256.Sum256([]byte(p.text))
		e.Size, e.SHA256 = int64(len(p.text)), hex.EncodeToString(sum[:])
		e.Data = audit.NewSecret([]byte(p.text))
		return e, nil
	}
	e.Size, e.SHA256 = p.body.Size, p.body.SHA256
	e.Cut = e.Size > limit
	data, err := read(p.body, open, min(e.Size, limit))
	if err != nil {
		return e, fmt.Errorf("exhibit %s, %s of event %d: %w", e.ID, e.Part, e.Event, err)
	}
	e.Data = audit.NewSecret(data)
	return e, nil
}

// read returns the first n bytes of a body. It reads to the end where that is
// the whole body, so that who opened it can check it.
func read(b audit.Body, open func(audit.Body) (io.ReadCloser, error), n int64) ([]byte, error) {
	r, err := open(b)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, n+1))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if got := int64(len(data)); err == nil && (got < n || got > n && n == b.Size) {
		err = fmt.Errorf("the body has %d bytes, the log says %d", got, b.Size)
	}
	return data[:min(int64(len(data)), n)], err
}
