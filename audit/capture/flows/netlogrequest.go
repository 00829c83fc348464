package flows

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"telltale/audit"
)

// A logRequest is a request of a log as the browser's own events tell it.
type logRequest struct {
	log     *netLog
	started time.Time
	method  string
	url     string
	x       *audit.Exchange // from the headers that were sent
	at      time.Time
	quic    bool
	upload  int64
	down    *spool
	missing int64 // bytes of the answer that are not in the log
	failed  string
}

// stripped is what stands for a value that the log does not have.
var stripped = regexp.MustCompile(`^(.*?): \[([0-9]+) bytes were stripped\]$`)

func (r *logRequest) event(e logged) error {
	var p struct {
		Method  string   `json:"method"`
		URL     string   `json:"url"`
		Headers []string `json:"headers"`
		Length  int64    `json:"length"`
		Count   int64    `json:"byte_count"`
		Bytes   string   `json:"bytes"`
		Error   int      `json:"net_error"`
	}
	switch e.name {
	case "URL_REQUEST_START_JOB", "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS",
		"HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_SEND_REQUEST_BODY", "HTTP_TRANSACTION_READ_RESPONSE_HEADERS",
		"URL_REQUEST_JOB_FILTERED_BYTES_READ", "FAILED", "REQUEST_ALIVE":
		e.decode(&p)
	}
	switch e.name {
	case "URL_REQUEST_START_JOB":
		if !e.begins {
			return nil
		}
		err := r.finish(nil)
		r.method, r.url, r.started = p.Method, p.URL, e.at
		return err
	case "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS":
		err := r.finish(nil) // once more, with a password
		r.begin(e, p.Headers)
		return err
	case "HTTP_TRANSACTION_SEND_REQUEST_BODY":
		r.upload = p.Length
	case "HTTP_TRANSACTION_READ_RESPONSE_HEADERS":
		r.answer(p.Headers)
	case "URL_REQUEST_JOB_FILTERED_BYTES_READ":
		return r.read(p.Bytes, p.Count)
	case "FAILED", "REQUEST_ALIVE":
		if p.Error < 0 {
			r.failed = netError(p.Error)
		}
	}
	return nil
}

// begin begins an exchange with the header that was sent.
func (r *logRequest) begin(e logged, headers []string) {
	r.at, r.upload, r.missing, r.failed = e.at, 0, 0, ""
	r.x = &audit.Exchange{Method: r.method, URL: r.url, Host: hostname(r.url), Answered: audit.ByNobody, Proto: "HTTP/1.1"}
	for _, h := range headers {
		r.x.Header = addLine(r.x.Header, h)
	}
	switch e.name {
	case "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS":
		r.x.Proto = "HTTP/2.0"
	case "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS":
		r.x.Proto, r.quic = "HTTP/3.0", true
	}
	for _, h := range headers {
		if stripped.MatchString(h) {
			r.x.Error = "the log was made without private values: cookies and passwords are not in it"
		}
	}
	r.down = &spool{f: r.log.file}
}

// answer takes the head of an answer.
func (r *logRequest) answer(headers []string) {
	if r.x == nil || len(headers) == 0 {
		return
	}
	m := message{line: headers[0]}
	status, ok := m.status()
	if !ok || status/100 == 1 && status != 101 {
		return
	}
	r.x.Answered, r.x.Status, r.x.Answer = audit.ByOnline, status, nil
	for _, h := range headers[1:] {
		r.x.Answer = addLine(r.x.Answer, h)
	}
}

// read takes a piece of the answer's body, which is no longer compressed.
func (r *logRequest) read(text string, count int64) error {
	if r.x == nil || r.log.bytes && !r.quic {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || int64(len(b)) < count {
		r.missing += count
		return nil
	}
	_, err = r.down.Write(b)
	return err
}

var errNoBytes = errors.New("the log does not have it: record with --net-log-capture-mode=Everything")

// finish records the exchange, unless the socket has told all of it.
func (r *logRequest) finish(why error) error {
	x := r.x
	if x == nil {
		return nil
	}
	r.x = nil
	if r.log.bytes && !r.quic {
		return nil
	}
	x.Body = absent(r.uploaded(x), errNoBytes.Error())
	if r.missing > 0 && r.down.body == nil && r.down.lost == 0 {
		x.Reply = absent(r.missing, errNoBytes.Error())
	} else {
		x.Reply = r.down.close(why)
	}
	if r.failed != "" && x.Answered == audit.ByNobody {
		x.Error = r.failed
	}
	x.Conn = r.log.conn("")
	return r.log.record(audit.Event{Time: r.at, Exchange: x})
}

// uploaded is how long the request's body was.
func (r *logRequest) uploaded(x *audit.Exchange) int64 {
	n, err := strconv.ParseInt(get(x.Header, "Content-Length"), 10, 62)
	if err != nil {
		n, _ = strconv.ParseInt(get(x.Header, "content-length"), 10, 62)
	}
	return max(n, r.upload)
}

func (r *logRequest) close(why error) error { return r.finish(why) }

// netError names an error of Chromium as far as that matters here
// (net/base/net_error_list.h); others are numbers.
func netError(n int) string {
	names := map[int]string{
		-2: "failed", -3: "aborted", -7: "timed out", -15: "socket not connected", -20: "blocked by client", -21: "network changed",
		-100: "connection closed", -101: "connection reset", -102: "connection refused", -105: "name not resolved", -106: "internet disconnected",
		-107: "SSL protocol error", -118: "connection timed out", -150: "SSL pinned key not in certificate chain",
		-200: "certificate common name invalid", -201: "certificate date invalid", -202: "certificate authority invalid",
	}
	if name := names[n]; name != "" {
		return fmt.Sprintf("%s (%d)", strings.TrimSpace(name), n)
	}
	return fmt.Sprintf("net error %d", n)
}
