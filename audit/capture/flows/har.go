package flows

import (
	"io"

	"telltale/audit"
	"telltale/audit/capture/har"
)

// readHAR reads an HTTP archive (HAR 1.2) in the dialects of its writers.
func readHAR(f *file, r io.Reader) error {
	for x, err := range har.Events(r) {
		if err != nil {
			f.fault(err)
		}
		if err := f.archived(x); err != nil {
			return err
		}
	}
	return nil
}

// archived records one entry.
func (f *file) archived(x har.Recorded) error {
	switch {
	case x.Unsent != "":
		f.records++
		f.skip(x.Unsent, 0)
		return nil
	case x.Refused != nil:
		f.records++
		x.Refused.Conn = f.conn("")
		return f.record(audit.Event{Time: x.Time, Refused: x.Refused})
	case x.Exchange == nil:
		return nil
	}
	f.records++
	x.Exchange.Conn = f.conn(x.Conn)
	x.Exchange.Body, x.Exchange.Reply = f.content(x.Body), f.content(x.Reply)
	if err := f.record(audit.Event{Time: x.Time, Exchange: x.Exchange}); err != nil {
		return err
	}
	for _, m := range x.Messages {
		e := audit.Event{Time: m.Time, Message: &audit.Message{
			Conn: x.Exchange.Conn, URL: x.Exchange.URL, Host: x.Exchange.Host, Out: m.Out, Text: m.Text, Body: f.bytes(m.Data, m.Err),
		}}
		if err := f.record(e); err != nil {
			return err
		}
	}
	return nil
}

// content keeps a body of an archive.
func (f *file) content(c har.Content) audit.Body {
	if c.Data == nil && c.Err != nil {
		return absent(c.Size, c.Err.Error())
	}
	return f.bytes(c.Data, c.Err)
}
