package flows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"telltale/audit"
)

// maxHead bounds the head of a request or an answer.
const maxHead = 1 << 20

// A message is a request or an answer in the form of HTTP/1 (RFC 9112), as
// tools write it, whatever it was on the wire: the version may be 2, lines may
// end in LF, and the body may have lost its transfer coding while the header
// still names it.
type message struct {
	line   string // the first
	header []audit.Field
	rest   *bufio.Reader // behind the head
}

// readMessage reads the head of a message.
func readMessage(r io.Reader) (*message, error) {
	m := &message{rest: bufio.NewReader(r)}
	left := maxHead
	var err error
	if m.line, err = readLine(m.rest, &left); err != nil {
		return m, err
	}
	for {
		line, err := readLine(m.rest, &left)
		if line == "" && (err == nil || errors.Is(err, io.EOF)) {
			return m, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return m, err
		}
		m.header = addLine(m.header, line)
		if err != nil {
			return m, nil
		}
	}
}

// addLine adds a line of a header. One that begins with a space belongs to the
// one before; one without a colon is a name without a value.
func addLine(header []audit.Field, line string) []audit.Field {
	if n := len(header); n > 0 && (line[0] == ' ' || line[0] == '\t') {
		header[n-1].Value += " " + strings.TrimSpace(line)
		return header
	}
	from := 0
	if line[0] == ':' { // a pseudo-header of HTTP/2
		from = 1
	}
	i := strings.IndexByte(line[from:], ':')
	if i < 0 {
		return append(header, audit.Field{Name: line})
	}
	i += from
	return append(header, audit.Field{Name: strings.TrimSpace(line[:i]), Value: strings.TrimSpace(line[i+1:])})
}

// readLine reads a line without its end. left is what may still be read.
func readLine(in *bufio.Reader, left *int) (string, error) {
	var line []byte
	for {
		b, err := in.ReadSlice('\n')
		if *left -= len(b); *left < 0 {
			return "", fmt.Errorf("a head of more than %d bytes", maxHead)
		}
		line = append(line, b...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		s := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
		return s, err
	}
}

// request takes the first line apart; ok is false if it is none of a request.
func (m *message) request() (method, target, proto string, ok bool) {
	method, rest, found := strings.Cut(m.line, " ")
	i := strings.LastIndexByte(rest, ' ')
	if !found || i < 0 || !strings.HasPrefix(rest[i+1:], "HTTP/") || method == "" {
		return "", "", "", false
	}
	return method, strings.TrimSpace(rest[:i]), rest[i+1:], true
}

var statusLine = regexp.MustCompile(`^HTTP/[0-9.]+ ([0-9]{3})( |$)`)

// status is that of an answer; ok is false if it is none.
func (m *message) status() (status int, ok bool) {
	g := statusLine.FindStringSubmatch(m.line)
	if g == nil {
		return 0, false
	}
	status, err := strconv.Atoi(g[1])
	return status, err == nil
}

// isChunked reports whether a header names the chunked coding.
func isChunked(header []audit.Field) bool {
	return strings.Contains(strings.ToLower(get(header, "Transfer-Encoding")), "chunked")
}

// body keeps what stands behind the head.
func (f *file) messageBody(m *message) (body audit.Body, trailer []audit.Field) {
	if !isChunked(m.header) {
		return f.body(m.rest), nil
	}
	s := &spool{f: f}
	d := &dechunker{to: s}
	_, err := io.Copy(d, struct{ io.Reader }{m.rest})
	switch {
	case errors.Is(err, errStop):
		err = nil
	case err == nil:
		err = d.end()
	}
	return s.close(err), d.trailer
}

// readRequest fills an exchange with a request. scheme and host are those of
// the connection, for a request that does not say itself.
func (f *file) readRequest(x *audit.Exchange, r io.Reader, scheme, host string) error {
	m, err := readMessage(r)
	if err != nil && m.line == "" {
		return fmt.Errorf("a request: %w", err)
	}
	method, target, proto, ok := m.request()
	if !ok {
		return errors.New("a request whose first line is none")
	}
	x.Method, x.Proto, x.Header = method, proto, m.header
	if h := get(m.header, "Host"); h != "" {
		host = h
	}
	if x.URL == "" {
		x.URL = address(scheme, host, target)
		if method == "CONNECT" {
			x.URL, x.Host = target, hostname("//"+target)
		}
	}
	if x.Host == "" {
		x.Host = hostname(x.URL)
	}
	x.Body, x.Trailer = f.messageBody(m)
	return nil
}

// readAnswer fills an exchange with an answer. Answers with status 1xx that
// stand before it are passed over.
func (f *file) readAnswer(x *audit.Exchange, r io.Reader) error {
	for {
		m, err := readMessage(r)
		if err != nil && m.line == "" {
			return fmt.Errorf("an answer: %w", err)
		}
		status, ok := m.status()
		if !ok {
			return errors.New("an answer whose first line is none")
		}
		if status/100 == 1 && status != 101 {
			if _, err := m.rest.Peek(1); err == nil {
				r = m.rest
				continue
			}
		}
		x.Answered, x.Status, x.Answer = audit.ByOnline, status, m.header
		x.Reply, _ = f.messageBody(m)
		return nil
	}
}
