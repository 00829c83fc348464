package export

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"telltale/audit"
)

// A message is a request or an answer in the form of HTTP/1.
type message struct {
	head []byte
	body audit.Body
	tail []byte
	// hole is how many bytes of the body are not stored, so that what follows
	// on the same connection is lost.
	hole int64
}

// size is that of all of it that is there.
func (m message) size() int64 { return int64(len(m.head)) + stored(m.body) + int64(len(m.tail)) }

// write writes it.
func (m message) write(w io.Writer, s Source) error {
	if _, err := w.Write(m.head); err != nil {
		return err
	}
	if err := s.copy(w, m.body); err != nil {
		return err
	}
	_, err := w.Write(m.tail)
	return err
}

// whole reports whether nothing of a body is missing.
func whole(b audit.Body) bool { return b.Error == "" && stored(b) == b.Size }

// request is that of an exchange.
func request(x *audit.Exchange) message {
	first := x.Method
	if first == "" {
		first = http.MethodGet
	}
	m := framed(fmt.Sprintf("%s %s HTTP/1.1", clean(first), clean(target(x))), withHost(x), x.Body, x.Trailer, mayLack(x.Method))
	return m
}

// mayLack reports whether a request of a method without a body says nothing
// about its length.
func mayLack(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return false
	}
	return true
}

// answer is that of an exchange.
func answer(x *audit.Exchange) message {
	first := fmt.Sprintf("HTTP/1.1 %03d %s", x.Status, http.StatusText(x.Status))
	bodiless := x.Method == http.MethodHead || x.Method == http.MethodConnect || x.Status/100 == 1 || x.Status == http.StatusNoContent || x.Status == http.StatusNotModified
	if bodiless {
		m := framed(first, x.Answer, audit.Body{}, nil, true)
		m.hole = 0
		return m
	}
	return framed(first, x.Answer, x.Reply, nil, false)
}

// target is the second word of a request.
func target(x *audit.Exchange) string {
	if x.Method == http.MethodConnect {
		return authority(x)
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Host == "" {
		return x.URL
	}
	_, rest, _ := strings.Cut(x.URL, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		if rest[i] != '/' {
			return "/" + rest[i:]
		}
		return rest[i:]
	}
	return "/"
}

// authority is host and port of a request.
func authority(x *audit.Exchange) string {
	if x.Method == http.MethodConnect && !strings.Contains(x.URL, "://") {
		return x.URL
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Host == "" {
		return x.Host
	}
	if x.Method == http.MethodConnect && u.Port() == "" {
		return u.Host + ":443"
	}
	return u.Host
}

// withHost is the header of a request with the field that HTTP/1.1 wants.
func withHost(x *audit.Exchange) []audit.Field {
	header := slices.DeleteFunc(slices.Clone(x.Header), func(f audit.Field) bool { return strings.HasPrefix(f.Name, ":") })
	if get(header, "Host") != "" {
		return header
	}
	return append([]audit.Field{{Name: "Host", Value: authority(x)}}, header...)
}

// framed puts a message together so that its end can be found: by the chunked
// coding if the header says so, by its length otherwise. Bodies are stored
// without the coding.
func framed(first string, header []audit.Field, body audit.Body, trailer []audit.Field, bare bool) message {
	var b bytes.Buffer
	chunked := strings.EqualFold(strings.TrimSpace(get(header, "Transfer-Encoding")), "chunked")
	b.WriteString(first + "\r\n")
	for _, f := range header {
		if strings.EqualFold(f.Name, "Content-Length") && (!bare || body.Size > 0) {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", clean(f.Name), clean(f.Value))
	}
	m := message{body: body, hole: body.Size - stored(body)}
	switch {
	case chunked && stored(body) > 0:
		fmt.Fprintf(&b, "\r\n%x\r\n", stored(body))
		m.tail = []byte("\r\n")
		if whole(body) {
			m.tail = append(m.tail, ending(trailer)...)
		}
	case chunked:
		b.WriteString("\r\n")
		if whole(body) {
			m.tail = ending(trailer)
		}
	case bare && body.Size == 0:
		b.WriteString("\r\n")
	default:
		length := body.Size
		if body.Error != "" && m.hole == 0 { // cut short: what was said is in the header, or was never known
			length = max(declared(header), body.Size+1)
		}
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", length)
	}
	m.head = b.Bytes()
	return m
}

// ending is the last chunk with its trailer.
func ending(trailer []audit.Field) []byte {
	b := []byte("0\r\n")
	for _, f := range trailer {
		b = fmt.Appendf(b, "%s: %s\r\n", clean(f.Name), clean(f.Value))
	}
	return append(b, "\r\n"...)
}

// declared is the length that a header gives.
func declared(header []audit.Field) (n int64) {
	_, _ = fmt.Sscanf(get(header, "Content-Length"), "%d", &n)
	return n
}
