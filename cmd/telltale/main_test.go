package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(isolation); what != "" {
		os.Exit(isolatedMain(what))
	}
	testscript.Main(m, map[string]func(){"telltale": main})
}

// TestScript runs the transcripts: each is one behaviour of the real command.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			bin, _, _ := strings.Cut(e.Getenv("PATH"), string(os.PathListSeparator))
			e.Setenv("BIN", bin) // a PATH with telltale and nothing else
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
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  exits,
			"listen": listen,
			"untar":  untar,
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
	for r := tar.NewReader(unzip); ; {
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
	return os.WriteFile(path, data, 0o600)
}

// listen VAR takes a port until the script ends and puts its address into VAR.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}
