package export

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/audit"
)

// maxText is the largest body that is written as text; a larger one is in
// base64, so that it need not be held.
const maxText = 1 << 20

// HAR writes an HTTP archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/).
// Messages of WebSockets are in _webSocketMessages as Chrome has them, bodies
// of requests that are no text in _content and refused connections in
// _tlsErrors as HTTP Toolkit has them.
func HAR(w io.Writer, s Source) ([]Left, error) {
	a := &archive{Source: s, out: bufio.NewWriterSize(w, 64<<10), left: leftovers{}}
	if err := a.index(); err != nil {
		return nil, err
	}
	a.raw(`{"log":{"version":"1.2","creator":`, object{"name": "telltale", "version": s.Tool}, `,"comment":`, "exported from the case "+s.ID, `,"pages":[],"entries":[`)
	n := 0
	for e, err := range s.Events() {
		if err != nil {
			return nil, err
		}
		if e.Exchange == nil {
			continue
		}
		if n++; n > 1 {
			a.raw(",")
		}
		a.raw("\n")
		if err := a.entry(e); err != nil {
			return nil, err
		}
	}
	a.raw("\n]")
	if len(a.refused) > 0 {
		a.raw(`,"_tlsErrors":`, a.refused)
	}
	a.raw("}}\n")
	if a.err == nil {
		a.err = a.out.Flush()
	}
	return a.left.list(), a.err
}

type object map[string]any

// An archive is being written.
type archive struct {
	Source
	out      *bufio.Writer
	err      error
	left     leftovers
	messages map[socket][]audit.Event // of WebSockets, until their entry is written
	refused  []object
}

// A socket is a WebSocket by its connection and URL.
type socket struct {
	link
	url string
}

// index looks through the case for what stands in another place in the archive
// than in the log.
func (a *archive) index() error {
	a.messages = map[socket][]audit.Event{}
	opened := map[socket]bool{}
	for e, err := range a.Events() {
		if err != nil {
			return err
		}
		switch {
		case e.Exchange != nil:
			opened[socketOf(e)] = true
		case e.Message != nil && opened[socketOf(e)]:
			k := socketOf(e)
			a.messages[k] = append(a.messages[k], e)
		case e.Message != nil:
			a.left[leftMessages]++
		case e.Tunnel != nil:
			a.left[leftTunnels]++
		case e.Lookup != nil:
			a.left[leftLookups]++
		case e.Refused != nil:
			r := e.Refused
			a.refused = append(a.refused, object{"startedDateTime": stamp(e.Time), "time": 0, "hostname": r.Host, "cause": strings.TrimPrefix(r.Alert, "remote error: ")})
		}
	}
	return nil
}

// socketOf is what the messages of an exchange are found by.
func socketOf(e audit.Event) socket {
	if m := e.Message; m != nil {
		return socket{link{e.Place, m.Conn}, m.URL}
	}
	return socket{link{e.Place, e.Exchange.Conn}, e.Exchange.URL}
}

