package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/audit"
	"telltale/audit/capture/export"
	"telltale/audit/capture/flows"
	"telltale/audit/capture/pcap"
	"telltale/audit/capture/pcap/tlsread"
)

// A memory is a case, and a recorder, that keeps all.
type memory struct {
	events []audit.Event
	bodies map[string][]byte
}

func newMemory() *memory { return &memory{bodies: map[string][]byte{}} }

func (m *memory) Record(e audit.Event) error {
	m.events = append(m.events, e)
	return nil
}

func (m *memory) Body() (audit.BodyWriter, error) { return &stored{m: m}, nil }

type stored struct {
	bytes.Buffer
	m *memory
}

func (s *stored) Close(cause error) (audit.Body, error) {
	b := s.m.body(s.Bytes())
	if cause != nil {
		b.Error = cause.Error()
	}
	return b, nil
}

// body keeps a body.
func (m *memory) body(data []byte) audit.Body {
	if len(data) == 0 {
		return audit.Body{}
	}
	sum := sha256.Sum256(data)
	b := audit.Body{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	m.bodies[b.SHA256] = bytes.Clone(data)
	return b
}

// source is the case as what is exported.
func (m *memory) source() export.Source {
	return export.Source{
		ID: "case", Tool: "telltale test",
		Events: func() iter.Seq2[audit.Event, error] {
			return func(yield func(audit.Event, error) bool) {
				for _, e := range m.events {
					if !yield(e, nil) {
						return
					}
				}
			}
		},
		Open: func(b audit.Body) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(m.bodies[b.SHA256])), nil
		},
	}
}

// said lists what was said, sorted, without what no format keeps: the order of
// connections.
func (m *memory) said() []string {
	var list []string
	body := func(b audit.Body) string {
		s := fmt.Sprintf("%q", m.bodies[b.SHA256])
		if b.Error != "" || b.SHA256 == "" && b.Size > 0 {
			s += "…"
		}
		return s
	}
	header := func(fs []audit.Field) string {
		var all []string
		for _, f := range fs {
			switch name := strings.ToLower(f.Name); name {
			case "host", "content-length", "transfer-encoding", "connection", "upgrade": // how, not what
			default:
				all = append(all, name+"="+f.Value)
			}
		}
		slices.Sort(all)
		return strings.Join(all, "&")
	}
	for _, e := range m.events {
		switch {
		case e.Exchange != nil:
			x := e.Exchange
			list = append(list, fmt.Sprintf("%s %s %s %s %s: %d %s %s", e.Time.Format(time.StampMilli), x.Method, x.URL, header(x.Header), body(x.Body), x.Status, header(x.Answer), body(x.Reply)))
		case e.Message != nil:
			list = append(list, fmt.Sprintf("message %s %v %v %s", e.Message.URL, e.Message.Out, e.Message.Text, body(e.Message.Body)))
		case e.Tunnel != nil:
			list = append(list, fmt.Sprintf("tunnel %s:%s %s %s", e.Tunnel.Host, e.Tunnel.Port, body(e.Tunnel.Out), body(e.Tunnel.In)))
		case e.Refused != nil:
			list = append(list, fmt.Sprintf("refused %s %s", e.Refused.SNI, e.Refused.Alert))
		case e.Lookup != nil:
			list = append(list, fmt.Sprintf("lookup %s %s %v %s", e.Lookup.Type, e.Lookup.Name, e.Lookup.Answers, e.Lookup.Code))
		}
	}
	slices.Sort(list)
	return list
}

// write exports a case.
func (m *memory) write(tb testing.TB, write func(io.Writer, export.Source) ([]export.Left, error)) ([]byte, []export.Left) {
	tb.Helper()
	var b bytes.Buffer
	left, err := write(&b, m.source())
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), left
}

func warc(w io.Writer, s export.Source) ([]export.Left, error) { return export.WARC(w, s, false) }

// read imports what was exported.
func read(tb testing.TB, file []byte) *memory {
	tb.Helper()
	m := newMemory()
	var s audit.Source
	var err error
	if pcap.Is(file) {
		keys := &tlsread.Keys{}
		pcap.Secrets(bytes.NewReader(file), keys)
		im := pcap.New(pcap.Config{Recorder: m, Keys: keys})
		if s, err = im.Read(bytes.NewReader(file)); err == nil {
			_, err = im.Close()
		}
	} else {
		format, ok := flows.Find(file[:min(len(file), flows.HeadSize)])
		if !ok {
			tb.Fatalf("%.100q is of no known format", file)
		}
		n := 0
		s, err = flows.New(flows.Config{Recorder: m, Number: func() int { n++; return n }}).Read(bytes.NewReader(file), format)
	}
	if err != nil || s.Error != "" {
		tb.Fatalf("%v, %s", err, s.Error)
	}
	return m
}
