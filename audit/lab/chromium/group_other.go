//go:build !linux

package chromium

import "os/exec"

// ownGroup does nothing here: the browser shares the terminal's group.
func ownGroup(*exec.Cmd) {}
