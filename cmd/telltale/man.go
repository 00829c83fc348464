package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan makes the manual pages; packagers call it, people do not.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "write the manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // manual pages are for all to read
				return fmt.Errorf("making the folder of the manual pages: %w", err)
			}
			head := &doc.GenManHeader{Title: "TELLTALE", Section: "1", Source: "telltale " + version}
			return doc.GenManTree(c.Root(), head, args[0])
		},
	}
}
