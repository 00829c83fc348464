package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/audit/evidence/custody"
	"telltale/audit/evidence/seal"
	"telltale/audit/evidence/sshsig"
	"telltale/audit/evidence/stamp"
)

const sealHelpOf = `

The seal is a signed Merkle root over every byte of the case. It is signed with
an Ed25519 key: that of --key-file, or one that is made on first use and kept
below ~/.config/telltale. --timestamp URL talks to the internet: it sends the
hash of the signature to a time stamping authority (RFC 3161) and keeps the
answer, which has to lead to a certificate in --roots. What was asked for and
cannot be had is an error, and then the case is not sealed.`

// A signing says how a case is to be sealed.
type signing struct {
	keyFile string
	stamps  []string // addresses of authorities
	roots   string   // file of certificates
}

// signFlags lets a command sign.
func signFlags(c *cobra.Command, s *signing) {
	keyFileFlag(c, &s.keyFile)
	c.Flags().StringArrayVar(&s.stamps, "timestamp", nil, "get a time stamp for the seal from the authority at `URL`; may be repeated")
	rootsFlag(c, &s.roots)
}

func keyFileFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "key-file", "", "sign with the Ed25519 key in `FILE` (default one of your own, made on first use)")
}

func rootsFlag(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "roots", "", "certificates in PEM that vouch for time stamping authorities, in `FILE`")
}

// A signer is ready to seal.
type signer struct {
	key    ed25519.PrivateKey
	made   string // path of a key that was made now
	roots  *x509.CertPool
	stamps []string
}

// open reads key and roots, so that what is wrong with them shows before any
// work is done.
func (s signing) open(e *env) (*signer, error) {
	roots, err := readRoots(s.roots)
	if err != nil {
		return nil, err
	}
	if len(s.stamps) > 0 && roots == nil {
		return nil, usagef("--timestamp needs --roots FILE: the certificates that vouch for the authority, from its own site")
	}
	key, made, err := ownKey(e, s.keyFile)
	if err != nil {
		return nil, err
	}
	return &signer{key, made, roots, s.stamps}, nil
}

// ownKey reads the key that was named, or the user's own, which is made if
// there is none. made is the path of a new key.
func ownKey(e *env, file string) (key ed25519.PrivateKey, made string, err error) {
	if file != "" {
		if key, err = sshsig.ReadKey(file); err != nil {
			return nil, "", usageError{err}
		}
		return key, "", nil
	}
	path, err := keyPath(e)
	if err != nil {
		return nil, "", err
	}
	key, isNew, err := sshsig.OwnKey(path, rand.Reader)
	if isNew {
		made = path
	}
	return key, made, err
}

// keyPath is where the user's own key lies.
func keyPath(e *env) (string, error) {
	dir := e.getenv("XDG_CONFIG_HOME")
	if dir == "" && e.getenv("HOME") != "" {
		dir = filepath.Join(e.getenv("HOME"), ".config")
	}
	if dir == "" {
		return "", usagef("there is no place for a signing key: neither XDG_CONFIG_HOME nor HOME is set; name a key with --key-file")
	}
	return filepath.Join(dir, "telltale", "key"), nil
}

func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no roots were named: nobody vouches
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, usagef("--roots: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, usagef("--roots %s: there is no certificate in PEM in it", file)
	}
	return roots, nil
}

// stampPatience is how long an authority may take.
const stampPatience = 30 * time.Second

// seal seals a case and says so. needs are the flags that its facts cannot be
// derived again without.
func (s *signer) seal(ctx context.Context, e *env, dir string, needs []string) error {
	now := e.now()
	m := seal.Maker{Key: s.key, Now: now, Version: version, Needs: needs, Random: rand.Reader, Workers: runtime.GOMAXPROCS(0)}
	client := &http.Client{Timeout: stampPatience}
	var tokens []stamp.Token
	for _, url := range s.stamps {
		m.Stamps = append(m.Stamps, func(data []byte) ([]byte, error) {
			b, t, err := stamp.Get(ctx, client, url, data, s.roots)
			if err == nil {
				err = stamp.Near(t, now)
			}
			tokens = append(tokens, t)
			return b, err
		})
	}
	man, err := m.Make(dir)
	if errors.Is(err, seal.ErrSealed) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	pub, _ := s.key.Public().(ed25519.PublicKey)
	_, _ = fmt.Fprintf(e.stdout, "Sealed: %d files, %s, by key %s\n", man.Files, sizeWords(man.Bytes), sshsig.Fingerprint(pub))
	for _, t := range tokens {
		_, _ = fmt.Fprintf(e.stdout, "Time stamp: %s by %s\n", timeWords(t.Time), t.Authority)
	}
	tellKey(e, s.made)
	return nil
}

// tellKey says where a key lies that was made now.
func tellKey(e *env, made string) {
	if made != "" {
		_, _ = fmt.Fprintf(e.stderr, "A signing key was made in %s: keep it, and tell others its fingerprint, or they cannot know that a seal is yours.\n", made)
	}
}

// signJournal adds an entry to the journal of a case, if it is sealed. A case that
// cannot be written to keeps its journal as it is, and e is told.
func signJournal(e *env, dir, keyFile string, entry custody.Entry) error {
	manifest, ok, err := seal.ManifestHash(dir)
	if err != nil || !ok {
		return err
	}
	key, made, err := ownKey(e, keyFile)
	if err != nil {
		return err
	}
	tellKey(e, made)
	entry.Time = e.now().UTC().Truncate(time.Millisecond)
	err = custody.Append(filepath.Join(dir, seal.JournalFile), manifest, key, entry)
	if errors.Is(err, fs.ErrPermission) {
		_, _ = fmt.Fprintf(e.stderr, "This is not in the case's journal: %s\n", oneLine(err))
		return nil
	}
	return err
}

func sizeWords(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

func timeWords(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

// needed names the flags that the facts depend on beyond the case.
func needed(keys []string, files shelf) []string {
	var needs []string
	for _, n := range []struct {
		flag string
		used bool
	}{{"--geo", len(files.geo) > 0}, {"--key", len(keys) > 0}, {"--rdap", files.rdap != ""}, {"--trackers", len(files.trackers) > 0}} {
		if n.used {
			needs = append(needs, n.flag)
		}
	}
	return needs
}

// missing returns those of needs that are not among given.
func missing(needs, given []string) string {
	var list []string
	for _, n := range needs {
		if !strings.Contains(" "+strings.Join(given, " ")+" ", " "+n+" ") {
			list = append(list, n)
		}
	}
	return strings.Join(list, " and ")
}
