package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/rogpeppe/go-internal/testscript"

	"telltale/audit/evidence/stamp/stamptest"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(isolation); what != "" {
		os.Exit(isolatedMain(what))
	}
	testscript.Main(atHome{m}, map[string]func(){"telltale": main})
}

// atHome runs the tests with a folder of their own for signing keys.
type atHome struct{ *testing.M }

// Run implements [testscript.TestingM].
func (m atHome) Run() int {
	home, err := os.MkdirTemp("", "telltale-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	os.Setenv("XDG_CONFIG_HOME", home)
	return m.M.Run()
}

// bare is an environment with nothing but a place for signing keys.
func bare(name string) string {
	if name == "XDG_CONFIG_HOME" {
		return os.Getenv(name)
	}
	return ""
}

// TestScript runs the transcripts: each is one behaviour of the real command.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			bin, _, _ := strings.Cut(e.Getenv("PATH"), string(os.PathListSeparator))
			e.Setenv("BIN", bin) // a PATH with telltale and nothing else
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, ".config"))
			cases, err := filepath.Abs(filepath.Join("testdata", "cases"))
			e.Setenv("CASES", cases) // real cases, packed
			if err != nil {
				return err
			}
			browsing, err := filepath.Abs(filepath.Join("..", "..", "anonymity", "testdata", "browsing.csv"))
			e.Setenv("BROWSING", browsing) // made-up events, see generate.go beside it
			if err != nil {
				return err
			}
			declared, err := filepath.Abs(filepath.Join("..", "..", "claims", "declared", "testdata"))
			e.Setenv("DECLARED", declared) // made-up declarations of a made-up app
			if err != nil {
				return err
			}
			captures, err := filepath.Abs(filepath.Join("testdata", "captures"))
			e.Setenv("CAPTURES", captures) // written by the tests of audit/capture/pcap, with -update
			if err != nil {
				return err
			}
			flows, err := filepath.Abs(filepath.Join("..", "..", "audit", "capture", "flows", "testdata"))
			e.Setenv("FLOWS", flows) // written by other programs
			return err
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" { // whom no mode of a file keeps out
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"agekey":    agekey,
			"authority": stampAuthority,
			"decrypt":   decrypt,
			"exits":     exits,
			"listen":    listen,
			"untar":     untar,
		},
	})
}

// exits CODE COMMAND... runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// untar FILE unpacks a .tar.gz into the script's folder.
func untar(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(unpack(ts.MkAbs(args[0]), ts.MkAbs(".")))
}

// unpack writes what is in a .tar.gz into a folder.
func unpack(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzip, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return unpackAll(unzip, dir)
}

func unpackAll(in io.Reader, dir string) error {
	for r := tar.NewReader(in); ; {
		head, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := unpackOne(r, head, filepath.Join(dir, head.Name)); err != nil {
			return err
		}
	}
}

func unpackOne(r io.Reader, head *tar.Header, path string) error {
	if head.Typeflag == tar.TypeDir {
		return os.MkdirAll(path, 0o700)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// listen VAR takes a port until the script ends and puts its address into VAR.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// stampAuthority VAR ROOTS starts a time stamping authority, puts its address into
// VAR and its root certificate into the file ROOTS.
func stampAuthority(ts *testscript.TestScript, _ bool, args []string) {
	dir, err := os.MkdirTemp("", "telltale-tsa-")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	a, err := stamptest.Start(dir, stamptest.Options{})
	ts.Check(err)
	root, err := os.ReadFile(a.RootsFile)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), root, 0o600))
	server := httptest.NewServer(a)
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// decrypt FILE KEY unpacks an export with an age or SSH key into the script's
// folder, as `age -d -i KEY FILE | tar x` does.
func decrypt(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	text := ts.ReadFile(args[1])
	identities, err := age.ParseIdentities(strings.NewReader(text))
	if strings.Contains(text, "OPENSSH") {
		var one age.Identity
		one, err = agessh.ParseIdentity([]byte(text))
		identities = []age.Identity{one}
	}
	ts.Check(err)
	plain, err := age.Decrypt(f, identities...)
	if neg != (err != nil) {
		ts.Fatalf("decrypting: %v", err)
	}
	if err == nil {
		ts.Check(unpackAll(plain, ts.MkAbs(".")))
	}
}

// agekey FILE makes an age key in FILE, with its public half in FILE.pub.
func agekey(ts *testscript.TestScript, _ bool, args []string) {
	k, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(k.String()+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pub"), []byte("# a comment\n"+k.Recipient().String()+"\n"), 0o600))
}
