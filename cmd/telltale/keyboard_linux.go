package main

import "golang.org/x/sys/unix"

// keyByKey lets single keys be read from a terminal, without showing them.
// Ctrl-C still interrupts. The function that it returns undoes it.
func keyByKey(fd int) (restore func(), err error) {
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	now := *was
	now.Lflag &^= unix.ICANON | unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, was) }, nil // the program ends
}
