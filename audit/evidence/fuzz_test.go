package evidence

import (
	"bytes"
	"testing"
)

// FuzzEvents reads hostile logs. Whatever is accepted is a chain: cutting any
// accepted line out of the middle must be noticed, because the next line then
// fits no more.
func FuzzEvents(f *testing.F) {
	first := []byte(`{"prev":"00","time":"2026-11-21T09:00:00Z","arm":"a","run":1,"step":{"action":"idle"}}`)
	f.Add(append(append(bytes.Clone(first), '\n'), []byte(`{"prev":"`+digest(first)+`","time":"2026-11-21T09:00:00Z","arm":"a","run":1,"end":{"reason":"complete"}}`+"\n")...))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		n := 0
		for _, err := range events(bytes.NewReader(in), "00") {
			if err != nil {
				return
			}
			n++
		}
		if n < 2 {
			return
		}
		_, rest, _ := bytes.Cut(in, []byte("\n"))
		for _, err := range events(bytes.NewReader(rest), "00") {
			if err == nil {
				t.Errorf("the chain holds without its first line: %q", in)
			}
			return
		}
	})
}