// raw writes pieces: every second one is a value, which is marshalled; those
// before are JSON as it stands, and constants of this file.
func (a *archive) raw(pieces ...any) {
	for i, p := range pieces {
		if a.err != nil {
			return
		}
		if s, ok := p.(string); ok && i%2 == 0 {
			_, a.err = a.out.WriteString(s)
			continue
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if a.err = enc.Encode(p); a.err == nil {
			_, a.err = a.out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
		}
	}
}

// stamp is a time as archives have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// entry writes an exchange.
func (a *archive) entry(e audit.Event) error {
	x := e.Exchange
	about := object{"arm": e.Arm, "run": e.Run, "session": e.Session}
	if e.App != "" {
		about["app"] = e.App
	}
	if x.Error != "" {
		about["error"] = x.Error
	}
	a.raw(`{"startedDateTime":`, stamp(e.Time), `,"time":0,"cache":{},"timings":{"send":0,"wait":0,"receive":0},"connection":`, fmt.Sprint(x.Conn), `,"_telltale":`, about)
	if ip, err := netip.ParseAddr(x.Server); err == nil {
		a.raw(`,"serverIPAddress":`, ip.String())
	}
	a.raw(`,"request":`)
	if err := a.request(x); err != nil {
		return err
	}
	a.raw(`,"response":`)
	if err := a.answer(x); err != nil {
		return err
	}
	if err := a.sockets(socketOf(e)); err != nil {
		return err
	}
	a.raw("}")
	return a.err
}

// request writes the request of an entry.
func (a *archive) request(x *audit.Exchange) error {
	a.raw(`{"method":`, x.Method, `,"url":`, x.URL, `,"httpVersion":`, x.Proto, `,"headers":`, pairs(x.Header), `,"cookies":`, sent(x), `,"queryString":`, query(x.URL),
		`,"headersSize":-1,"bodySize":`, x.Body.Size)
	kind := get(x.Header, "Content-Type")
	switch text, ok, err := a.text(x.Body); {
	case err != nil:
		return err
	case x.Body.SHA256 == "" && x.Body.Size > 0:
		a.raw(`,"_requestBodyStatus":`, "discarded: "+x.Body.Error)
	case ok && x.Body.SHA256 != "":
		a.raw(`,"postData":`, object{"mimeType": kind, "text": text})
	case x.Body.SHA256 != "":
		a.raw(`,"_requestBodyStatus":"discarded:not-representable","_content":{"size":`, x.Body.Size, `,"encoding":"base64","text":"`)
		if err := a.base64(x.Body); err != nil {
			return err
		}
		a.raw(`"}`)
	}
	a.raw("}")
	return a.err
}

// answer writes the answer of an entry; one that there was not has status 0.
func (a *archive) answer(x *audit.Exchange) error {
	a.raw(`{"status":`, x.Status, `,"statusText":`, http.StatusText(x.Status), `,"httpVersion":`, x.Proto, `,"headers":`, pairs(x.Answer), `,"cookies":`, given(x),
		`,"redirectURL":`, get(x.Answer, "Location"), `,"headersSize":-1,"bodySize":`, x.Reply.Size, `,"content":{"size":`, x.Reply.Size, `,"mimeType":`, get(x.Answer, "Content-Type"))
	switch text, ok, err := a.text(x.Reply); {
	case err != nil:
		return err
	case x.Reply.SHA256 == "" && x.Reply.Size > 0:
		a.raw(`,"comment":`, x.Reply.Error)
	case ok && x.Reply.SHA256 != "":
		a.raw(`,"text":`, text)
	case x.Reply.SHA256 != "":
		a.raw(`,"encoding":"base64","text":"`)
		if err := a.base64(x.Reply); err != nil {
			return err
		}
		a.raw(`"`)
	}
	a.raw("}}")
	return a.err
}

// text returns a body that can stand in an archive as it is: text, without the
// control characters by which readers tell that a character is a byte.
func (a *archive) text(b audit.Body) (string, bool, error) {
	if b.Size > maxText {
		return "", false, nil
	}
	var buf bytes.Buffer
	if err := a.copy(&buf, b); err != nil {
		return "", false, err
	}
	if !utf8.Valid(buf.Bytes()) {
		return "", false, nil
	}
	s := buf.String()
	return s, !strings.ContainsFunc(s, func(r rune) bool { return 0x80 <= r && r <= 0x9f }), nil
}

// base64 writes a body in base64.
func (a *archive) base64(b audit.Body) error {
	if a.err != nil {
		return a.err
	}
	enc := base64.NewEncoder(base64.StdEncoding, a.out)
	if err := a.copy(enc, b); err != nil {
		return err
	}
	return enc.Close()
}

// sockets writes the messages of a WebSocket, once.
func (a *archive) sockets(k socket) error {
	list := a.messages[k]
	if len(list) == 0 {
		return nil
	}
	delete(a.messages, k)
	a.raw(`,"_resourceType":"websocket","_webSocketMessages":[`)
	for i, e := range list {
		if i > 0 {
			a.raw(",")
		}
		if err := a.message(e); err != nil {
			return err
		}
	}
	a.raw("]")
	return a.err
}

func (a *archive) message(e audit.Event) error {
	kind, opcode := "receive", 2
	if e.Message.Out {
		kind = "send"
	}
	text, ok, err := a.text(e.Message.Body)
	if err != nil {
		return err
	}
	if ok && e.Message.Text {
		a.raw("", object{"type": kind, "time": float64(e.Time.UnixMicro()) / 1e6, "opcode": 1, "data": text})
		return a.err
	}
	a.raw(`{"type":`, kind, `,"time":`, float64(e.Time.UnixMicro())/1e6, `,"opcode":`, opcode, `,"data":"`)
	if err := a.base64(e.Message.Body); err != nil {
		return err
	}
	a.raw(`"}`)
	return a.err
}

// pair is a name with a value.
type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func pairs(header []audit.Field) []pair {
	list := make([]pair, 0, len(header))
	for _, f := range header {
		list = append(list, pair{f.Name, f.Value})
	}
	return list
}

// query are the fields of a URL's query.
func query(address string) []pair {
	list := []pair{}
	u, err := url.Parse(address)
	if err != nil {
		return list
	}
	for field := range strings.SplitSeq(u.RawQuery, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		list = append(list, pair{unescaped(name), unescaped(value)})
	}
	return list
}

// unescaped undoes the escapes of a query, if they are well formed.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil && utf8.ValidString(plain) {
		return plain
	}
	return s
}

// sent are the cookies of a request.
func sent(x *audit.Exchange) []pair {
	list := []pair{}
	for _, f := range x.Header {
		if !strings.EqualFold(f.Name, "Cookie") {
			continue
		}
		for c := range strings.SplitSeq(f.Value, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(c), "=")
			list = append(list, pair{name, value})
		}
	}
	return list
}

// given are the cookies of an answer.
func given(x *audit.Exchange) []pair {
	list := []pair{}
	for _, f := range x.Answer {
		if strings.EqualFold(f.Name, "Set-Cookie") {
			c, _, _ := strings.Cut(f.Value, ";")
			name, value, _ := strings.Cut(c, "=")
			list = append(list, pair{strings.TrimSpace(name), value})
		}
	}
	return list
}
