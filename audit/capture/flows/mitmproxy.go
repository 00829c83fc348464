package flows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// maxAddress bounds a URL that is remembered.
const maxAddress = 8 << 10

// flowHead is how a file of mitmproxy begins: the size of a dictionary, and in
// it the size of a key.
var flowHead = regexp.MustCompile(`^[0-9]{2,10}:[0-9]{1,2}:[a-z_]{2,30}[,;]`)

func isFlow(head []byte) bool { return flowHead.Match(head) }

// readFlows reads the flows of mitmproxy: tagged netstrings one after the
// other. Their layout changes with the version (its io/compat.py lists how);
// what is read here has had its name since version 8 of the format (2020), and
// older names stand beside it.
func readFlows(f *file, r io.Reader) error {
	in := bufio.NewReader(r)
	handshakes := map[string]string{} // URLs of WebSockets, which were flows of their own once
	for {
		d, err := f.nextFlow(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if err := f.flow(d, handshakes); err != nil {
			return err
		}
	}
}

// nextFlow reads a flow; it is nil if it was passed over.
func (f *file) nextFlow(in *bufio.Reader) (dict, error) {
	size, err := readSize(in)
	if err != nil {
		return nil, err
	}
	f.records++
	if size > maxRecord {
		f.pass(fmt.Sprintf("a flow of more than %d bytes", int64(maxRecord)), size)
		_, err := io.CopyN(io.Discard, in, size+1)
		return nil, err
	}
	var b bytes.Buffer // grows as bytes come: the size is only a word of the file
	if _, err := io.CopyN(&b, in, size+1); err != nil {
		return nil, fmt.Errorf("the file breaks off here: %w", io.ErrUnexpectedEOF)
	}
	data := b.Bytes()
	v, err := new(tnetReader).value(data[size], data[:size], 0)
	if err != nil {
		return nil, err
	}
	d, ok := v.(dict)
	if !ok {
		return nil, errTNet
	}
	return d, nil
}

// flow records one flow.
func (f *file) flow(d dict, handshakes map[string]string) error {
	switch d.text("type") {
	case "http", "":
		return f.httpFlow(d, handshakes)
	case "websocket": // until mitmproxy 6
		id := d.dict("metadata").text("websocket_handshake")
		return f.messages(f.conn(d.dict("client_conn").text("id")), handshakes[id], d.list("messages"))
	case "tcp", "udp":
		return f.rawFlow(d)
	case "dns":
		return f.dnsFlow(d)
	}
	f.pass("a flow of a kind that is not known", 0)
	return nil
}

func (f *file) httpFlow(d dict, handshakes map[string]string) error {
	q, a := d.dict("request"), d.dict("response")
	if q == nil {
		f.pass("a flow without a request", 0)
		return nil
	}
	x := &audit.Exchange{
		Conn: f.conn(d.dict("client_conn").text("id")), Proto: q.text("http_version"), Method: q.text("method"), URL: flowURL(q),
		Header: flowFields(q, "headers"), Trailer: flowFields(q, "trailers"), Answered: audit.ByNobody, Error: d.dict("error").text("msg"),
	}
	x.Host = hostname(x.URL)
	if x.Method == "CONNECT" {
		x.URL = authority("", q.text("host"), strconv.FormatInt(q.int("port"), 10))
		x.Host = hostname("//" + x.URL)
	}
	x.Body = f.flowBody(q)
	if a != nil {
		x.Answered, x.Server = audit.ByOnline, serverOf(d.dict("server_conn"))
		x.Status = int(max(a.int("status_code"), a.int("code")))
		x.Answer, x.Reply = flowFields(a, "headers"), f.flowBody(a)
	}
	ws := d.dict("websocket")
	if rest, ok := strings.CutPrefix(x.URL, "http"); ok && ws != nil {
		x.URL = "ws" + rest
	}
	if x.Status == 101 && len(handshakes) < maxConns && len(x.URL) <= maxAddress {
		handshakes[d.text("id")] = x.URL
	}
	if err := f.record(audit.Event{Time: seconds(q.time("timestamp_start")), Exchange: x}); err != nil {
		return err
	}
	return f.messages(x.Conn, x.URL, ws.list("messages"))
}

// flowBody keeps the content of a request or an answer. None is a body that
// was streamed through the proxy and not kept.
func (f *file) flowBody(m dict) audit.Body {
	content, had := m["content"]
	if !had {
		content = m["body"]
	}
	if content != nil {
		return f.bytes([]byte(textOf(content)), nil)
	}
	size, err := strconv.ParseInt(get(flowFields(m, "headers"), "Content-Length"), 10, 62)
	if err != nil && isChunked(flowFields(m, "headers")) {
		size = 1
	}
	return absent(size, "mitmproxy passed it on without keeping it")
}

// flowURL is the URL of a request.
func flowURL(q dict) string {
	scheme := q.text("scheme")
	port := strconv.FormatInt(q.int("port"), 10)
	host := authority(scheme, q.text("host"), port)
	// In transparent mode the host is an address, and what the client asked for
	// stands in the authority or the Host field.
	if name := q.text("authority"); name != "" {
		host = name
	} else if name := get(flowFields(q, "headers"), "Host"); name != "" {
		host = name
	}
	if h, p, ok := strings.Cut(host, ":"); ok && authority(scheme, h, p) == h {
		host = h
	}
	return address(scheme, host, q.text("path"))
}

// flowFields are pairs of names and values.
func flowFields(m dict, name string) []audit.Field {
	var fs []audit.Field
	for _, v := range m.list(name) {
		if pair, ok := v.([]tnet); ok {
			fs = append(fs, audit.Field{Name: textOf(at(pair, 0)), Value: textOf(at(pair, 1))})
		}
	}
	return fs
}

// serverOf is the address of a server.
func serverOf(c dict) string {
	for _, name := range []string{"peername", "ip_address", "address"} {
		list := c.list(name)
		if inner := c.dict(name); inner != nil {
			list = inner.list("address")
		}
		if s := addressOf(textOf(at(list, 0))); s != "" {
			return s
		}
	}
	return ""
}

// messages records those of a WebSocket: kind, from the client, bytes, time.
func (f *file) messages(conn int, url string, list []tnet) error {
	if rest, ok := strings.CutPrefix(url, "http"); ok {
		url = "ws" + rest
	}
	for _, v := range list {
		m, _ := v.([]tnet)
		kind, _ := at(m, 0).(int64)
		out, _ := at(m, 1).(bool)
		e := audit.Event{Time: timeOf(at(m, 3)), Message: &audit.Message{
			Conn: conn, URL: url, Host: hostname(url), Out: out, Text: kind == 1, Body: f.bytes([]byte(textOf(at(m, 2))), nil),
		}}
		if err := f.record(e); err != nil {
			return err
		}
	}
	return nil
}

// rawFlow records a connection that is not HTTP: from the client, bytes, time.
func (f *file) rawFlow(d dict) error {
	c := d.dict("server_conn")
	t := &audit.Tunnel{Conn: f.conn(d.dict("client_conn").text("id")), Proto: d.text("type"), Host: textOf(at(c.list("address"), 0))}
	if port, ok := at(c.list("address"), 1).(int64); ok {
		t.Port = strconv.FormatInt(port, 10)
	}
	if name := c.text("sni"); name != "" {
		t.Host = name
	}
	out, in := &spool{f: f}, &spool{f: f}
	start := seconds(d.dict("client_conn").time("timestamp_start"))
	for i, v := range d.list("messages") {
		m, _ := v.([]tnet)
		if i == 0 {
			start = timeOf(at(m, 2))
		}
		to := in
		if fromClient, _ := at(m, 0).(bool); fromClient {
			to = out
		}
		if _, err := to.Write([]byte(textOf(at(m, 1)))); err != nil {
			return err
		}
	}
	t.Out, t.In = out.close(nil), in.close(nil)
	return f.record(audit.Event{Time: start, Tunnel: t})
}

// dnsFlow records the questions of a flow with their answers.
func (f *file) dnsFlow(d dict) error {
	q, a := d.dict("request"), d.dict("response")
	for _, v := range q.list("questions") {
		question, _ := v.(dict)
		l := &audit.Lookup{Server: serverOf(d.dict("server_conn")), Name: question.text("name"), Type: dnsType(question.int("type"))}
		if a == nil {
			l.Code = "no answer"
		}
		for _, v := range a.list("answers") {
			if r, ok := v.(dict); ok && len(l.Answers) < 64 {
				if s := dnsAnswer(r); s != "" {
					l.Answers = append(l.Answers, s)
				}
			}
		}
		if code := a.int("response_code"); code != 0 {
			l.Code = dnsCode(code)
		}
		if err := f.record(audit.Event{Time: seconds(q.time("timestamp")), Lookup: l}); err != nil {
			return err
		}
	}
	return nil
}

func timeOf(v tnet) time.Time { return seconds(dict{"": v}.time("")) }
