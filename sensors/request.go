package sensors

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Request is what one request says.
type Request struct {
	Project  string
	Token    string
	Instant  bool   // instant_event=true: the client asks for no delay
	Sink     string // sink_name; "mirror" is a copy for a second server
	Payloads []Payload
}

// A Payload is one field with records.
type Payload struct {
	Part    string // "query" or "body"
	Field   string // data, data_list, or body for a body of bare JSON
	Gzip    int    // the flag as sent: 0, 1, 9 (sealed events) or 13 (a sealed request)
	CRC     CRC
	Records []Value     // in clear; they are not checked yet, see [NewRecord]
	Sealed  []Container // encrypted, see [Payload.Open]
}

// Read takes a request apart: the query of its address, and its body, neither
// changed. No header is needed. Go's own reader of forms gives nothing for a
// body that is called text/plain, as beacons of the JavaScript SDK are, or that
// has no type at all, as those of the Go SDK.
//
// A request without any payload is no error; the answer to it is [Ready]. An
// error wraps [ErrLimit] or says what could not be read. Payloads before the
// unreadable one are in the result.
func Read(query string, body []byte, lim Limits) (Request, error) {
	if len(query)+len(body) > lim.Body {
		return Request{}, overLimit("bytes of a request", lim.Body)
	}
	parts := make([]form, 0, 2)
	inBody, err := readBody(body, lim)
	if err != nil {
		return Request{}, err
	}
	parts = append(parts, inBody, readForm("query", query))
	req := Request{
		Project: first(parts, "project"),
		Token:   first(parts, "token"),
		Sink:    first(parts, "sink_name"),
		Instant: first(parts, "instant_event") == "true",
	}
	for _, f := range parts {
		for _, name := range [...]string{"data", "data_list", "body"} {
			if len(f.fields[name]) > maxFields {
				return req, fmt.Errorf("reading the %s: %w", f.part, overLimit("fields of one name", maxFields))
			}
			for _, value := range f.fields[name] {
				p, err := f.payload(name, value, &lim)
				if err != nil {
					return req, fmt.Errorf("reading %s of the %s: %w", name, f.part, err)
				}
				req.Payloads = append(req.Payloads, p)
			}
		}
	}
	return req, nil
}

// A form is what one part of a request says, of the names that we know.
type form struct {
	part   string
	fields map[string][]string
}

var formNames = map[string]bool{
	"data": true, "data_list": true, "gzip": true, "crc": true, "ext": true,
	"project": true, "token": true, "instant_event": true, "sink_name": true,
}

// maxFields is how often one name may stand in a form. SDKs send each once.
const maxFields = 8

func (f form) add(name, value string) {
	if formNames[name] && len(f.fields[name]) <= maxFields { // one too many shows
		f.fields[name] = append(f.fields[name], value)
	}
}

func (f form) get(name string) string {
	if values := f.fields[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// first returns the first value that is not empty. The query comes last in
// parts and first here: names of the server's address stand there.
func first(parts []form, name string) string {
	for _, f := range slices.Backward(parts) {
		if value := f.get(name); value != "" {
			return value
		}
	}
	return ""
}

// readForm reads name=value&name=value. What is escaped wrongly stays as it is.
func readForm(part, text string) form {
	f := form{part, make(map[string][]string)}
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !formNames[name] {
			continue
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			value = unescaped
		}
		f.add(name, value)
	}
	return f
}

// readBody reads a body by what it is: JSON, multipart, a form, and any of
// them in gzip.
func readBody(body []byte, lim Limits) (form, error) {
	if isGzip(body) {
		var err error
		if body, err = inflate(body, lim); err != nil {
			return form{}, fmt.Errorf("reading the body: %w", err)
		}
	}
	text := bytes.TrimSpace(body)
	switch {
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return form{"body", map[string][]string{"body": {string(text)}}}, nil
	case bytes.HasPrefix(text, []byte("--")):
		return readMultipart(text)
	default:
		return readForm("body", string(text)), nil
	}
}

func readMultipart(body []byte) (form, error) {
	f := form{"body", make(map[string][]string)}
	line, _, _ := bytes.Cut(body, []byte("\n"))
	boundary := strings.TrimRight(string(line[2:]), "\r ")
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if err == io.EOF { //nolint:errorlint // the package promises this very value
			return f, nil
		}
		if err != nil {
			return f, fmt.Errorf("reading a multipart body: a part is damaged or breaks off")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return f, fmt.Errorf("reading a multipart body: the last part breaks off")
		}
		f.add(part.FormName(), string(value))
	}
}

