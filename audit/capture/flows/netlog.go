package flows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"telltale/audit/capture/har"
	"telltale/audit/capture/pcap"
)

var netLogHead = regexp.MustCompile(`^\s*\{\s*"constants"\s*:\s*\{`)

func isNetLog(head []byte) bool { return netLogHead.Match(skipBOM(head)) }

// A netLog reads the log of Chromium's network stack (net/log in its source):
// a table of names, then events, each with the number of what it is about.
//
// With --net-log-capture-mode=Everything the log has the bytes of all sockets,
// without their TLS. They are given to the readers that packets are given to.
// What went over QUIC, and all of a log that has no bytes, is taken from the
// events of requests: these have headers, and the bodies of answers at most.
type netLog struct {
	*file
	names   map[int]string // of the types of events
	kinds   map[int]string // of sources
	epoch   int64          // milliseconds since 1970 that times count from
	bytes   bool           // sockets were logged with their bytes
	sockets *pcap.Importer
	live    map[int64]source
	order   []int64 // of live, oldest first
}

// maxSources bounds what is followed at the same time.
const maxSources = 8192

// A source is what events are about: a socket or a request.
type source interface {
	event(e logged) error
	close(why error) error
}

// A logged is an event of the log.
type logged struct {
	name   string
	at     time.Time
	begins bool
	ends   bool
	params json.RawMessage
}

// readNetLog reads a log. One that is cut short is read as far as it goes.
func readNetLog(f *file, r io.Reader) error {
	l := &netLog{file: f, live: map[int64]source{}}
	l.sockets = pcap.New(pcap.Config{Recorder: f.im.config.Recorder, Place: f.im.config.Place, Number: f.im.config.Number})
	budget := &allowance{r, maxRecord}
	dec := json.NewDecoder(bufio.NewReaderSize(har.Unspaced(budget), 64<<10))
	err := l.constants(dec)
	for err == nil && dec.More() {
		budget.renew()
		err = l.next(dec)
	}
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the log breaks off here: the browser was still running, or was killed")
	}
	return errors.Join(err, l.end())
}

// constants reads the table of names, and goes to the events.
func (l *netLog) constants(dec *json.Decoder) error {
	var c struct {
		Types map[string]int `json:"logEventTypes"`
		Kinds map[string]int `json:"logSourceType"`
		Epoch json.Number    `json:"timeTickOffset"`
		Mode  string         `json:"logCaptureMode"`
	}
	for _, want := range []json.Token{json.Delim('{'), "constants"} {
		if got, err := dec.Token(); err != nil || got != want {
			return fmt.Errorf("no NetLog: found %v, want %v", got, want)
		}
	}
	if err := dec.Decode(&c); err != nil {
		return fmt.Errorf("the constants of a NetLog: %w", unexpected(err))
	}
	l.names, l.kinds = turned(c.Types), turned(c.Kinds)
	l.epoch, _ = strconv.ParseInt(c.Epoch.String(), 10, 64)
	l.bytes = c.Mode == "Everything"
	for _, want := range []json.Token{"events", json.Delim('[')} {
		if got, err := dec.Token(); err != nil || got != want {
			return fmt.Errorf("a NetLog without events: found %v, want %v", got, want)
		}
	}
	return nil
}

// unexpected says that an end was none that was wanted.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func turned(m map[string]int) map[int]string {
	names := make(map[int]string, len(m))
	for name, n := range m {
		names[n] = name
	}
	return names
}

// next reads one event.
func (l *netLog) next(dec *json.Decoder) error {
	var e struct {
		Params json.RawMessage `json:"params"`
		Phase  int             `json:"phase"`
		Source struct {
			ID   int64 `json:"id"`
			Type int   `json:"type"`
		} `json:"source"`
		Time json.Number `json:"time"`
		Type int         `json:"type"`
	}
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return fmt.Errorf("no JSON from here on: %w", unexpected(err))
	}
	l.records++
	if err := json.Unmarshal(raw, &e); err != nil {
		l.fault(fmt.Errorf("event %d: %w", l.records, err))
		return nil
	}
	ms, _ := strconv.ParseInt(e.Time.String(), 10, 64)
	event := logged{name: l.names[e.Type], begins: e.Phase == 1, ends: e.Phase == 2, params: e.Params}
	if at := ms + l.epoch; at > 0 && at < 1<<43 {
		event.at = time.UnixMilli(at).UTC()
	}
	s := l.live[e.Source.ID]
	if s == nil {
		if s = l.open(l.kinds[e.Source.Type]); s == nil {
			return nil
		}
		if err := l.follow(e.Source.ID, s); err != nil {
			return err
		}
	}
	err := s.event(event)
	if event.ends && (event.name == "SOCKET_ALIVE" || event.name == "REQUEST_ALIVE") {
		err = errors.Join(err, s.close(nil))
		delete(l.live, e.Source.ID)
	}
	return err
}

// open makes a source, nil if events of its kind tell nothing that is sent.
func (l *netLog) open(kind string) source {
	switch {
	case kind == "SOCKET" && l.bytes:
		return &logSocket{log: l}
	case kind == "UDP_SOCKET" && l.bytes:
		return &logDatagrams{log: l}
	case kind == "URL_REQUEST":
		return &logRequest{log: l}
	}
	return nil
}

// follow remembers a source; the oldest makes room.
func (l *netLog) follow(id int64, s source) error {
	l.live[id] = s
	l.order = append(l.order, id)
	if len(l.order) < 2*maxSources && len(l.live) <= maxSources {
		return nil
	}
	keep := l.order[:0]
	for _, id := range l.order {
		if l.live[id] != nil {
			keep = append(keep, id)
		}
	}
	if l.order = keep; len(keep) <= maxSources {
		return nil
	}
	oldest := l.live[keep[0]]
	delete(l.live, keep[0])
	l.order = keep[1:]
	return oldest.close(errors.New("too many connections at the same time; the oldest was not followed to its end"))
}

// end closes what is still open.
func (l *netLog) end() error {
	var all error
	for _, id := range l.order {
		if s := l.live[id]; s != nil {
			delete(l.live, id)
			all = errors.Join(all, s.close(errors.New("the log ends here")))
		}
	}
	more, err := l.sockets.Close()
	for _, p := range more {
		l.pass(p.Why, p.Bytes)
	}
	if l.sockets.Last().After(l.im.last) {
		l.im.last = l.sockets.Last()
	}
	return errors.Join(all, l.stop(err))
}

// stop turns an error of the recorder into the end of the reading.
func (l *netLog) stop(err error) error {
	if err == nil {
		return nil
	}
	if l.im.recorded == nil {
		l.im.recorded = err
	}
	return errStop
}

// decode reads the parameters of an event; what is not as it should be is the
// zero value.
func (e logged) decode(v any) {
	if len(e.params) > 0 && !bytes.Equal(e.params, []byte("null")) {
		_ = json.Unmarshal(e.params, v)
	}
}
