// Package har takes exhibits out of an HTTP archive (HAR 1.2), the file that
// browsers and proxies write when they are asked for what they sent.
//
// An archive is somebody else's capture: it says what its writer saw and
// decoded, in JSON, where bytes that are no text survive only if the writer
// took care. Three ways of care are known and undone: base64 that is declared,
// one character a byte, and the escapes of bytes that Python writes.
package har

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"

	"telltale/audit"
)

// bom is what some writers put before the text.
var bom = []byte("\xef\xbb\xbf")

var opening = regexp.MustCompile(`^\s*\{\s*"log"\s*:\s*\{`)

// Is reports whether a file that begins with head looks like an archive.
func Is(head []byte) bool { return opening.Match(bytes.TrimPrefix(head, bom)) }

// Exhibits yields the exhibits of an archive, numbered e1, e2 … in its order:
// of each request the URL, the header and the body, and the WebSocket messages
// that were sent. Of each at most limit bytes are kept.
//
// An entry that is not as it should be comes with an error, and what can be
// read of it follows. Only where the file is no JSON any more the rest is
// lost, which is the last error.
func Exhibits(r io.Reader, limit int64) iter.Seq2[audit.Exhibit, error] {
	return exhibits(r, limit, "e", entry.parts)
}

// Answers yields what servers sent, numbered a1, a2 …, each with the number of
// its entry as event: of each answer the values of its header fields, of a
// cookie its value alone, and the body. A message that was received is left
// out. Errors are as with [Exhibits].
func Answers(r io.Reader, limit int64) iter.Seq2[audit.Exhibit, error] {
	return exhibits(r, limit, "a", entry.answers)
}

// exhibits yields the parts of all entries.
func exhibits(r io.Reader, limit int64, letter string, parts func(entry) []part) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		number, line := 0, 0
		for e, err := range entries(r) {
			line++
			if err != nil && !yield(audit.Exhibit{}, err) {
				return
			}
			for _, p := range parts(e) {
				number++
				ex := p.exhibit(limit)
				ex.ID, ex.Event = fmt.Sprintf("%s%d", letter, number), line
				if p.err != nil {
					p.err = fmt.Errorf("entry %d of the archive, %s: %w", line, ex.Part, p.err)
				}
				if !yield(ex, p.err) {
					return
				}
			}
		}
	}
}

// maxEntry bounds the memory that one entry, or what stands before the
// entries, can ask for.
const maxEntry = 512 << 20

// An allowance is a reader that fails when one entry is larger than maxEntry.
type allowance struct {
	from io.Reader
	left int64
}

// Read implements [io.Reader].
func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, fmt.Errorf("an entry of more than %d bytes", int64(maxEntry))
	}
	n, err := a.from.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	return n, err
}

// entries reads the list log.entries, one entry at a time.
func entries(r io.Reader) iter.Seq2[entry, error] {
	return entriesThen(r, func(*json.Decoder) error { return nil })
}

// entriesThen is entries, with what reads the members of log behind them.
func entriesThen(r io.Reader, behind func(*json.Decoder) error) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		budget := &allowance{r, maxEntry}
		in := bufio.NewReaderSize(Unspaced(budget), 64<<10)
		if head, _ := in.Peek(len(bom)); bytes.Equal(head, bom) {
			_, _ = in.Discard(len(bom))
		}
		dec := json.NewDecoder(in)
		if err := enter(dec); err != nil {
			yield(entry{}, err)
			return
		}
		for n := 1; dec.More(); n++ {
			var raw json.RawMessage
			budget.left = maxEntry
			if err := dec.Decode(&raw); err != nil {
				yield(entry{}, fmt.Errorf("entry %d of the archive: no JSON from here on, the rest is not read: %w", n, err))
				return
			}
			var e entry
			err := json.Unmarshal(raw, &e)
			if err != nil {
				err = fmt.Errorf("entry %d of the archive: %w", n, err)
			}
			if !yield(e, err) {
				return
			}
		}
		if _, err := dec.Token(); err != nil {
			yield(entry{}, fmt.Errorf("the archive is cut off: %w", unexpected(err)))
			return
		}
		if err := behind(dec); err != nil {
			yield(entry{}, err)
		}
	}
}

// enter goes to the first element of log.entries.
func enter(dec *json.Decoder) error {
	for _, name := range []string{"log", "entries"} {
		if err := open(dec, '{', name); err != nil {
			return err
		}
		if err := member(dec, name); err != nil {
			return err
		}
	}
	return open(dec, '[', "a list of entries")
}

// open reads the bracket before what is wanted.
func open(dec *json.Decoder, bracket json.Delim, want string) error {
	token, err := dec.Token()
	if err != nil {
		return fmt.Errorf("no HTTP archive: looking for %s: %w", want, unexpected(err))
	}
	if token != bracket {
		return fmt.Errorf("no HTTP archive: looking for %s: found %v, want %v", want, token, bracket)
	}
	return nil
}

// member goes to the value of a member of the object that dec is in.
func member(dec *json.Decoder, name string) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("no HTTP archive: looking for %s: %w", name, err)
		}
		if key == name {
			return nil
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return fmt.Errorf("no HTTP archive: reading %v: %w", key, err)
		}
	}
	return fmt.Errorf("no HTTP archive: it has no %s", name)
}

// unexpected says that an end was none that was wanted.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