// payload reads the value of a field, and takes what it cost from left.
func (f form) payload(name, value string, left *Limits) (Payload, error) {
	p := Payload{Part: f.part, Field: name}
	p.Gzip, _ = strconv.Atoi(f.get("gzip"))
	sent, text, err := unpack(value, *left)
	if err != nil {
		return p, err
	}
	p.CRC = readCRC(f.get("ext"), f.get("crc"), sent)
	return p, p.parse(text, left)
}

// unpack returns the JSON text in a value, and the value as it was before it
// was encoded for the form. The flag gzip is not asked: bytes know better.
func unpack(value string, lim Limits) (sent, text string, err error) {
	sent = strings.TrimSpace(value)
	if isJSON(sent) {
		return sent, sent, nil
	}
	if strings.Contains(sent, "%") { // encoded twice
		if again, err := url.QueryUnescape(sent); err == nil {
			sent = again
		}
		if isJSON(sent) {
			return sent, sent, nil
		}
	}
	raw, err := unbase64(sent)
	if err != nil {
		return "", "", fmt.Errorf("the value is neither JSON nor base64")
	}
	if isGzip(raw) {
		if raw, err = inflate(raw, lim); err != nil {
			return "", "", err
		}
	}
	if len(raw) > lim.Inflated {
		return "", "", overLimit("bytes of all payloads", lim.Inflated)
	}
	if text = string(raw); !isJSON(text) {
		return "", "", fmt.Errorf("the value is base64, and inside is neither JSON nor gzip of JSON")
	}
	return strings.ReplaceAll(sent, " ", "+"), text, nil
}

// isJSON reports whether text can be an object or a list.
func isJSON(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return text != "" && (text[0] == '{' || text[0] == '[')
}

// parse sorts what the JSON text holds into records and containers, and takes
// what that cost from left. A list may stand where an object should, and the
// other way round.
func (p *Payload) parse(text string, left *Limits) error {
	relaxed := *left
	if strings.Contains(text, `"payload`) {
		relaxed.String = len(text) // a sealed payload is as long as it is
	}
	v, used, err := parse(text, relaxed)
	if err != nil {
		return err
	}
	left.Inflated -= len(text)
	left.Values -= used
	items := v.items
	if v.kind != List {
		items = []Member{{Value: v}}
	}
	if len(items) > left.Events {
		return overLimit("records", left.Events)
	}
	left.Events -= len(items)
	for _, item := range items {
		c, sealed := container(item.Value)
		switch {
		case sealed:
			p.Sealed = append(p.Sealed, c)
		case relaxed.String > left.String && item.Value.longest() > left.String:
			return overLimit("bytes of a string", left.String)
		default:
			p.Records = append(p.Records, item.Value)
		}
	}
	return nil
}

// longest returns the length of the longest string in v.
func (v Value) longest() int {
	n := len(v.text)
	for _, m := range v.items {
		n = max(n, len(m.Name), m.Value.longest())
	}
	return n
}

// Open returns all records of the payload: those in clear, then those in the
// containers, which get the container's time of sending as their _flush_time if
// they have none. The errors are those of [Open] and of [Parse].
func (p Payload) Open(keys Keys, lim Limits) ([]Value, error) {
	records := slices.Clip(p.Records)
	lim.Events -= len(records)
	for _, c := range p.Sealed {
		texts, err := Open(c, keys, lim)
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			var inner Payload
			if err := inner.parse(text, &lim); err != nil {
				return nil, err
			}
			for _, record := range inner.Records {
				records = append(records, record.flushedAt(c.FlushTime))
			}
		}
	}
	return records, nil
}

// flushedAt adds the time of sending, in ms, if v has none.
func (v Value) flushedAt(ms int64) Value {
	if _, ok := v.Get("_flush_time"); !ok && ms != 0 && v.kind == Object {
		v.items = append(slices.Clip(v.items), Member{"_flush_time", Integer(ms)})
	}
	return v
}
