package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"telltale/collect/consent"
	"telltale/collect/protect"
)

// A folder is the data folder of a collector, locked by this process.
//
//	LOCK             whose process it is
//	admin.token      for everything but ingestion
//	consent.jsonl    what users have agreed to, by keyed hashes
//	erasures         pseudonyms whose records are still to be erased
//	keys/            the master key; keys of users a month, sealed; keys of stamps
//	ledger.jsonl     what each release of counts has cost
//	log/             sealed events that the store does not have yet, and stamps
//	store/           Parquet files: events by day, counts by epoch
type folder struct {
	dir    string
	lock   *os.File
	master []byte
}

// openFolder makes the folder if it is not there, and locks it.
func openFolder(dir string) (*folder, error) {
	for _, d := range []string{dir, filepath.Join(dir, "keys"), filepath.Join(dir, "log")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("opening the data folder: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the user names the folder
	if err != nil {
		return nil, fmt.Errorf("opening the data folder: %w", err)
	}
	if err := lockFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("the data folder %s is in use by another process; stop that one, or give another --data", dir), lock.Close())
	}
	master, err := protect.Key(filepath.Join(dir, "keys", "master.key"), rand.Reader)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &folder{dir, lock, master}, nil
}

func (f *folder) path(names ...string) string {
	return filepath.Join(append([]string{f.dir}, names...)...)
}

func (f *folder) close() error { return f.lock.Close() }

func (f *folder) registry() (*consent.Registry, error) {
	return consent.OpenRegistry(f.path("consent.jsonl"), protect.Derive(f.master, "consent"))
}

// signer returns the key that receipts are signed with.
func (f *folder) signer() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(protect.Derive(f.master, "receipts"))
}
