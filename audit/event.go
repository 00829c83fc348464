package audit

import (
	"io"
	"strings"
	"time"
)

// An Event is one line of capture.jsonl: one thing that capture saw or the lab
// did. Exactly one of the pointers is set.
type Event struct {
	Time time.Time `json:"time"`
	Place
	App      string    `json:"app,omitempty"`    // that sent it, if the capture says so
	PID      int       `json:"pid,omitempty"`    // of the App, if it ran on the machine of the capture
	Device   string    `json:"device,omitempty"` // that sent it, if the capture tells devices apart
	Step     *Step     `json:"step,omitempty"`
	Exchange *Exchange `json:"exchange,omitempty"`
	Message  *Message  `json:"message,omitempty"`
	Tunnel   *Tunnel   `json:"tunnel,omitempty"`
	Refused  *Refused  `json:"refused,omitempty"`
	Hello    *Hello    `json:"hello,omitempty"`
	Blocked  *Blocked  `json:"blocked,omitempty"`
	Lookup   *Lookup   `json:"lookup,omitempty"`
	Source   *Source   `json:"source,omitempty"`
	Picture  *Picture  `json:"picture,omitempty"`
	End      *End      `json:"end,omitempty"`
}

// A Step is an action of the lab: a page visited, a word searched.
type Step struct {
	Action  string   `json:"action"`
	Target  string   `json:"target,omitempty"` // with names of seeds, not their values
	Seeds   []string `json:"seeds,omitempty"`
	Skipped string   `json:"skipped,omitempty"` // why it was not done
	// Of a visit of the length probe: the bytes of the address, and when the
	// software had been left alone for long enough. It began at Event.Time.
	Length int       `json:"length,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Closing is the Action of the step in which the program is told to end.
const Closing = "close"

// Done is the Action of the last step of an arm and run: all of it was done.
const Done = "done"

// An Exchange is an HTTP request and its answer.
type Exchange struct {
	Conn     int     `json:"conn"` // number of the client's connection within the session
	Proto    string  `json:"proto"`
	Method   string  `json:"method"`
	URL      string  `json:"url"`
	Host     string  `json:"host"` // without port, lower case
	Header   []Field `json:"header"`
	Body     Body    `json:"body"`
	Trailer  []Field `json:"trailer,omitempty"`
	Answered string  `json:"answered"`         // stage, sinkhole, online, replay, error
	Server   string  `json:"server,omitempty"` // address of the real server that it went to
	Error    string  `json:"error,omitempty"`
	Status   int     `json:"status"`
	Answer   []Field `json:"answer,omitempty"` // header of the answer
	Reply    Body    `json:"reply"`

	// Of a request of HTTP/1 that breaks the rules: what is wrong with it, and
	// its head as it came.
	Flaws []string `json:"flaws,omitempty"`
	Head  Body     `json:"head,omitzero"`

	Interim       []Interim `json:"interim,omitempty"`        // answers before the answer
	AnswerTrailer []Field   `json:"answer_trailer,omitempty"` // of gRPC, for instance
}

// An Interim is an informational answer (1xx), such as 103 Early Hints.
type Interim struct {
	Status int     `json:"status"`
	Header []Field `json:"header,omitempty"`
}

// Answers of an exchange.
const (
	ByStage    = "stage"    // a site of the lab
	BySinkhole = "sinkhole" // the synthetic answer
	ByOnline   = "online"   // the real server
	ByReplay   = "replay"   // what the real server said in an earlier case
	ByNobody   = "error"    // there was no answer
)

// A Message is one WebSocket message.
type Message struct {
	Conn  int    `json:"conn"`
	URL   string `json:"url"`
	Host  string `json:"host"`
	Out   bool   `json:"out"` // sent by the software
	Text  bool   `json:"text"`
	Body  Body   `json:"body"`
	Error string `json:"error,omitempty"`
}

// A Tunnel is a connection that could not be read: a CONNECT that carried
// neither TLS nor HTTP or, in what others captured, any connection whose
// protocol is not known or whose key is missing. Bytes that nobody can read
// without a key are counted and not kept: such a Body has a size and no hash.
type Tunnel struct {
	Conn  int    `json:"conn"`
	Host  string `json:"host"`
	Port  string `json:"port"`
	Proto string `json:"proto,omitempty"` // tcp, udp, tls, dtls, quic, http; empty: what a CONNECT carried
	Out   Body   `json:"out"`
	In    Body   `json:"in"`

	Until time.Time `json:"until,omitzero"` // when it ended; it began at Event.Time
}

// Passthrough is the Proto of a tunnel that was not opened because the user
// said so: sizes and times are all that is kept.
const Passthrough = "passthrough"

// A Hello is what a client said of itself when it began TLS. It stands before
// the first exchange of its connection.
type Hello struct {
	Conn    int      `json:"conn"`
	Host    string   `json:"host"`
	SNI     string   `json:"sni,omitempty"` // with ECH the outer name, which everybody may see
	ALPN    []string `json:"alpn,omitempty"`
	JA4     string   `json:"ja4"`
	ECH     bool     `json:"ech,omitempty"`     // the client offered an encrypted hello; the outer one was answered
	Early   bool     `json:"early,omitempty"`   // the client offered early data (0-RTT), which was refused
	Resumed bool     `json:"resumed,omitempty"` // an earlier session went on
	Version string   `json:"version"`           // agreed on, such as TLS 1.3
	Spoken  string   `json:"spoken,omitempty"`  // protocol agreed on
}

// A Blocked counts what was not let through, so that the client would take
// another way. Nothing of it reached a server.
type Blocked struct {
	Host    string `json:"host"` // name if known, else the address
	Port    string `json:"port"`
	Proto   string `json:"proto"` // quic, udp
	SNI     string `json:"sni,omitempty"`
	Packets int64  `json:"packets"`
	Bytes   int64  `json:"bytes"`
	Why     string `json:"why"`
}

// A Refused is a connection that ended because the client did not take our
// certificate, or the TLS handshake failed otherwise. It is unread, not clean.
type Refused struct {
	Conn  int      `json:"conn"`
	Host  string   `json:"host"`
	SNI   string   `json:"sni,omitempty"`
	ALPN  []string `json:"alpn,omitempty"`
	JA4   string   `json:"ja4,omitempty"`
	Alert string   `json:"alert"` // in the words of the TLS library
}

// A Lookup is a question to a name server and its answer.
type Lookup struct {
	Server  string   `json:"server"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`              // A, AAAA, HTTPS, ...
	Code    string   `json:"code,omitempty"`    // of the answer, if it is not success
	Answers []string `json:"answers,omitempty"` // addresses and names
}

// A Source is a file that events were taken from, as a whole: it stands
// behind them in the log.
type Source struct {
	Name    string   `json:"name"`
	SHA256  string   `json:"sha256"` // hex
	Size    int64    `json:"size"`
	Packets int64    `json:"packets"`
	Records int64    `json:"records,omitempty"` // of a file that has no packets: its entries, flows, items
	Passed  []Passed `json:"passed,omitempty"`  // packets or records that were not read
	Error   string   `json:"error,omitempty"`   // why it was not read to its end
}

// A Picture is what the user of the software saw at the time of the event.
type Picture struct {
	Type string `json:"type"` // media type
	Body Body   `json:"body"` // empty if there is no picture; its Error says why
}

// A Passed counts packets, or records of a file that has none, that were not
// read for one reason.
type Passed struct {
	Why     string `json:"why"`
	Packets int64  `json:"packets"`
	Bytes   int64  `json:"bytes"`
	Idle    bool   `json:"idle,omitempty"` // they cannot hold what software says to a server
}

// ClosedWithoutReason is the Alert of a client that ended the handshake
// without one.
const ClosedWithoutReason = "closed without a reason"

// An End closes a log. A log without one was cut off.
type End struct {
	Reason  string `json:"reason"` // complete, interrupted, failed
	Message string `json:"message,omitempty"`
}

// Reasons of an End.
const (
	Complete    = "complete"
	Interrupted = "interrupted"
	Failed      = "failed"
)

// A Field is one header field.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AnswerField returns the name of the exhibit part and the bytes of a header
// field of an answer. Of Set-Cookie (RFC 6265) it is the cookie's value alone,
// which is what comes back.
func AnswerField(name, value string) (part, data string) {
	if !strings.EqualFold(name, "Set-Cookie") {
		return "answer.header", value
	}
	pair, _, _ := strings.Cut(value, ";")
	_, cookie, _ := strings.Cut(pair, "=")
	return "answer.cookie", strings.TrimSpace(cookie)
}

// A Body names stored bytes; the zero Body is empty.
type Body struct {
	SHA256 string `json:"sha256,omitempty"` // hex, of the bytes that arrived
	Size   int64  `json:"size"`
	Error  string `json:"error,omitempty"` // why it is incomplete
}

// A Recorder keeps what capture sees. It is safe for concurrent use. An error
// means that the case can keep no more: the caller stops.
type Recorder interface {
	// Body starts a body; the caller writes it as it arrives and closes it.
	Body() (BodyWriter, error)
	// Record appends an event. It returns after the event is handed to the system.
	Record(Event) error
}

// A BodyWriter takes the bytes of a body as they come.
type BodyWriter interface {
	io.Writer
	// Close keeps the body. cause says why it is incomplete, nil if it is not.
	Close(cause error) (Body, error)
}

// Bodies returns the bodies that the event names.
func (e Event) Bodies() []Body {
	switch {
	case e.Exchange != nil:
		return []Body{e.Exchange.Body, e.Exchange.Reply}
	case e.Message != nil:
		return []Body{e.Message.Body}
	case e.Tunnel != nil:
		return []Body{e.Tunnel.Out, e.Tunnel.In}
	case e.Picture != nil:
		return []Body{e.Picture.Body}
	}
	return nil
}
