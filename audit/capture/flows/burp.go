package flows

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"telltale/audit"
)

var burpHead = regexp.MustCompile(`^\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE items\b|<items\s[^>]*burpVersion)`)

func isBurp(head []byte) bool { return burpHead.Match(skipBOM(head)) }

// A burpItem is a request with its answer as Burp saves them.
type burpItem struct {
	Time string `xml:"time"`
	URL  string `xml:"url"`
	Host struct {
		Name string `xml:",chardata"`
		IP   string `xml:"ip,attr"`
	} `xml:"host"`
	Port     string   `xml:"port"`
	Protocol string   `xml:"protocol"`
	Request  burpText `xml:"request"`
	Response burpText `xml:"response"`
}

// A burpText is a message, as it stands or in base64.
type burpText struct {
	Base64 string `xml:"base64,attr"`
	Text   string `xml:",chardata"`
}

// bytes are those of the message.
func (t burpText) bytes() ([]byte, error) {
	if t.Base64 != "true" {
		return []byte(t.Text), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(t.Text), ""))
	if err != nil {
		return nil, fmt.Errorf("declared to be base64 and is none: %w", err)
	}
	return b, nil
}

// readBurp reads the items that Burp saves as XML.
func readBurp(f *file, r io.Reader) error {
	budget := &allowance{r, maxRecord}
	in := bufio.NewReader(budget)
	skipProlog(in)
	dec := xml.NewDecoder(in)
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("no XML from here on, the rest is not read: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "item" {
			continue
		}
		budget.renew()
		var item burpItem
		if err := dec.DecodeElement(&item, &start); err != nil {
			return fmt.Errorf("item %d, and what is behind it: %w", f.records+1, err)
		}
		f.records++
		if err := f.burp(item); err != nil {
			return err
		}
	}
}

// skipProlog skips the line that says which XML this is: Burp has written 1.1,
// which the reader refuses for its name alone.
func skipProlog(in *bufio.Reader) {
	head, _ := in.Peek(256)
	start := len(head) - len(bytes.TrimLeft(skipBOM(head), " \t\r\n"))
	if i := bytes.Index(head, []byte("?>")); i > 0 && bytes.HasPrefix(head[start:], []byte("<?xml")) {
		_, _ = in.Discard(i + 2)
	}
}

// burp records one item.
func (f *file) burp(item burpItem) error {
	wrong := func(err error) { f.fault(fmt.Errorf("item %d: %w", f.records, err)) }
	x := &audit.Exchange{Conn: f.conn(""), URL: strings.TrimSpace(item.URL), Answered: audit.ByNobody, Server: addressOf(item.Host.IP)}
	scheme, host := strings.TrimSpace(item.Protocol), strings.TrimSpace(item.Host.Name)
	sent, err := item.Request.bytes()
	if err == nil {
		err = f.readRequest(x, bytes.NewReader(sent), scheme, authority(scheme, host, strings.TrimSpace(item.Port)))
	}
	if err != nil {
		wrong(err)
		return nil
	}
	received, err := item.Response.bytes()
	if err == nil && len(received) > 0 {
		err = f.readAnswer(x, bytes.NewReader(received))
	}
	if err != nil {
		wrong(err)
	}
	return f.record(audit.Event{Time: burpTime(item.Time), Exchange: x})
}

// burpTime is a time in the words of Java.
func burpTime(s string) time.Time {
	t, err := time.Parse("Mon Jan 02 15:04:05 MST 2006", strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
