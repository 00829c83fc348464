package mitm

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// heads watches the requests of HTTP/1 go by and looks at their heads as they
// came: the server reads past many a fault, and turns away others with all
// that was sent. The zero value does not watch.
type heads struct {
	mu     sync.Mutex
	on     bool
	state  headState
	line   []byte // that has not ended yet
	head   head   // being read, or of the request whose body is being read
	rest   int64  // of the body or chunk
	queue  []head // read and not yet taken
	framed framing
}

// A head is the request line and the header fields of a request.
type head struct {
	raw   []byte
	flaws []string
}

// A headState is the part of a request that is expected next.
type headState int

const (
	inHead headState = iota
	inBody
	inSize // of a chunk
	inChunk
	inChunkEnd
	inTrailer
)

// Bounds of what is watched. A head that is longer is left to the server.
const (
	maxHeadWatched = 64 << 10
	maxHeadQueue   = 64
	maxChunkLine   = 4 << 10
)

// framing is what the head says of the body.
type framing struct {
	begun   bool  // the request line was read
	length  int64 // of the body
	lengths int   // how often Content-Length stands there
	chunked bool
	host    bool
	version string
}

func (h *heads) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reset()
	h.on = true
}

// stop ends the watch: what follows is no HTTP/1.
func (h *heads) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reset()
}

// reset forgets everything; the caller holds mu.
func (h *heads) reset() {
	h.on, h.state, h.line, h.head, h.rest, h.queue, h.framed = false, inHead, nil, head{}, 0, nil, framing{}
}

// next takes the oldest head that was read.
func (h *heads) next() head {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return head{}
	}
	first := h.queue[0]
	h.queue = h.queue[1:]
	if len(h.queue) == 0 {
		h.queue = nil
	}
	return first
}

// left returns what nobody took.
func (h *heads) left() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b []byte
	for _, q := range h.queue {
		b = append(b, q.raw...)
	}
	if h.state == inHead {
		b = append(append(b, h.head.raw...), h.line...)
	}
	return b
}

// flaws returns what is wrong with what nobody took.
func (h *heads) flaws() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var flaws []string
	for _, q := range h.queue {
		flaws = append(flaws, q.flaws...)
	}
	if h.state == inHead {
		flaws = append(flaws, h.head.flaws...)
	}
	return flaws
}

// see takes bytes in the order in which they were read.
func (h *heads) see(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.on && len(p) > 0 {
		switch h.state {
		case inBody, inChunk:
			n := min(h.rest, int64(len(p)))
			h.rest -= n
			p = p[n:]
			if h.rest == 0 {
				h.after()
			}
		default:
			end := bytes.IndexByte(p, '\n')
			if end < 0 {
				h.line = append(h.line, p...)
				p = nil
			} else {
				h.ended(append(h.line, p[:end+1]...))
				h.line, p = h.line[:0], p[end+1:]
			}
			if len(h.line)+len(h.head.raw) > maxHeadWatched || len(h.queue) > maxHeadQueue {
				h.reset()
			}
		}
	}
}

// after goes on behind a body or a chunk.
func (h *heads) after() {
	if h.state == inChunk {
		h.state = inChunkEnd
		return
	}
	h.state, h.head, h.framed = inHead, head{}, framing{}
}

// ended takes a whole line.
func (h *heads) ended(line []byte) {
	text := strings.TrimRight(string(line), "\r\n")
	switch h.state {
	case inHead:
		h.headLine(line, text)
	case inSize:
		size, _, _ := strings.Cut(text, ";")
		n, err := strconv.ParseInt(strings.TrimSpace(size), 16, 64)
		switch {
		case err != nil || n < 0 || len(text) > maxChunkLine:
			h.reset() // the server turns it away
		case n == 0:
			h.state = inTrailer
		default:
			h.state, h.rest = inChunk, n
		}
	case inChunkEnd:
		h.state = inSize
	case inTrailer:
		if text == "" {
			h.state = inBody
			h.after()
		}
	}
}

// headLine takes a line of a head.
func (h *heads) headLine(line []byte, text string) {
	h.head.raw = append(h.head.raw, line...)
	if !bytes.HasSuffix(line, []byte("\r\n")) {
		h.flaw("a line ends without CR")
	}
	switch {
	case text == "" && !h.framed.begun:
		h.flaw("an empty line before the request")
	case text == "":
		h.whole()
	case h.framed.begun:
		h.field(text)
	default:
		h.framed.begun = true
		h.requestLine(text)
	}
}

func (h *heads) requestLine(text string) {
	words := strings.Split(text, " ")
	h.framed.version = words[len(words)-1]
	switch {
	case strings.HasPrefix(text, "PRI * HTTP/2"):
		h.reset()
	case len(words) != 3:
		h.flaw("the request line has not three words")
	}
}

// field takes a header field.
func (h *heads) field(text string) {
	if text[0] == ' ' || text[0] == '\t' {
		h.flaw("a header field goes on in the next line")
		return
	}
	name, value, ok := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch {
	case !ok:
		h.flaw("a header line without a colon")
	case strings.ContainsAny(name, " \t"):
		h.flaw("a space in the name of a header field")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		h.flaw("a control character in a header field")
	}
	switch strings.ToLower(name) {
	case "host":
		if h.framed.host {
			h.flaw("Host stands there twice")
		}
		h.framed.host = true
	case "content-length":
		h.framed.lengths++
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			h.flaw("Content-Length is no number")
		} else {
			h.framed.length = n
		}
	case "transfer-encoding":
		h.framed.chunked = strings.EqualFold(value, "chunked")
	}
}

// whole ends a head and says what follows it.
func (h *heads) whole() {
	f := h.framed
	if !f.host && f.version != "HTTP/1.0" {
		h.flaw("no Host")
	}
	if f.lengths > 1 {
		h.flaw("Content-Length stands there twice")
	}
	if f.lengths > 0 && f.chunked {
		h.flaw("Content-Length and Transfer-Encoding")
	}
	h.queue = append(h.queue, h.head)
	switch {
	case f.chunked:
		h.state = inSize
	case f.length > 0:
		h.state, h.rest = inBody, f.length
	default:
		h.state = inBody
		h.after()
	}
}

// flaw notes what is wrong, once.
func (h *heads) flaw(what string) {
	if !slices.Contains(h.head.flaws, what) {
		h.head.flaws = append(h.head.flaws, what)
	}
}
