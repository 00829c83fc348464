package export

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"time"

	"telltale/audit"
)

// WARC writes a web archive (ISO 28500, WARC 1.1): a request and a response
// record for each exchange, both in the form of HTTP/1.1. With zip each record
// is a member of its own in gzip, as readers of .warc.gz want it.
func WARC(w io.Writer, s Source, zip bool) ([]Left, error) {
	a := &warc{Source: s, w: w, zip: zip, left: leftovers{}}
	if err := a.info(); err != nil {
		return nil, err
	}
	n := 0
	for e, err := range s.Events() {
		if err != nil {
			return nil, err
		}
		n++
		switch {
		case e.Exchange != nil:
			err = a.exchange(e, n)
		case e.Message != nil:
			a.left[leftMessages]++
		case e.Tunnel != nil:
			a.left[leftTunnels]++
		case e.Refused != nil:
			a.left[leftRefused]++
		case e.Lookup != nil:
			a.left[leftLookups]++
		}
		if err != nil {
			return nil, err
		}
	}
	return a.left.list(), nil
}

type warc struct {
	Source
	w     io.Writer
	zip   bool
	left  leftovers
	first string // id of the first record
}

// record writes a record: fields, and a block of a size.
func (a *warc) record(fields [][2]string, size int64, block func(io.Writer) error) error {
	w := a.w
	var z *gzip.Writer
	if a.zip {
		z = gzip.NewWriter(a.w)
		w = z
	}
	var head bytes.Buffer
	head.WriteString("WARC/1.1\r\n")
	for _, f := range fields {
		if f[1] != "" {
			fmt.Fprintf(&head, "%s: %s\r\n", f[0], clean(f[1]))
		}
	}
	fmt.Fprintf(&head, "Content-Length: %d\r\n\r\n", size)
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	if err := block(w); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\r\n\r\n"); err != nil {
		return err
	}
	if z != nil {
		return z.Close()
	}
	return nil
}

// urn is the id of a record.
func (a *warc) urn(kind string, n int) string {
	return "<urn:uuid:" + a.uuid("warc", kind, fmt.Sprint(n)) + ">"
}

// info writes the record that says what the file is.
func (a *warc) info() error {
	a.first = a.urn("info", 0)
	text := "software: " + a.Tool + "\r\nformat: WARC File Format 1.1\r\nconformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n" +
		"description: exported from the case " + a.ID + "; heads are in the form of HTTP/1.1, bodies without transfer coding as far as it was not named\r\n"
	return a.record([][2]string{
		{"WARC-Type", "warcinfo"}, {"WARC-Record-ID", a.first}, {"WARC-Date", time.Unix(0, 0).UTC().Format(time.RFC3339)}, {"Content-Type", "application/warc-fields"},
	}, int64(len(text)), func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
}

// exchange writes a request with its answer.
func (a *warc) exchange(e audit.Event, n int) error {
	x := e.Exchange
	asks := request(x)
	common := func(kind string) [][2]string {
		f := [][2]string{
			{"WARC-Type", kind},
			{"WARC-Record-ID", a.urn(kind, n)},
			{"WARC-Warcinfo-ID", a.first},
			{"WARC-Target-URI", x.URL},
			{"WARC-Date", e.Time.UTC().Format(time.RFC3339Nano)},
			{"Content-Type", "application/http;msgtype=" + kind},
			{"WARC-Protocol", protocol(x.Proto)},
		}
		return append(f, [2]string{"WARC-IP-Address", x.Server})
	}
	fields := append(common("request"), [2]string{"WARC-Truncated", truncated(x.Body)})
	if err := a.record(fields, asks.size(), func(w io.Writer) error { return asks.write(w, a.Source) }); err != nil {
		return err
	}
	if x.Answered == audit.ByNobody && x.Status == 0 {
		return nil
	}
	tells := answer(x)
	fields = append(common("response"), [2]string{"WARC-Concurrent-To", a.urn("request", n)}, [2]string{"WARC-Truncated", truncated(x.Reply)})
	return a.record(fields, tells.size(), func(w io.Writer) error { return tells.write(w, a.Source) })
}

// truncated says in the words of the format that a body is not whole.
func truncated(b audit.Body) string {
	if whole(b) {
		return ""
	}
	return "unspecified"
}

// protocol is the version of HTTP in the words of the format.
func protocol(proto string) string {
	switch proto {
	case "HTTP/2.0", "HTTP/2":
		return "h2"
	case "HTTP/3.0", "HTTP/3":
		return "h3"
	case "HTTP/1.0":
		return "http/1.0"
	case "":
		return ""
	}
	return "http/1.1"
}
