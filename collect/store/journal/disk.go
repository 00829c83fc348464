package journal

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// syncDir makes names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readNumber reads the file that holds one number.
func readNumber(path string) (uint64, error) {
	text, err := os.ReadFile(path) //nolint:gosec // in the data folder
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

// writeNumber keeps a number before it is used.
func writeNumber(path string, n uint64) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, n)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
