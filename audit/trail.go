package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Trail names the steps from an exhibit to a value, outermost first, such as
// "request.body", "form:data", "base64", "json:/imei". The first step is the
// exhibit's part.
type Trail []string

// String joins the steps with " › ".
func (t Trail) String() string { return strings.Join(t, " › ") }

// Then returns a new trail with one more step. It never shares t's array.
func (t Trail) Then(step string) Trail { return append(slices.Clip(t), step) }

// A Span is a range of bytes, the end not included. In JSON it is a pair.
type Span struct{ Start, End int }

// Len returns the number of bytes in s.
func (s Span) Len() int { return s.End - s.Start }

// MarshalJSON writes s as [start,end].
func (s Span) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d]", s.Start, s.End), nil
}

// UnmarshalJSON reads [start,end].
func (s *Span) UnmarshalJSON(b []byte) error {
	var pair [2]int
	if err := json.Unmarshal(b, &pair); err != nil {
		return fmt.Errorf("span: %w", err)
	}
	s.Start, s.End = pair[0], pair[1]
	return nil
}

// A Layer is one step of a trail with its bytes: what a person sees when the
// way from the raw bytes to a match is shown.
type Layer struct {
	Step string `json:"step"`
	Data Secret `json:"data"`
	Span Span   `json:"span"` // the range of Data that the next layer was taken from; of the last layer, the match
}

// ciphers are the kinds of steps that take off an encryption.
var ciphers = []string{"aes-", "rsa+", "rc4", "chacha20-", "xchacha20-", "xor"}

// What the label of a key begins with that was given for the test, or that is
// published. Any other label is the place in the traffic where the key stands.
const (
	GivenKey     = "given:"
	PublishedKey = "published:"
)

// Key returns where the key of a step came from that takes off an encryption,
// such as "given:NAME", "published:NAME" or "form:k"; "" if the step has none.
func Key(step string) string {
	kind, rest, _ := strings.Cut(step, ":")
	key, ok := strings.CutPrefix(rest, "key=")
	if !ok || !slices.ContainsFunc(ciphers, func(c string) bool { return strings.HasPrefix(kind, c) }) {
		return ""
	}
	if i := strings.LastIndex(key, ",iv="); i >= 0 {
		key = key[:i]
	}
	return key
}

// NeedsGivenKey reports whether a step of t was undone with a key that only the
// investigator has: it was given, and it is neither published nor in the
// traffic.
func (t Trail) NeedsGivenKey() bool {
	return slices.ContainsFunc(t, func(step string) bool { return strings.HasPrefix(Key(step), GivenKey) })
}
