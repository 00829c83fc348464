package chromium

import (
	"os"
	"path/filepath"
	"testing"
)

// A browser from a snap is known by its path, its link or its start script.
func TestFromSnap(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	snap := write("snap", "")
	link := filepath.Join(dir, "linked")
	if err := os.Symlink(snap, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		link: true,
		write("ubuntu", "#!/bin/sh\nexec /snap/bin/chromium \"$@\"\n"):         true,
		write("debian", "#!/bin/sh\nexec /usr/lib/chromium/chromium \"$@\"\n"): false,
		filepath.Join(dir, "missing"):                                          false,
	} {
		if got := fromSnap(path); got != want {
			t.Errorf("%s: %v, want %v", filepath.Base(path), got, want)
		}
	}
}
