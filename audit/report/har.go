package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/audit"
)

// HTTP Archive 1.2, and what browsers add to it: names with an underscore.
type (
	harFile struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harName    `json:"creator"`
		Pages   []harName  `json:"pages"`
		Entries []harEntry `json:"entries"`
		Comment string     `json:"comment"`
	}
	harName struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harEntry struct {
		Started  string       `json:"startedDateTime"`
		Time     float64      `json:"time"`
		Request  harRequest   `json:"request"`
		Response harResponse  `json:"response"`
		Cache    struct{}     `json:"cache"`
		Timings  harTimings   `json:"timings"`
		Server   string       `json:"serverIPAddress,omitempty"`
		Comment  string       `json:"comment"`
		Exhibits []string     `json:"_exhibits"`
		Arm      string       `json:"_arm"`
		Run      int          `json:"_run"`
		Messages []harMessage `json:"_webSocketMessages,omitempty"`
	}
	harRequest struct {
		Method  string    `json:"method"`
		URL     string    `json:"url"`
		Proto   string    `json:"httpVersion"`
		Cookies []harPair `json:"cookies"`
		Headers []harPair `json:"headers"`
		Query   []harPair `json:"queryString"`
		Post    *harPost  `json:"postData,omitempty"`
		Header  int       `json:"headersSize"`
		Body    int64     `json:"bodySize"`
	}
	harPost struct {
		Type     string    `json:"mimeType"`
		Params   []harPair `json:"params"`
		Text     string    `json:"text"`
		Encoding string    `json:"_encoding,omitempty"`
		Comment  string    `json:"comment,omitempty"`
	}
	harResponse struct {
		Status   int        `json:"status"`
		Text     string     `json:"statusText"`
		Proto    string     `json:"httpVersion"`
		Cookies  []harPair  `json:"cookies"`
		Headers  []harPair  `json:"headers"`
		Content  harContent `json:"content"`
		Redirect string     `json:"redirectURL"`
		Header   int        `json:"headersSize"`
		Body     int64      `json:"bodySize"`
	}
	harContent struct {
		Size int64  `json:"size"`
		Type string `json:"mimeType"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harMessage struct {
		Type   string  `json:"type"`
		Time   float64 `json:"time"`
		Opcode int     `json:"opcode"`
		Data   string  `json:"data"`
	}
)

// maxArchived bounds the bytes of one body in the archive.
const maxArchived = 4 << 20

// writeHAR writes the requests that verdicts rest on, as the log has them. The
// answers are left out but for their status: no verdict rests on one.
func writeHAR(w io.Writer, x *index) error {
	file := harFile{harLog{
		Version: "1.2", Creator: harName{"telltale", flat(x.toolVersion())}, Pages: []harName{}, Entries: []harEntry{},
		Comment: flat("Case " + x.Case.Case.ID + ": the requests that its verdicts rest on, and no other."),
	}}
	if !x.Reveal {
		file.Log.Comment += " Captured values are masked."
	}
	if err := x.archive(&file.Log); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(file)
}

// archive goes through the log once and adds the cited requests.
func (x *index) archive(log *harLog) error {
	cited := make(map[int][]audit.Exhibit) // by line of the log
	for id := range x.restsOn() {
		e, ok := x.exhibits[x.findings[id].Exhibit]
		if ok && e.Event > 0 {
			cited[e.Event] = append(cited[e.Event], e)
		}
	}
	if len(cited) == 0 {
		return nil
	}
	if x.Log == nil {
		return fmt.Errorf("%d cited requests, but the capture log is not at hand", len(cited))
	}
	line := 0
	for event, err := range x.Log {
		line++
		if err != nil {
			break // that the log breaks off here is said by Partial
		}
		if exhibits := cited[line]; len(exhibits) > 0 {
			log.Entries = append(log.Entries, x.harEntry(event, exhibits))
		}
	}
	return nil
}

func (x *index) harEntry(event audit.Event, exhibits []audit.Exhibit) harEntry {
	e := harEntry{Started: event.Time.UTC().Format(time.RFC3339Nano), Arm: flat(event.Arm), Run: event.Run}
	for _, ex := range exhibits {
		e.Exhibits = include(e.Exhibits, flat(ex.ID))
	}
	e.Comment = "exhibits " + strings.Join(e.Exhibits, ", ")
	e.Request = harRequest{Method: "GET", Proto: "HTTP/1.1", Cookies: []harPair{}, Headers: []harPair{}, Query: []harPair{}, Header: -1}
	e.Response = harResponse{Proto: "HTTP/1.1", Cookies: []harPair{}, Headers: []harPair{}, Header: -1, Body: -1}
	switch {
	case event.Exchange != nil:
		x.harExchange(&e, event.Exchange)
	case event.Message != nil:
		x.harMessage(&e, event)
	case event.Tunnel != nil:
		e.Request.Method, e.Request.URL = "CONNECT", flat(event.Tunnel.Host+":"+event.Tunnel.Port)
		e.Request.Post = x.harPost(event.Tunnel.Out, "")
		e.Request.Body = event.Tunnel.Out.Size
	}
	return e
}

func (x *index) harExchange(e *harEntry, ex *audit.Exchange) {
	e.Request.Method, e.Request.Proto, e.Request.URL, e.Server = flat(ex.Method), flat(ex.Proto), x.mask.address(ex.URL), flat(ex.Server)
	e.Response.Proto, e.Response.Status = flat(ex.Proto), ex.Status
	kind := ""
	for _, f := range ex.Header {
		if strings.EqualFold(f.Name, "Content-Type") {
			kind = f.Value
		}
		e.Request.Headers = append(e.Request.Headers, harPair{printable([]byte(f.Name)), x.headerValue(f)})
	}
	for _, f := range ex.Trailer {
		e.Request.Headers = append(e.Request.Headers, harPair{printable([]byte(f.Name)), x.headerValue(f)})
	}
	for _, p := range query(ex.URL) {
		e.Request.Query = append(e.Request.Query, harPair{x.mask.text(p.Name), x.mask.text(p.Value)})
	}
	e.Request.Body = ex.Body.Size
	e.Request.Post = x.harPost(ex.Body, kind)
}

// query lists the parameters of an address in their order.
func query(address string) []harPair {
	_, rest, ok := strings.Cut(address, "?")
	if !ok {
		return nil
	}
	rest, _, _ = strings.Cut(rest, "#")
	var pairs []harPair
	for p := range strings.SplitSeq(rest, "&") {
		name, value, _ := strings.Cut(p, "=")
		pairs = append(pairs, harPair{unescaped(name), unescaped(value)})
	}
	return pairs
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// plainFields are header fields that say how a request is written, and nothing
// about a person.
var plainFields = map[string]bool{"content-type": true, "content-encoding": true, "content-length": true, "host": true, "transfer-encoding": true}

func (x *index) headerValue(f audit.Field) string {
	if plainFields[strings.ToLower(f.Name)] {
		return printable([]byte(f.Value))
	}
	return x.mask.text(f.Value)
}

// harPost is a body: in clear if the report reveals, otherwise masked if it is
// text, and else only counted.
func (x *index) harPost(b audit.Body, kind string) *harPost {
	if b.Size == 0 {
		return nil
	}
	p := &harPost{Type: flat(kind), Params: []harPair{}}
	data, err := x.stored(b)
	switch {
	case err != nil:
		p.Comment = fmt.Sprintf("%d bytes that could not be read: %s", b.Size, flat(err.Error()))
		return p
	case int64(len(data)) < b.Size:
		p.Comment = fmt.Sprintf("the first %d of %d bytes", len(data), b.Size)
	}
	switch {
	case !x.Reveal && isText(data):
		p.Text = x.mask.text(string(data))
		p.Comment = strings.TrimPrefix(p.Comment+"; masked", "; ")
	case !x.Reveal:
		p.Comment = fmt.Sprintf("%d bytes that are no text: left out, SHA-256 %s", b.Size, b.SHA256)
	case utf8.Valid(data):
		p.Text = string(data)
	default:
		p.Text, p.Encoding = base64.StdEncoding.EncodeToString(data), "base64"
	}
	return p
}

// stored reads a body of the case.
func (x *index) stored(b audit.Body) ([]byte, error) {
	if x.Body == nil || b.SHA256 == "" {
		return nil, nil
	}
	r, err := x.Body(b)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxArchived))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return data, err
}

func (x *index) harMessage(e *harEntry, event audit.Event) {
	m := event.Message
	e.Request.URL = x.mask.address(m.URL)
	post := x.harPost(m.Body, "")
	if post == nil {
		return
	}
	sent := harMessage{Type: "send", Time: float64(event.Time.UnixMilli()) / 1000, Opcode: 1, Data: post.Text}
	if post.Encoding != "" {
		sent.Opcode = 2
	}
	e.Messages = []harMessage{sent}
}
