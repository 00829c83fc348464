package main

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"

	"telltale/audit/capture/wireguard"
)

// invite shows a phone's settings for WireGuard, as a QR code and as text.
func (s *stand) invite(p wireguard.Phone, server wireguard.Key, endpoint string) error {
	settings := p.Settings(server, endpoint)
	code, err := qr.Encode(settings, qr.L)
	if err != nil {
		return fmt.Errorf("the QR code for %s: %w", p.Name, err)
	}
	_, _ = fmt.Fprintf(s.env.stdout, "%s: scan this with the WireGuard app, or import the text below\n\n", onOneLine(p.Name))
	if err := drawQR(s.env.stdout, code); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.env.stdout, "\n%s\n", settings)
	return err
}

// quietZone is the white border that readers need around a code, in modules
// (ISO/IEC 18004).
const quietZone = 4

// drawQR draws a code in text: half a character a module, dark on light
// whatever the terminal's colours are.
func drawQR(w io.Writer, code *qr.Code) error {
	var b strings.Builder
	black := func(x, y int) bool { return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y) }
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := -quietZone; x < code.Size+quietZone; x++ {
			switch up, down := black(x, y), black(x, y+1); {
			case up && down:
				b.WriteString("█")
			case up:
				b.WriteString("▀")
			case down:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
