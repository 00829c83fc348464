package journal

import (
	"os"
	"syscall"
)

// datasync puts the bytes of a file on disk, and its length, without its times.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
