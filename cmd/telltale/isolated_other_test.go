//go:build !linux

package main

// Namespaces are Linux's own; the tests that need them are there.
const isolation = "TELLTALE_TEST_ISOLATION"

func isolatedMain(string) int { return 99 }
