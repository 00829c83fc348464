package tlsread

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
)

// maxSecrets bounds the lines of key logs that are kept.
const maxSecrets = 1 << 20

// Labels of key log lines that are of use
// (draft-ietf-tls-keylogfile, first of Mozilla's NSS).
const (
	labelMaster  = "CLIENT_RANDOM"
	labelEarly   = "CLIENT_EARLY_TRAFFIC_SECRET"
	labelClientH = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerH = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	labelClient0 = "CLIENT_TRAFFIC_SECRET_0"
	labelServer0 = "SERVER_TRAFFIC_SECRET_0"
)

// Keys are the secrets of key log lines, by the random of the client hello.
// The zero Keys has none. It is not safe for writing while it is read.
type Keys struct {
	secrets map[random]map[string][]byte
	n       int
}

type random [32]byte

// Add reads a key log, the file that programs write where SSLKEYLOGFILE says,
// and returns how many secrets it gave. A line that is none is passed over.
func (k *Keys) Add(r io.Reader) (int, error) {
	added := 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if k.line(lines.Bytes()) {
			added++
		}
	}
	if err := lines.Err(); err != nil {
		return added, fmt.Errorf("a key log after %d secrets: %w", added, err)
	}
	return added, nil
}

// line takes a line: label, random of the client and secret, both in hex. It
// reports whether it is one.
func (k *Keys) line(b []byte) bool {
	f := bytes.Fields(b)
	if len(f) != 3 || len(f[1]) != 2*len(random{}) || len(f[2]) > 128 || k.n >= maxSecrets {
		return false
	}
	label := string(f[0])
	switch label {
	case labelMaster, labelEarly, labelClientH, labelServerH, labelClient0, labelServer0:
	default:
		return false
	}
	var client random
	secret := make([]byte, hex.DecodedLen(len(f[2])))
	if _, err := hex.Decode(client[:], f[1]); err != nil {
		return false
	}
	if _, err := hex.Decode(secret, f[2]); err != nil || len(secret) == 0 {
		return false
	}
	if k.secrets == nil {
		k.secrets = make(map[random]map[string][]byte)
	}
	if k.secrets[client] == nil {
		k.secrets[client] = make(map[string][]byte)
	}
	k.secrets[client][label] = secret
	k.n++
	return true
}

// of returns the secrets of a connection by label, nil if there are none.
func (k *Keys) of(client random) map[string][]byte {
	if k == nil {
		return nil
	}
	return k.secrets[client]
}

// AddText is [Keys.Add] of a text.
func (k *Keys) AddText(log []byte) (int, error) { return k.Add(bytes.NewReader(log)) }
