package flows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"telltale/audit"
)

// Bounds of what is held of a file.
const (
	maxRecord = 512 << 20 // one flow, entry or item of formats that cannot be streamed
	maxConns  = 1 << 16   // names of connections
	maxWrong  = 1 << 10   // records that are not as they should be
	maxBodies = 256       // that are being written at the same time
)

// A file is what is read at the moment.
type file struct {
	im      *Importer
	records int64
	conns   map[string]int // by the file's own name
	passed  map[string]*audit.Passed
	open    int     // bodies that are being written
	wrong   []error // records that are not as they should be; the rest was read
}

// fault notes a record that is not as it should be.
func (f *file) fault(err error) {
	if len(f.wrong) < maxWrong {
		f.wrong = append(f.wrong, err)
	}
}

// pass counts a record that is not read and may hold what was sent.
func (f *file) pass(why string, size int64) { f.count(audit.Passed{Why: why}, size) }

// skip counts a record that holds nothing that was sent.
func (f *file) skip(why string, size int64) { f.count(audit.Passed{Why: why, Idle: true}, size) }

func (f *file) count(kind audit.Passed, size int64) {
	p := f.passed[kind.Why]
	if p == nil {
		p = &kind
		f.passed[kind.Why] = p
	}
	p.Packets++
	p.Bytes += size
}

// conn is the number of a connection by the name that the file gives it; one
// without a name is a new one.
func (f *file) conn(name string) int {
	if name == "" {
		return f.im.config.Number()
	}
	n, had := f.conns[name]
	if !had {
		n = f.im.config.Number()
		if len(f.conns) >= maxConns {
			clear(f.conns)
		}
		f.conns[name] = n
	}
	return n
}

// record appends an event. It returns errStop if that cannot be done.
func (f *file) record(e audit.Event) error {
	if f.im.recorded != nil {
		return errStop
	}
	e.Place, e.Time = f.im.config.Place, e.Time.UTC()
	if e.Time.After(f.im.last) {
		f.im.last = e.Time
	}
	if f.im.recorded = f.im.config.Recorder.Record(e); f.im.recorded != nil {
		return errStop
	}
	return nil
}

var errBodies = errors.New("too many bodies at the same time; this one was not kept")

// A spool takes the bytes of a body, which the recorder is asked for with the
// first of them. Bytes that it cannot keep it counts.
type spool struct {
	f    *file
	body audit.BodyWriter
	lost int64
}

// Write implements [io.Writer]. It fails only if nothing more can be recorded.
func (s *spool) Write(p []byte) (int, error) {
	if s.f.im.recorded != nil {
		return 0, errStop
	}
	if len(p) == 0 {
		return 0, nil
	}
	if s.lost > 0 || s.body == nil && s.f.open >= maxBodies {
		s.lost += int64(len(p))
		return len(p), nil
	}
	if s.body == nil {
		s.f.open++
		if s.body, s.f.im.recorded = s.f.im.config.Recorder.Body(); s.f.im.recorded != nil {
			return 0, errStop
		}
	}
	n, err := s.body.Write(p)
	if err != nil {
		s.f.im.recorded = err
		return n, errStop
	}
	return n, nil
}

// close keeps the body; cause says why it is not whole, nil if it is.
func (s *spool) close(cause error) audit.Body {
	var b audit.Body
	if s.body == nil {
		if s.lost > 0 {
			cause = errBodies
		}
		if cause != nil {
			b = audit.Body{Size: s.lost, Error: cause.Error()}
		}
		return b
	}
	s.f.open--
	b, err := s.body.Close(cause)
	if err != nil && s.f.im.recorded == nil {
		s.f.im.recorded = err
	}
	s.body = nil
	return b
}

// body keeps what r has.
func (f *file) body(r io.Reader) audit.Body {
	s := &spool{f: f}
	_, err := io.Copy(s, struct{ io.Reader }{r})
	if errors.Is(err, errStop) {
		err = nil
	}
	return s.close(err)
}

// bytes keeps a body that is in memory; cause says why it is not whole.
func (f *file) bytes(b []byte, cause error) audit.Body {
	s := &spool{f: f}
	_, _ = s.Write(b)
	return s.close(cause)
}

// absent is a body of which only the size is known.
func absent(size int64, why string) audit.Body {
	if size <= 0 {
		return audit.Body{}
	}
	return audit.Body{Size: size, Error: why}
}

// hostname is the host that a URL names, in lower case and without port.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// address is the URL of a request by its first line: scheme and host are used
// where that has a path only.
func address(scheme, host, target string) string {
	if strings.Contains(target, "://") && !strings.HasPrefix(target, "/") {
		return target
	}
	if target == "*" {
		target = ""
	}
	return scheme + "://" + host + target
}

// authority is host and port as a URL of the scheme has them.
func authority(scheme, host, port string) string {
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// addressOf is an IP address in its usual form, "" if s is none.
func addressOf(s string) string {
	ip, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(s), "[]"))
	if err != nil {
		return ""
	}
	return ip.Unmap().WithZone("").String()
}

// get returns the first value of a header field.
func get(header []audit.Field, name string) string {
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// seconds is a time since 1970; what is none is the zero time.
func seconds(s float64) time.Time {
	if !(s > 0 && s < 1<<33) {
		return time.Time{}
	}
	return time.UnixMicro(int64(s * 1e6)).UTC()
}

// An allowance is a reader that fails when one record is larger than maxRecord.
type allowance struct {
	from io.Reader
	left int64
}

// renew begins a record.
func (a *allowance) renew() { a.left = maxRecord }

// Read implements [io.Reader].
func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, fmt.Errorf("a record of more than %d bytes: the rest is not read", int64(maxRecord))
	}
	n, err := a.from.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	return n, err
}

// skipBOM is b without the mark that some writers put before a text.
func skipBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }
