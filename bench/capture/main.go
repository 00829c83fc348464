// Command capture measures proxies that open TLS: it is the origin, the load,
// and the peer that is a Go library. bench/capture.sh runs all of it.
//
//	capture origin ADDRESS CA.PEM     serve; writes the certificate of its authority
//	capture goproxy ADDRESS CA.PEM    github.com/elazarl/goproxy, opening TLS, not recording
//	capture load [flags]              requests through a proxy
//	capture rss PID                   resident memory of a process, now and at most
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: capture origin|goproxy|load|rss …")
		os.Exit(2)
	}
	var err error
	switch args := os.Args[2:]; os.Args[1] {
	case "origin":
		err = origin(args[0], args[1])
	case "goproxy":
		err = peer(args[0], args[1])
	case "load":
		err = load(args)
	case "rss":
		err = rss(args[0])
	default:
		err = fmt.Errorf("%q is not known", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "capture:", err)
		os.Exit(1)
	}
}

// rss prints what the kernel says of a process (proc_pid_status(5)).
func rss(pid string) error {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	}
	return nil
}
