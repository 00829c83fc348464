package har

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"mime"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"telltale/audit"
)

// An entry is one request of an archive, as far as it is looked at.
type entry struct {
	Started string `json:"startedDateTime"`
	Server  string `json:"serverIPAddress"`
	Request struct {
		Method   string   `json:"method"`
		URL      text     `json:"url"`
		Version  text     `json:"httpVersion"`
		Headers  []header `json:"headers"`
		PostData postData `json:"postData"`
		Size     number   `json:"bodySize"`
		// Of HTTP Toolkit: a body that is no text, and why it is not in postData.
		Content content `json:"_content"`
		Missing text    `json:"_requestBodyStatus"`
	} `json:"request"`
	Response struct {
		Status  int      `json:"status"`
		Headers []header `json:"headers"`
		Content content  `json:"content"`
		Error   text     `json:"_error"` // of Chrome
	} `json:"response"`
	Connection text      `json:"connection"`
	Cache      text      `json:"_fromCache"` // of Chrome: memory, disk
	Messages   []message `json:"_webSocketMessages"`
}

// A header is a field of the request's header.
type header struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

// A postData is a body: its text, or its parameters.
type postData struct {
	Type     string  `json:"mimeType"`
	Text     text    `json:"text"`
	Params   []param `json:"params"`
	Encoding string  `json:"encoding"`
	Own      string  `json:"_encoding"` // Encoding in the writers that keep to HAR 1.2, which has none here
}

// A content is the body of an answer.
type content struct {
	Text     text   `json:"text"`
	Encoding string `json:"encoding"`
	Size     number `json:"size"`
	Comment  text   `json:"comment"`
}

// A param is a field of a form, after decoding.
type param struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

// A message is one of a WebSocket connection.
type message struct {
	Type   string  `json:"type"` // send, receive
	Time   float64 `json:"time"` // seconds since 1970
	Opcode int     `json:"opcode"`
	Data   text    `json:"data"`
}

// binary is the opcode of a message that is no text.
const binary = 2

// A part is one exhibit of an entry with its bytes. err says what is wrong
// with them.
type part struct {
	audit.Exhibit
	data []byte
	err  error
}

// parts returns the exhibits of an entry in the order in which they were sent.
func (e entry) parts() []part {
	address := string(e.Request.URL)
	common := audit.Exhibit{Time: e.started(), URL: address, Method: e.Request.Method, Host: host(address), Server: e.server(), Status: e.Response.Status}
	var parts []part
	add := func(name string, data []byte, err error) *part {
		p := part{Exhibit: common, data: data, err: err}
		p.Part = name
		parts = append(parts, p)
		return &parts[len(parts)-1]
	}
	if address != "" {
		add("request.url", e.Request.URL, nil)
	}
	if block := e.header(); len(block) > 0 {
		add("request.header", block, nil)
	}
	if body, err := e.body(); len(body) > 0 {
		add("request.body", body, err).Type = mediaType(e.Request.PostData.Type)
	}
	for _, m := range e.Messages {
		if m.Type == "send" && len(m.Data) > 0 {
			data, err := m.bytes()
			add("message.out", data, err).Time = m.at(common.Time)
		}
	}
	return parts
}

// server returns the address that answered, "" if that is no address.
func (e entry) server() string {
	ip, err := netip.ParseAddr(strings.Trim(e.Server, "[]"))
	if err != nil {
		return ""
	}
	return ip.Unmap().WithZone("").String()
}

// started returns when the request was made, the zero time if that cannot be
// read: it is no reason to leave the request out.
func (e entry) started() time.Time { return started(e.Started) }

func started(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// exhibit returns the exhibit with its bytes, of which limit are kept.
func (p part) exhibit(limit int64) audit.Exhibit {
	ex := p.Exhibit
	sum := sha256.Sum256(p.data)
	ex.Size, ex.SHA256 = int64(len(p.data)), hex.EncodeToString(sum[:])
	ex.Cut = ex.Size > limit
	ex.Data = audit.NewSecret(p.data[:min(ex.Size, max(limit, 0))])
	return ex
}

// header writes the fields as they stand in a request.
func (e entry) header() []byte {
	var b []byte
	for _, f := range e.Request.Headers {
		b = fmt.Appendf(b, "%s: %s\r\n", []byte(f.Name), []byte(f.Value))
	}
	return b
}

// body returns the bytes of the request's body.
func (e entry) body() ([]byte, error) {
	if body, err := e.Request.PostData.body(); len(body) > 0 {
		return body, err
	}
	return e.Request.Content.bytes()
}

// bytes returns the bytes of a content.
func (c content) bytes() ([]byte, error) {
	if strings.EqualFold(c.Encoding, "base64") {
		return unbase64(c.Text)
	}
	return c.Text, nil
}

// body returns the bytes of a body. An archive that has only the fields of a
// form gives the form.
func (p postData) body() ([]byte, error) {
	if len(p.Text) > 0 {
		if strings.EqualFold(p.Encoding, "base64") || strings.EqualFold(p.Own, "base64") {
			return unbase64(p.Text)
		}
		return p.Text, nil
	}
	pairs := make([]string, len(p.Params))
	for i, f := range p.Params {
		pairs[i] = url.QueryEscape(string(f.Name)) + "=" + url.QueryEscape(string(f.Value))
	}
	return []byte(strings.Join(pairs, "&")), nil
}

// bytes returns what a message holds: archives have binary ones as base64.
func (m message) bytes() ([]byte, error) {
	if m.Opcode == binary {
		return unbase64(m.Data)
	}
	return m.Data, nil
}

// at returns the time of a message, that of its connection if it has none.
func (m message) at(started time.Time) time.Time {
	if m.Time <= 0 || m.Time > math.MaxInt32 {
		return started
	}
	return time.UnixMilli(int64(m.Time * 1000)).UTC()
}

// unbase64 decodes a text that is declared to be base64. If it is not, the text
// itself is what there is to look at.
func unbase64(t text) ([]byte, error) {
	digits := strings.TrimRight(strings.NewReplacer("\r", "", "\n", "", "-", "+", "_", "/").Replace(string(t)), "=")
	data, err := base64.RawStdEncoding.DecodeString(digits)
	if err != nil {
		return t, fmt.Errorf("declared to be base64 and is none: %w", err)
	}
	return data, nil
}

// host returns the host that a URL names, "" if it names none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// mediaType is a Content-Type without its parameters, or as it stands if it
// cannot be parsed.
func mediaType(s string) string {
	if t, _, err := mime.ParseMediaType(s); err == nil {
		return t
	}
	return s
}
