package telltale_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// setup runs setup.sh with nothing on the PATH but programs that do what the
// scripts say.
func setup(t *testing.T, programs map[string]string) (out string, code int) {
	t.Helper()
	bin := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "setup.sh")
	cmd.Env = []string{"PATH=" + bin, "HOME=" + bin, "APPLICATIONS=" + bin}
	b, _ := cmd.CombinedOutput()
	return string(b), cmd.ProcessState.ExitCode()
}

// What is there is left alone; what is missing is named with what to do.
func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		programs map[string]string
		code     int
		says     string
	}{
		"all there":       {map[string]string{"go": "", "chromium": "", "tshark": "", "apt-get": "exit 9"}, 0, ""},
		"no tshark":       {map[string]string{"go": "", "chromium": ""}, 0, "setup: tshark is missing: tests that compare with it are skipped"},
		"no go":           {map[string]string{"chromium": ""}, 1, "setup: go is missing; install Go"},
		"no apt":          {map[string]string{"go": ""}, 1, "setup: Chromium is missing. Install it (macOS: brew"},
		"no root":         {map[string]string{"go": "", "apt-get": "", "id": "echo 1000"}, 1, "setup: sudo is missing; install Chromium as root: apt-get install chromium"},
		"apt-get refuses": {map[string]string{"go": "", "apt-get": "echo E: no mirror; exit 100", "id": "echo 0", "mktemp": "echo $HOME/log", "tail": "/usr/bin/tail \"$@\"", "rm": ":"}, 1, "E: no mirror\nsetup: apt-get could not install"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			out, code := setup(t, c.programs)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d: %s\nwant %d: %s", code, out, c.code, c.says)
			}
		})
	}
}
