// Package owner finds out which program of this machine opened a connection,
// through /proc (Linux; proc(5)). Elsewhere, and for what belongs to other
// users without root, nobody is found.
package owner

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// A Program is a running program; the zero Program is not known.
type Program struct {
	Name string // as the kernel shortens it
	PID  int
}

// A Finder answers many questions with one look at /proc. It is safe for
// concurrent use.
type Finder struct {
	root string

	mu      sync.Mutex
	waiting []*question
	busy    bool
	recent  []int // processes that owned a connection lately
}

// mostRecent bounds the processes that are looked at first.
const mostRecent = 16

// New makes a finder that looks into a folder such as /proc.
func New(root string) *Finder { return &Finder{root: root} }

// A connection is one as its client sees it.
type connection struct{ local, remote netip.AddrPort }

type question struct {
	connection
	done    chan struct{}
	program Program
}

// Of starts to look for who connected from client to server. The function
// that it returns waits for the answer.
func (f *Finder) Of(client, server netip.AddrPort) func() Program {
	q := &question{connection: connection{client, server}, done: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, q)
	if !f.busy {
		f.busy = true
		go f.work()
	}
	return func() Program {
		<-q.done
		return q.program
	}
}

// work answers until nobody asks.
func (f *Finder) work() {
	for {
		f.mu.Lock()
		questions := f.waiting
		f.waiting = nil
		f.busy = len(questions) > 0
		f.mu.Unlock()
		if len(questions) == 0 {
			return
		}
		f.find(questions)
		for _, q := range questions {
			close(q.done)
		}
	}
}

// find answers the questions.
func (f *Finder) find(questions []*question) {
	asked := make(map[connection][]*question, len(questions))
	for _, q := range questions {
		asked[q.connection] = append(asked[q.connection], q)
	}
	sought := make(map[string][]*question) // by inode
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		file, err := os.Open(filepath.Join(f.root, table)) //nolint:gosec // a folder of the system
		if err != nil {
			continue // no such table here
		}
		for c, inode := range sockets(file) {
			if qs := asked[c]; len(qs) > 0 && inode != "0" {
				sought[inode] = append(sought[inode], qs...)
			}
		}
		_ = file.Close()
	}
	f.search(sought)
}

// search looks for the processes that have sockets open, first among those
// that had some before.
func (f *Finder) search(sockets map[string][]*question) {
	seen := make(map[int]bool)
	for _, pid := range f.recent {
		seen[pid] = true
		f.open(pid, sockets)
	}
	if len(sockets) == 0 {
		return
	}
	entries, err := os.ReadDir(f.root)
	if err != nil {
		return
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || seen[pid] {
			continue
		}
		if f.open(pid, sockets) {
			f.recent = append([]int{pid}, f.recent...)
			f.recent = f.recent[:min(len(f.recent), mostRecent)]
		}
		if len(sockets) == 0 {
			return
		}
	}
}

// open takes the sockets that a process has open out of those that are sought.
func (f *Finder) open(pid int, sockets map[string][]*question) (found bool) {
	dir := filepath.Join(f.root, strconv.Itoa(pid))
	entries, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return false // it has ended, or belongs to somebody else
	}
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join(dir, "fd", e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		inode, ok := strings.CutPrefix(link, "socket:[")
		if !ok {
			continue
		}
		inode = strings.TrimSuffix(inode, "]")
		for _, q := range sockets[inode] {
			q.program = Program{Name: name(dir), PID: pid}
			found = true
		}
		delete(sockets, inode)
	}
	return found
}

func name(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, "comm")) //nolint:gosec // a folder of the system
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// sockets reads a table of the kernel's TCP sockets, /proc/net/tcp or tcp6:
// it yields each connection with the inode of its socket. Lines that cannot be
// read are passed over.
func sockets(table io.Reader) iter.Seq2[connection, string] {
	return func(yield func(connection, string) bool) {
		lines := bufio.NewScanner(table)
		for lines.Scan() {
			words := strings.Fields(lines.Text())
			if len(words) < 10 {
				continue
			}
			local, ok1 := parse(words[1])
			remote, ok2 := parse(words[2])
			if ok1 && ok2 && !yield(connection{local, remote}, words[9]) {
				return
			}
		}
	}
}

// parse reads an address such as 0100007F:1F90: words of four bytes in the
// machine's order, and a port.
func parse(s string) (netip.AddrPort, bool) {
	ip, port, ok := strings.Cut(s, ":")
	b, err := hex.DecodeString(ip)
	p, perr := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || perr != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(p)), true
}
