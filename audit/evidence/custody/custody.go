// Package custody keeps the journal of a sealed case: who did what when.
//
// The journal is custody.jsonl of the case folder. A line is one entry, with
// the SHA-256 of the line before and an Ed25519 signature by the key of who
// made it. The first line is chained to the manifest. So no entry can be
// changed, moved, taken out of the middle or made in another's name. What it
// cannot show is that entries were cut off its end.
package custody

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"telltale/audit/evidence/sshsig"
)

// An Entry is one line of the journal.
type Entry struct {
	Prev   string    `json:"prev"` // hex SHA-256 of the line before without its newline; of the first, of manifest.json
	Time   time.Time `json:"time"` // by the clock of who made it
	Action Action    `json:"action"`
	Note   string    `json:"note,omitempty"`
	Files  []File    `json:"files,omitempty"` // of Seal: what stands beside the manifest
	Key    string    `json:"key"`             // public key of who did it, as OpenSSH writes it
	Sig    []byte    `json:"sig,omitempty"`   // Ed25519, of the context and the line without it
}

// An Action is what was done with a case.
type Action string

// The actions.
const (
	Seal   Action = "seal"
	Verify Action = "verify"
	Report Action = "report"
	Export Action = "export"
)

// A File is a file of the seal with its hash.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // hex
}

// context keeps a signature of an entry from being one of anything else.
const context = "telltale custody entry\n"

// maxEntry bounds one line of the journal, maxJournal all of it.
const (
	maxEntry   = 64 << 10
	maxJournal = 64 << 20
)

// ErrJournal means that the journal was changed.
var ErrJournal = errors.New("the journal was changed")

// Append adds an entry by a key to the journal at path. manifest is the
// SHA-256 of manifest.json, which the first entry is chained to. Prev, Key and
// Sig are filled in. A journal that does not hold is not written to.
func Append(path, manifest string, key ed25519.PrivateKey, e Entry) error {
	last := manifest
	had, err := os.ReadFile(path) //nolint:gosec // of the case that the user names
	switch {
	case errors.Is(err, os.ErrNotExist) && e.Action == Seal:
	case err != nil:
		return fmt.Errorf("reading the journal: %w", err)
	default:
		if _, last, err = read(bytes.NewReader(had), manifest); err != nil {
			return err
		}
	}
	pub, _ := key.Public().(ed25519.PublicKey)
	e.Prev, e.Key, e.Sig = last, sshsig.Text(pub), nil
	bare, err := encode(e)
	if err != nil {
		return err
	}
	e.Sig = ed25519.Sign(key, append([]byte(context), bare...))
	line, err := encode(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // as above
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

func encode(e Entry) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Read reads a journal that is chained to the SHA-256 of a manifest, and
// checks it. What does not hold is an [ErrJournal] with its line; the entries
// before it are returned.
func Read(r io.Reader, manifest string) ([]Entry, error) {
	entries, _, err := read(r, manifest)
	return entries, err
}

func read(r io.Reader, prev string) (entries []Entry, last string, err error) {
	lines := bufio.NewReader(r)
	size := 0
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if size += len(line); err == nil && size > maxJournal {
			err = fmt.Errorf("%w: it is longer than %d bytes", ErrJournal, maxJournal)
		}
		if errors.Is(err, io.EOF) {
			return entries, prev, nil
		}
		if err != nil {
			return entries, "", fmt.Errorf("line %d: %w", n, err)
		}
		e, err := parse(line, prev)
		if err == nil && (e.Action == Seal) != (n == 1) {
			err = fmt.Errorf("%w: an entry %q stands where there can be none", ErrJournal, e.Action)
		}
		if err != nil {
			return entries, "", fmt.Errorf("line %d: %w", n, err)
		}
		entries = append(entries, e)
		sum := sha256.Sum256(line)
		prev = hex.EncodeToString(sum[:])
	}
}

// readLine reads a line of bounded length, without its newline. A last line
// that has none is an error.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(line, []byte("\n")), nil
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it ends in the middle of a line", ErrJournal)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxEntry:
			return nil, fmt.Errorf("%w: a line is longer than %d bytes", ErrJournal, maxEntry)
		}
	}
}

// parse reads one line and checks link, form and signature.
func parse(line []byte, prev string) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return e, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	if again, err := encode(e); err != nil || !bytes.Equal(again, line) {
		return e, fmt.Errorf("%w: the line is not written as this program writes it", ErrJournal)
	}
	if e.Prev != prev {
		return e, fmt.Errorf("%w: the line does not fit the one before", ErrJournal)
	}
	pub, err := sshsig.ParsePublic(e.Key)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	bare := e
	bare.Sig = nil
	signed, err := encode(bare)
	if err != nil {
		return e, err
	}
	if !ed25519.Verify(pub, append([]byte(context), signed...), e.Sig) {
		return e, fmt.Errorf("%w: the signature of the entry does not fit", ErrJournal)
	}
	return e, nil
}
