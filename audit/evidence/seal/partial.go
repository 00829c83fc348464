package seal

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// piecesFile returns the name of the list of the pieces of a file: one line a
// piece, "s" and its salt, or "h" and its hash if the piece is withheld.
func piecesFile(name string) string { return RedactedDir + "/" + name + ".pieces" }

// The lengths of the lines without their newline.
const (
	saltLine = 1 + 2*saltSize
	hashLine = 1 + 2*len(hash{})
)

// pieces reads a list of pieces.
type pieces struct {
	in       *bufio.Reader
	line     int
	withheld uint64
	err      error
}

func newPieces(r io.Reader) *pieces { return &pieces{in: bufio.NewReader(r)} }

var errPieces = errors.New("the line is neither s and a salt nor h and a hash")

// next gives what the list says of the next piece. After an error it gives
// salts of zeros, which fit nothing.
func (p *pieces) next(uint64) (s salt, withheld *hash) {
	if p.err != nil {
		return s, nil
	}
	p.line++
	line, err := p.in.ReadSlice('\n')
	switch {
	case err != nil:
		p.err = fmt.Errorf("line %d: %w", p.line, err)
	case line[0] == 's' && len(line) == saltLine+1 && unhex(s[:], line[1:saltLine]) == nil:
		return s, nil
	case line[0] == 'h' && len(line) == hashLine+1:
		var h hash
		if unhex(h[:], line[1:hashLine]) == nil {
			p.withheld++
			return s, &h
		}
		fallthrough
	default:
		p.err = fmt.Errorf("line %d: %w", p.line, errPieces)
	}
	return salt{}, nil
}

// end reports what was wrong with the list; that it goes on is.
func (p *pieces) end() error {
	if p.err != nil {
		return p.err
	}
	if _, err := p.in.Peek(1); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: the file has no more pieces", p.line+1)
	}
	return nil
}

func pieceLine(s salt, withheld *hash) string {
	if withheld != nil {
		return "h" + hex.EncodeToString(withheld[:]) + "\n"
	}
	return "s" + hex.EncodeToString(s[:]) + "\n"
}
