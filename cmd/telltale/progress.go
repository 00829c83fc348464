package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"telltale/audit"
)

// A meter shows how far the work is: a bar that moves on a terminal, plain
// lines elsewhere.
type meter struct {
	mu    sync.Mutex
	w     io.Writer
	width int // of the terminal, 0: none
	last  int // tenth of the work that the last plain line told
}

func newMeter(w io.Writer) *meter { return &meter{w: w, width: terminalWidth(w), last: -1} }

// terminalWidth returns 0 if w is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 80
	}
	return width
}

// say shows a line that stays.
func (m *meter) say(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	_, _ = fmt.Fprintf(m.w, format+"\n", args...)
}

func (m *meter) clear() {
	if m.width > 0 {
		_, _ = io.WriteString(m.w, "\r\x1b[K")
	}
}

// step shows one step of the work.
func (m *meter) step(p audit.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.width == 0 {
		m.plain(p)
		return
	}
	const bar = 24
	full := bar * p.Done / max(1, p.Total)
	line := fmt.Sprintf("%s%s %3d%%  %s", strings.Repeat("█", full), strings.Repeat("░", bar-full), 100*p.Done/max(1, p.Total), p.Message)
	m.clear()
	_, _ = io.WriteString(m.w, clip(line, m.width-1))
}

// plain tells each tenth of the work once.
func (m *meter) plain(p audit.Progress) {
	tenth := 10 * p.Done / max(1, p.Total)
	if tenth == m.last {
		return
	}
	m.last = tenth
	_, _ = fmt.Fprintf(m.w, "%3d%%  %s\n", 100*p.Done/max(1, p.Total), p.Message)
}

// end takes the bar away.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func clip(s string, width int) string {
	if r := []rune(s); len(r) > width && width > 0 {
		return string(r[:width])
	}
	return s
}
