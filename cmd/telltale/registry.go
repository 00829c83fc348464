package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"time"

	"telltale/audit"
	"telltale/audit/attribute"
	"telltale/audit/capture/rdap"
)

// registryList is where the addresses of the registries stand (RFC 9224).
const registryList = "https://data.iana.org/rdap/dns.json"

// registryPatience is how long one answer may take.
const registryPatience = 20 * time.Second

// A registry has the answers of registries that were kept in a file, and asks
// for those that are missing. The nil registry has none and asks nobody.
type registry struct {
	file   string
	client *rdap.Client
	had    map[string]rdap.Answer
}

// openRegistry reads the answers that a file has, if it is there.
func openRegistry(file string, now func() time.Time) (*registry, error) {
	r := &registry{file: file, had: make(map[string]rdap.Answer), client: &rdap.Client{
		HTTP: &http.Client{Timeout: registryPatience}, Bootstrap: registryList, Now: now,
	}}
	f, err := os.Open(file) //nolint:gosec // the user names it
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	answers, err := rdap.Kept(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, a := range answers {
		r.had[a.Domain] = a
	}
	return r, nil
}

// registrations returns what the registries say of the domains of parties. A
// domain that could not be asked about, or whose answer cannot be kept, is a
// problem; the rest goes on.
func (r *registry) registrations(parties []audit.Party) (found map[string]attribute.Registration, problems []audit.Problem) {
	if r == nil {
		return nil, nil
	}
	var domains []string
	for _, p := range parties {
		if p.Domain != "" && p.Role != attribute.Visited && p.Role != "lab" && !slices.Contains(domains, p.Domain) {
			domains = append(domains, p.Domain)
		}
	}
	found = make(map[string]attribute.Registration)
	for _, domain := range domains {
		reg, err := r.registration(domain)
		if err != nil {
			problems = append(problems, audit.Problem{Message: err.Error()})
			continue
		}
		found[domain] = reg
	}
	return found, problems
}

func (r *registry) registration(domain string) (attribute.Registration, error) {
	a, ok := r.had[domain]
	if !ok {
		var err error
		if a, err = r.client.Ask(context.Background(), domain); err != nil {
			return attribute.Registration{}, err
		}
		if err := r.keep(a); err != nil {
			return attribute.Registration{}, fmt.Errorf("keeping the answer about %s: %w", domain, err)
		}
	}
	reg, err := attribute.ReadRegistration([]byte(a.Body))
	if err != nil {
		return reg, fmt.Errorf("%s, status %d: %w", a.URL, a.Status, err)
	}
	reg.Source = a.Source()
	return reg, nil
}

// keep adds an answer to the file.
func (r *registry) keep(a rdap.Answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	r.had[a.Domain] = a
	return errors.Join(err, f.Close())
}
