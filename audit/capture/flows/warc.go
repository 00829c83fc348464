package flows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

func isWARC(head []byte) bool { return bytes.HasPrefix(head, []byte("WARC/")) }

// maxHalves bounds the requests and answers that wait for their other half.
const maxHalves = 1 << 10

// A webArchive pairs the records of a file: request and answer are records of
// their own, in either order.
type webArchive struct {
	*file
	waiting map[string]*half // by the record's id, and that of the one it belongs to
	order   []*half
}

// A half is a request that waits for its answer, or the other way round.
type half struct {
	ids   []string
	event audit.Event
	asked bool // it is the request
	done  bool
}

// readWARC reads a web archive (ISO 28500, WARC 1.0 and 1.1). A request and its
// answer belong together by WARC-Concurrent-To or, where that is missing, by
// their URL.
func readWARC(f *file, r io.Reader) error {
	a := &webArchive{file: f, waiting: map[string]*half{}}
	in := bufio.NewReader(r)
	for {
		err := a.next(in)
		if errors.Is(err, io.EOF) {
			return a.rest()
		}
		if err != nil {
			return errors.Join(err, a.rest())
		}
	}
}

// next reads one record.
func (a *webArchive) next(in *bufio.Reader) error {
	for { // the two empty lines behind a record
		b, err := in.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != '\r' && b[0] != '\n' {
			break
		}
		_, _ = in.Discard(1)
	}
	left := maxHead
	line, err := readLine(in, &left)
	if err != nil || !strings.HasPrefix(line, "WARC/") {
		return fmt.Errorf("record %d: no record of a web archive from here on", a.records+1)
	}
	var header []audit.Field
	for {
		if line, err = readLine(in, &left); err != nil {
			return fmt.Errorf("record %d: its head breaks off: %w", a.records+1, io.ErrUnexpectedEOF)
		}
		if line == "" {
			break
		}
		header = addLine(header, line)
	}
	size, err := strconv.ParseInt(get(header, "Content-Length"), 10, 62)
	if err != nil || size < 0 {
		return fmt.Errorf("record %d: its length is %q", a.records+1, get(header, "Content-Length"))
	}
	a.records++
	block := &io.LimitedReader{R: in, N: size}
	if err := a.take(header, block, size); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, block); err != nil {
		return err
	}
	if block.N > 0 {
		return fmt.Errorf("record %d: the file breaks off here: %w", a.records, io.ErrUnexpectedEOF)
	}
	return nil
}

// take reads what a record is about.
func (a *webArchive) take(header []audit.Field, block io.Reader, size int64) error {
	kind, content := get(header, "WARC-Type"), strings.ToLower(get(header, "Content-Type"))
	isHTTP := strings.HasPrefix(content, "application/http") || content == ""
	switch {
	case (kind == "request" || kind == "response") && isHTTP:
		return a.half(header, block, kind == "request")
	case kind == "resource" || kind == "response":
		return a.resource(header, block)
	case kind == "revisit":
		return a.half(header, block, false)
	case kind == "continuation":
		a.pass("the rest of a record that was cut up", size)
	}
	return nil // warcinfo, metadata, conversion: about the archive
}

// half reads a request or an answer.
func (a *webArchive) half(header []audit.Field, block io.Reader, asks bool) error {
	h := &half{asked: asks, ids: []string{get(header, "WARC-Record-ID"), get(header, "WARC-Concurrent-To")}}
	h.event = audit.Event{Time: warcTime(header)}
	target := strings.Trim(get(header, "WARC-Target-URI"), "<>")
	x := &audit.Exchange{URL: target, Host: hostname(target), Answered: audit.ByNobody, Server: addressOf(get(header, "WARC-IP-Address"))}
	h.event.Exchange = x
	err := error(nil)
	if asks {
		err = a.readRequest(x, block, "http", x.Host)
	} else {
		err = a.readAnswer(x, block)
		if kind := get(header, "WARC-Truncated"); kind != "" && x.Reply.Error == "" {
			x.Reply.Error = "the archive has it cut short: " + kind
		}
		if get(header, "WARC-Type") == "revisit" && x.Reply.Size == 0 {
			x.Reply.Error = "the archive has it in another record"
		}
	}
	if err != nil {
		a.fault(fmt.Errorf("record %d: %w", a.records, err))
		return nil
	}
	return a.pair(h, target)
}

