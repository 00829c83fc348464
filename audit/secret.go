package audit

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// A Secret is captured personal data. Printing, logging and marshalling show
// dots only; [Secret.Reveal] is the one way to the bytes. The data is behind a
// pointer because package fmt prints the unexported fields of a struct without
// asking their methods, and at depth it prints a pointer as an address.
type Secret struct {
	data *[]byte
	open bool // MarshalText writes the bytes; set by Writer alone
}

// NewSecret wraps data without copying it.
func NewSecret(data []byte) Secret { return Secret{data: &data} }

// Reveal returns the bytes as captured; they must not be changed.
func (s Secret) Reveal() []byte {
	if s.data == nil {
		return nil
	}
	return *s.data
}

// Len returns the number of bytes.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal reports whether s and t hold the same bytes.
func (s Secret) Equal(t Secret) bool { return bytes.Equal(s.Reveal(), t.Reveal()) }

// Format implements [fmt.Formatter] without the data, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String implements [fmt.Stringer] without the data.
func (s Secret) String() string { return strings.Repeat("•", min(s.Len(), 8)) }

// LogValue implements [slog.LogValuer] without the data.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler] without the data, unless a
// [Writer] that was told to reveal asks. Bytes that are no text are then
// written as "hex:" and hexadecimal digits.
func (s Secret) MarshalText() ([]byte, error) {
	switch {
	case !s.open:
		return []byte(s.String()), nil
	case utf8.Valid(s.Reveal()):
		return s.Reveal(), nil
	default:
		return fmt.Appendf(nil, "hex:%x", s.Reveal()), nil
	}
}

// UnmarshalText takes the text as the data: a redacted secret stays dots.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(bytes.Clone(text))
	return nil
}
