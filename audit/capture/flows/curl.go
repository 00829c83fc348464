package flows

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// traceLine is the head of a part of a trace, traceInfo a line of words.
// --trace-time and --trace-ids put something before both.
var (
	traceLine = regexp.MustCompile(`^(?:[0-9:]{8}\.[0-9]{6} )?(?:\[([0-9x]+-[0-9x]+)\] )?(=> Send|<= Recv) (header|data|SSL data), ([0-9]{1,9}) bytes \(0x[0-9a-f]+\)$`)
	traceInfo = regexp.MustCompile(`^(?:[0-9:]{8}\.[0-9]{6} )?(?:\[([0-9x]+-[0-9x]+)\] )?== Info: (.*)$`)
	// verboseLine is a line of curl -v.
	verboseLine = regexp.MustCompile(`^(?:[0-9:]{8}\.[0-9]{6} )?(?:\[([0-9x]+-[0-9x]+)\] )?([*<>{}]) (.*)$`)
	verboseAsks = regexp.MustCompile(`(?m)^(?:[0-9:]{8}\.[0-9]{6} )?(?:\[[0-9x]+-[0-9x]+\] )?> [A-Z]+ \S+ HTTP/[0-9.]+\r?$`)
	dataSize    = regexp.MustCompile(`^\[([0-9]{1,15}) bytes data\]$`)
)

func isTrace(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return traceLine.Match(line) || traceInfo.Match(line)
}

func isVerbose(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return verboseLine.Match(bytes.TrimSuffix(line, []byte{'\r'})) && verboseAsks.Match(head)
}

// maxTraceLine bounds a line of a trace.
const maxTraceLine = 1 << 20

func traceScanner(r io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxTraceLine)
	return lines
}

// A traceReader reads what curl --trace and --trace-ascii write: parts with
// their size, and below each a dump of its bytes.
type traceReader struct {
	*transfers
	id, direction, kind string
	want                int64 // bytes of the part
	got                 int64
	wide                bool   // the dump has no hex digits
	text                []byte // a line of the wide dump, until the next one says how it ended
	dots                bool   // bytes that are no letters were written as dots
	open                bool
}

// readTrace reads a trace.
func readTrace(f *file, r io.Reader) error {
	t := &traceReader{transfers: newTransfers(f)}
	lines := traceScanner(r)
	for lines.Scan() {
		if err := t.line(strings.TrimSuffix(lines.Text(), "\r")); err != nil {
			return err
		}
	}
	if err := t.end(); err != nil {
		return err
	}
	return errors.Join(wordsOf(lines.Err()), t.close())
}

// wordsOf says what a line that cannot be read means.
func wordsOf(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("a line of more than %d bytes: the rest is not read", maxTraceLine)
	}
	return err
}

// line takes a line of the file.
func (t *traceReader) line(s string) error {
	if g := traceLine.FindStringSubmatch(s); g != nil {
		if err := t.end(); err != nil {
			return err
		}
		t.id, t.direction, t.kind, t.open = g[1], g[2], g[3], true
		t.want, _ = strconv.ParseInt(g[4], 10, 64)
		t.got, t.wide, t.text, t.dots = 0, false, nil, false
		return nil
	}
	if g := traceInfo.FindStringSubmatch(s); g != nil {
		if err := t.end(); err != nil {
			return err
		}
		t.of(g[1]).info(g[2])
		return nil
	}
	offset, dump, ok := strings.Cut(s, ": ")
	if !ok {
		offset, dump, ok = strings.TrimSuffix(s, ":"), "", strings.HasSuffix(s, ":")
	}
	at, err := strconv.ParseInt(offset, 16, 40)
	if !ok || err != nil || !t.open {
		t.f.skip("lines that are no part of the trace", int64(len(s)))
		return nil
	}
	if at == 0 {
		t.wide = !isHexDump(dump, t.want)
	}
	if t.wide {
		return t.ascii(at, dump)
	}
	b, err := unhex(dump)
	if err != nil {
		return fmt.Errorf("a part of %d bytes of the trace: %w", t.want, err)
	}
	return t.give(b)
}

// isHexDump reports whether the first line of a dump has digits: as many as the
// part has bytes, up to 16.
func isHexDump(dump string, size int64) bool {
	_, err := unhex(dump)
	const column = 16 * 3
	return err == nil && int64(len(dump)) == column+min(size, 16)
}

// unhex reads a line of a dump: 16 columns of three characters, and the letters.
func unhex(dump string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(dump[:min(len(dump), 16*3)], " ", ""))
	if err != nil {
		return nil, fmt.Errorf("a dump that cannot be read: %w", err)
	}
	return b, nil
}

// ascii takes a line of the dump of --trace-ascii. It does not show the end of
// a line of the text, but the next offset does.
func (t *traceReader) ascii(at int64, dump string) error {
	if err := t.flush(at); err != nil {
		return err
	}
	t.text = append([]byte{}, dump...)
	t.dots = t.dots || strings.Contains(dump, ".") && t.kind == "data"
	return nil
}

// flush gives the line before, which ends where the next begins.
func (t *traceReader) flush(end int64) error {
	b := t.text
	t.text = nil
	switch missing := end - t.got - int64(len(b)); {
	case missing == 2:
		b = append(b, "\r\n"...)
	case missing < 0: // what is no ASCII was written in more than one byte
		b = b[:max(0, end-t.got)]
	}
	return t.give(b)
}

// end ends a part.
func (t *traceReader) end() error {
	if !t.open {
		return nil
	}
	if t.wide {
		if err := t.flush(t.want); err != nil {
			return err
		}
	}
	t.open = false
	if t.got != t.want {
		t.f.fault(fmt.Errorf("a part that says it has %d bytes has %d", t.want, t.got))
	}
	return nil
}

// give passes bytes on to who they belong to.
func (t *traceReader) give(b []byte) error {
	t.got += int64(len(b))
	x := t.of(t.id)
	out := t.direction == "=> Send"
	if t.dots && t.wide {
		x.lossy(out)
	}
	switch {
	case t.kind == "header" && out:
		return x.sentHeader(b)
	case t.kind == "header":
		return x.receivedHeader(b)
	case t.kind == "data":
		return x.data(out, b)
	}
	return nil // the records of TLS: what is in them stands beside them
}

// readVerbose reads what curl -v writes: the headers, and of the bodies no more
// than how long they were.
func readVerbose(f *file, r io.Reader) error {
	t := newTransfers(f)
	lines := traceScanner(r)
	for lines.Scan() {
		g := verboseLine.FindStringSubmatch(strings.TrimSuffix(lines.Text(), "\r"))
		if g == nil {
			f.skip("lines that are no part of the trace", int64(len(lines.Bytes())))
			continue
		}
		x, err := t.of(g[1]), error(nil)
		x.bare = true
		switch g[2] {
		case "*":
			x.info(g[3])
		case ">":
			err = x.sentHeader([]byte(g[3] + "\r\n"))
		case "<":
			err = x.receivedHeader([]byte(g[3] + "\r\n"))
		default:
			if s := dataSize.FindStringSubmatch(g[3]); s != nil {
				n, _ := strconv.ParseInt(s[1], 10, 64)
				x.count(g[2] == "}", n)
			}
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(wordsOf(lines.Err()), t.close())
}
