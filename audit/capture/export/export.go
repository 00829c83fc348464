// Package export writes what a case has captured in the formats of others: HTTP
// archives (HAR), web archives (WARC) and packets (pcapng) with the keys to
// them. The packages beside it read these formats back.
//
// A case has requests and answers, not the packets that carried them. Packets
// are made anew, with handshakes, addresses of clients and sequence numbers
// that never were on a wire; the file says so. The same case gives the same
// bytes.
package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"telltale/audit"
)

// A Source is what is exported.
type Source struct {
	ID     string // of the case
	Tool   string // that exports, with its version
	Events func() iter.Seq2[audit.Event, error]
	Open   func(audit.Body) (io.ReadCloser, error)
}

// A Left counts events of one kind that a format has no place for.
type Left struct {
	What   string
	Events int
}

// leftovers counts what is left out.
type leftovers map[string]int

// list is in the order of the words.
func (l leftovers) list() []Left {
	var all []Left
	for _, what := range slices.Sorted(maps.Keys(l)) {
		all = append(all, Left{what, l[what]})
	}
	return all
}

// Words for what is left out.
const (
	leftTunnels  = "connections that could not be read"
	leftRefused  = "refused connections"
	leftLookups  = "questions to name servers"
	leftMessages = "WebSocket messages"
)

// A link is a connection of a case.
type link struct {
	audit.Place
	conn int
}

// id is a value that looks random and is the same for the same case.
func (s Source) id(words ...string) [32]byte {
	m := hmac.New(sha256.New, []byte("telltale export "+s.ID))
	_, _ = io.WriteString(m, strings.Join(words, "\x00"))
	return [32]byte(m.Sum(nil))
}

// uuid is an id in the form of RFC 9562, version 8: of our own making.
func (s Source) uuid(words ...string) string {
	b := s.id(words...)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:16])
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// copy writes a stored body; one that is not stored has no bytes.
func (s Source) copy(w io.Writer, b audit.Body) error {
	if b.SHA256 == "" {
		return nil
	}
	r, err := s.Open(b)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return err
}

// stored is how many bytes of a body are there.
func stored(b audit.Body) int64 {
	if b.SHA256 == "" {
		return 0
	}
	return b.Size
}

// get returns the first value of a field.
func get(header []audit.Field, name string) string {
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// clean takes out of a line what would end it: no value of a header has it on
// the wire.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, s)
}