// pair records a half with the one that it belongs to, or lets it wait.
func (a *webArchive) pair(h *half, target string) error {
	for _, key := range append(h.ids, "url "+target) {
		other := a.waiting[key]
		if key == "" || other == nil || other.done || other.asked == h.asked {
			continue
		}
		return a.join(h, other)
	}
	a.order = append(a.order, h)
	for _, key := range append(h.ids, "url "+target) {
		if key != "" {
			a.waiting[key] = h
		}
	}
	h.ids = append(h.ids, "url "+target)
	if len(a.order) <= maxHalves {
		return nil
	}
	oldest := a.order[0]
	a.order = a.order[1:]
	return a.alone(oldest)
}

// join records two halves as one exchange.
func (a *webArchive) join(h, other *half) error {
	question, reply := h, other
	if other.asked {
		question, reply = other, h
	}
	x, y := question.event.Exchange, reply.event.Exchange
	x.Answered, x.Status, x.Answer, x.Reply = y.Answered, y.Status, y.Answer, y.Reply
	if x.Server == "" {
		x.Server = y.Server
	}
	a.forget(other)
	x.Conn = a.conn("")
	return a.record(question.event)
}

// forget takes a half out of those that wait.
func (a *webArchive) forget(h *half) {
	h.done = true
	for _, key := range h.ids {
		if a.waiting[key] == h {
			delete(a.waiting, key)
		}
	}
	keep := a.order[:0]
	for _, o := range a.order {
		if o != h {
			keep = append(keep, o)
		}
	}
	a.order = keep
}

// alone records a half whose other one is not there.
func (a *webArchive) alone(h *half) error {
	a.forget(h)
	x := h.event.Exchange
	x.Conn, x.Error = a.conn(""), "the archive has no answer to it"
	if !h.asked {
		x.Error = "the archive has the answer alone: what was sent with it is not known"
	}
	return a.record(h.event)
}

// rest records what still waits at the end.
func (a *webArchive) rest() error {
	for len(a.order) > 0 {
		if err := a.alone(a.order[0]); err != nil {
			return err
		}
	}
	return nil
}

// resource is a document without the HTTP around it; of names that were asked
// for, some crawlers keep the answer so.
func (a *webArchive) resource(header []audit.Field, block io.Reader) error {
	target := strings.Trim(get(header, "WARC-Target-URI"), "<>")
	if name, ok := strings.CutPrefix(target, "dns:"); ok {
		return a.record(audit.Event{Time: warcTime(header), Lookup: a.names(name, block)})
	}
	if scheme, _, _ := strings.Cut(target, ":"); scheme != "http" && scheme != "https" {
		return nil // made by the crawler: pictures of pages, its log
	}
	x := &audit.Exchange{
		Conn: a.conn(""), URL: target, Host: hostname(target), Answered: audit.ByOnline, Reply: a.body(block),
		Error: "the archive has the document alone: what was sent for it is not known",
	}
	return a.record(audit.Event{Time: warcTime(header), Exchange: x})
}

// names reads the answer of a name server as text (RFC 4501, RFC 1035 section
// 5): lines that end in the type and the value.
func (a *webArchive) names(name string, block io.Reader) *audit.Lookup {
	l := &audit.Lookup{Name: strings.TrimSuffix(name, "."), Type: "A"}
	lines := bufio.NewScanner(io.LimitReader(block, 64<<10))
	for lines.Scan() && len(l.Answers) < 64 {
		w := strings.Fields(lines.Text())
		if len(w) < 3 {
			continue
		}
		switch kind := w[len(w)-2]; kind {
		case "A", "AAAA", "CNAME":
			l.Answers = append(l.Answers, strings.TrimSuffix(w[len(w)-1], "."))
			if kind != "CNAME" {
				l.Type = kind
			}
		}
	}
	return l
}

func warcTime(header []audit.Field) time.Time {
	t, err := time.Parse(time.RFC3339Nano, get(header, "WARC-Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}
