//go:build !linux

package main

import "errors"

// keyByKey is known for Linux only: elsewhere the view cannot be paused.
func keyByKey(int) (restore func(), err error) { return nil, errors.ErrUnsupported }
