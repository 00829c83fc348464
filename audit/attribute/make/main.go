// Command make writes the tables that attribute ships, out of data packages
// that lie unpacked in a folder, as npm lays them: FOLDER/third-party-web and
// FOLDER/@ip-location-db/NAME. After packing a table it unpacks it again and
// holds both ends of every row of the package against it.
//
//	go run ./audit/attribute/make FOLDER audit/attribute
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

// A source is a package that a table is made from. Its version is pinned: to
// take another one is a change that shows in this file and in the table.
type source struct {
	name, version string
	date          string // of the data, as its version or its changelog says
	licence       string
}

// about is what a table says of itself.
func (s source) about() string {
	return fmt.Sprintf("%s %s of %s; %s", s.name, s.version, s.date, s.licence)
}

// The licences of the packages are what the files in them say; where these are
// stricter than the package's one word, they count.
var (
	companySource = source{
		"third-party-web", "0.30.0", "2026", "MIT, Patrick Hulce",
	}
	networkSource = source{
		"@ip-location-db/asn", "2.3.2026061719", "2026-06-17", "CC BY 4.0: routeviews.org, nro.net, DB-IP.com",
	}
	countrySource = source{
		"@ip-location-db/asn-country", "2.3.2026061719", "2026-06-17", "CC BY 4.0: nro.net",
	}
)

func run(args []string, log io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("got %d arguments; give the folder of the packages and the folder for the tables", len(args))
	}
	from, to := args[0], args[1]
	for _, table := range []struct {
		source
		file string
		make func(s source, dir string) ([]byte, error)
	}{
		{companySource, "companies.txt", companies},
		{networkSource, "networks.zst", addresses},
		{countrySource, "countries.zst", addresses},
	} {
		dir := filepath.Join(from, filepath.FromSlash(table.name))
		if err := table.check(dir); err != nil {
			return err
		}
		data, err := table.make(table.source, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", table.name, err)
		}
		if err := os.WriteFile(filepath.Join(to, table.file), data, 0o600); err != nil { //nolint:gosec // the folder is an argument
			return err
		}
		_, _ = fmt.Fprintf(log, "%s: %d bytes from %s %s\n", table.file, len(data), table.name, table.version)
	}
	return nil
}

// check holds the version of the package in dir against the pinned one.
func (s source) check(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "package.json")) //nolint:gosec // the folder is an argument
	if err != nil {
		return fmt.Errorf("the package %s: %w; unpack version %s there", s.name, err, s.version)
	}
	var p struct{ Version string }
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("the package %s: package.json: %w", s.name, err)
	}
	if p.Version != s.version {
		return fmt.Errorf("the package %s has version %s, want %s: change the version, date and licence in this program, or take the other package", s.name, p.Version, s.version)
	}
	return nil
}
