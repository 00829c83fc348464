package chromium

import (
	"os"
	"path/filepath"
	"strings"
)

// Scratch returns the folder in which the browser at path can keep profiles,
// "" if any will do. A browser from a snap, as Ubuntu ships it, sees only its
// own folder below the home folder: neither /tmp nor hidden folders.
func Scratch(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || !fromSnap(path) {
		return ""
	}
	dir := filepath.Join(home, "snap", "chromium", "common")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ""
	}
	return dir
}

// fromSnap reports whether path is, links to, or is a script that starts a snap.
func fromSnap(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if strings.HasPrefix(path, "/snap/") || filepath.Base(real) == "snap" {
		return true
	}
	info, err := os.Stat(real)
	if err != nil || info.Size() > 64<<10 { // a program, not a script
		return false
	}
	script, err := os.ReadFile(real)
	return err == nil && strings.Contains(string(script), "/snap/bin/chromium")
}
