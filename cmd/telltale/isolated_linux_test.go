package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"telltale/audit"
)

// isolation is the environment variable that makes the test binary a telltale
// in namespaces of its own: "network", with nothing but a loopback interface,
// or "disk:FOLDER", with a small file system mounted there.
const isolation = "TELLTALE_TEST_ISOLATION"

// smallDisk holds the plan of a case and the start of a capture.
const smallDisk = "size=300k"

// isolatedMain prepares the namespaces and runs one command line.
func isolatedMain(what string) int {
	var err error
	if what == asIs {
		main() // with its signals
	}
	if settings, ok := strings.CutPrefix(what, joining); ok {
		return joinMain(settings)
	}
	if dir, ok := strings.CutPrefix(what, "disk:"); ok {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, smallDisk)
	} else {
		err = loopbackUp()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "isolation:", err)
		return 99
	}
	e := &env{strings.NewReader(""), os.Stdout, os.Stderr, time.Now, os.Getenv}
	code := run(context.Background(), e, os.Args[1:])
	if strings.HasPrefix(what, "disk:") { // the file system goes with this process
		fmt.Println("-- and again:")
		again := run(context.Background(), e, []string{"report", os.Args[3]})
		fmt.Println("-- exit code", again)
	}
	return code
}

// loopbackUp switches the new namespace's only interface on (netdevice(7)).
func loopbackUp() error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	var request struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}

// isolated runs a command line in namespaces of its own.
func isolated(t *testing.T, what string, flags uintptr, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), isolation+"="+what)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, syscall.EPERM):
		t.Skip("this system allows no namespaces; run the test as root")
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// With no network at all, the audit runs to its end and convicts: it needs
// nothing from outside. That the proxy dials nobody is shown beside it.
func TestNoNetwork(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	code, stdout, stderr := isolated(t, "network", syscall.CLONE_NEWNET,
		"audit", "--case", dir, "--specimen", "mint-2020", "--runs", "1", "--no-control", "--settle", "1s")
	if code != exitFinding {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	c := derived(t, dir)
	for _, assertion := range []string{"incognito/1", "encrypted/1"} {
		if v := verdict(t, c, "chromium + mint-2020", assertion); v.Result != audit.Refuted {
			t.Errorf("%s: %s: %s", assertion, v.Result, v.Says)
		}
	}
	for _, e := range c.Exhibits {
		if e.Host == "" {
			t.Errorf("%s has no host", e.ID)
		}
	}
}

// A disk that gets full while capturing: one line that says what to do, the
// capture until then is kept, and the case can still be read.
func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	dir := filepath.Join(disk, "case")
	code, stdout, stderr := isolated(t, "disk:"+disk, syscall.CLONE_NEWNS,
		"audit", "--case", dir, "--specimen", "mint-2020", "--settle", "200ms")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	var complaint string
	for _, l := range lines {
		if strings.HasPrefix(l, "telltale: ") {
			complaint = l
			break
		}
	}
	if code != exitFailed {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{"no space left on device", "what was captured until then is kept", "--case", "telltale report " + dir} {
		if !strings.Contains(complaint, want) {
			t.Errorf("the complaint does not say %q: %s", want, complaint)
		}
	}
	_, again, _ := strings.Cut(stdout, "-- and again:")
	if !strings.Contains(again, "NOT COMPLETE: failed") {
		t.Errorf("the case is not shown as partial:\n%s", stdout)
	}
}
