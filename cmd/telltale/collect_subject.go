package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/protect"
	"telltale/collect/store"
)

const subjectHelp = `subject answers a user's request for access or erasure.

ID is what the SDK sends as distinct_id; with - it is read from standard input,
so that it stands in no list of processes. A user that logged in has two ids,
one before and one after: ask for both. With --server a running collector is
asked; without it the collector must have stopped.

Counts are not about single users and are not part of the answer. Records whose
keys were destroyed, by an earlier erasure or with their month, are nobody's.`

// A subjectRequest is what the command line of subject asks for.
type subjectRequest struct {
	data, project, server, tokenAt string
}

func newCollectSubject(e *env) *cobra.Command {
	s := &subjectRequest{}
	c := &cobra.Command{
		Use:   "subject",
		Short: "answer a user's request for access or erasure",
		Long:  subjectHelp,
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, what := range []struct{ name, short string }{
		{"export", "write all that is kept of a user, as JSON"},
		{"erase", "erase all that is kept of a user, and write a signed receipt"},
	} {
		c.AddCommand(&cobra.Command{
			Use: what.name + " ID", Short: what.short, Args: usageArgs(cobra.ExactArgs(1)),
			Example: "  telltale collect subject " + what.name + " --data shop 1a1fbdd4d33553-…",
			RunE: func(c *cobra.Command, args []string) error {
				return s.run(c.Context(), e, what.name, args[0])
			},
		})
	}
	f := c.PersistentFlags()
	f.StringVar(&s.data, "data", "collected", "data `DIR` of the collector")
	f.StringVar(&s.project, "project", "default", "`PROJECT` that the user is one of")
	f.StringVar(&s.server, "server", "", "`URL` of a running collector")
	f.StringVar(&s.tokenAt, "admin-token-file", "", "`FILE` with the admin token (default admin.token in the data folder)")
	return c
}

func (s *subjectRequest) run(ctx context.Context, e *env, what, id string) error {
	if id == "-" {
		text, err := io.ReadAll(io.LimitReader(e.stdin, 4096))
		if err != nil {
			return err
		}
		id = strings.TrimSpace(string(text))
	}
	if id == "" {
		return usagef("an empty ID")
	}
	if s.server != "" {
		return s.ask(ctx, e, what, id)
	}
	if _, err := os.Stat(filepath.Join(s.data, "keys", "master.key")); err != nil {
		return usagef("%s is no data folder of a collector: %w", s.data, err)
	}
	folder, err := openFolder(s.data)
	if err != nil {
		return err
	}
	p, err := openStopped(ctx, e, folder)
	if err != nil {
		return errors.Join(err, folder.close())
	}
	answer, err := p.subject(ctx, what, s.project, id)
	if err == nil {
		err = writeJSON(e.stdout, answer)
	}
	return errors.Join(err, p.close(ctx))
}

// openStopped opens the pipeline of a collector that does not run, as far as
// requests of users need it.
func openStopped(ctx context.Context, e *env, f *folder) (*pipeline, error) {
	said, err := f.settings()
	if err != nil {
		return nil, err
	}
	if len(said.Rotations) == 0 {
		return nil, fmt.Errorf("%s has no records", f.dir)
	}
	c := &collectConfig{}
	c.flags(newFlagSet())
	c.Window = said.Window
	policy := &protect.Policy{K: protect.DefaultK, Rotation: said.Rotations[len(said.Rotations)-1], Retention: protect.DefaultRetention}
	return openPipeline(ctx, e, c, f, promise{policy, new(collect.Plan)})
}

// ask sends the request to a running collector.
func (s *subjectRequest) ask(ctx context.Context, e *env, what, id string) error {
	file := s.tokenAt
	if file == "" {
		file = filepath.Join(s.data, "admin.token")
	}
	token, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return fmt.Errorf("reading the admin token: %w", err)
	}
	body, err := json.Marshal(subjectBody{s.project, id})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.server, "/")+"/subject/"+what, bytes.NewReader(body))
	if err != nil {
		return usagef("--server: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the collector: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return fmt.Errorf("asking the collector: %s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	_, err = io.Copy(e.stdout, answer.Body)
	return err
}

// A subjectBody is the body of a request about a user.
type subjectBody struct {
	Project    string `json:"project"`
	DistinctID string `json:"distinct_id"`
}

// subjects answers POST /subject/export and /subject/erase.
func (s *collectServer) subjects(w http.ResponseWriter, r *http.Request) {
	var req subjectBody
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&req)
	if err != nil || req.DistinctID == "" {
		http.Error(w, "send JSON with project and distinct_id", http.StatusBadRequest)
		return
	}
	if req.Project == "" {
		req.Project = "default"
	}
	answer, err := s.pipeline.subject(r.Context(), r.PathValue("what"), req.Project, req.DistinctID)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = writeJSON(w, answer) // a caller that has gone needs no answer
}

func (p *pipeline) subject(ctx context.Context, what, project, id string) (any, error) {
	switch what {
	case "export":
		return p.exportSubject(ctx, project, id)
	case "erase":
		return p.eraseSubject(ctx, project, id)
	}
	return nil, fmt.Errorf("there are export and erase, and no %q", what)
}

// A subjectExport is all that is kept of a user.
type subjectExport struct {
	Consent *consent.Record `json:"consent"`
	Events  []store.Row     `json:"events"`
	Note    string          `json:"note"`
}

const exportNote = "These are the records that can be tied to this id. Counts are about groups and hold no user."

func (p *pipeline) exportSubject(ctx context.Context, project, id string) (out subjectExport, err error) {
	if err := p.handOver(ctx); err != nil {
		return out, err
	}
	out.Note, out.Events = exportNote, []store.Row{}
	if rec, ok := p.registry.Get(project, id); ok {
		out.Consent = &rec
	}
	theirs, err := p.pseudonyms(project, id)
	if err != nil || len(theirs) == 0 {
		return out, err
	}
	for r, err := range p.store.Rows(ctx) {
		if err != nil {
			return out, err
		}
		if _, ok := slices.BinarySearch(theirs, protect.Subject(r.Subject)); ok {
			out.Events = append(out.Events, r)
		}
	}
	return out, nil
}

// pseudonyms returns all that a user had, in order.
func (p *pipeline) pseudonyms(project, id string) (all []protect.Subject, err error) {
	said, err := p.folder.settings()
	if err != nil {
		return nil, err
	}
	for _, rotation := range said.Rotations {
		all = append(all, p.subjects.Find(project, id, p.now(), rotation)...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// A receipt says what was erased. It is signed with the key of the collector.
type receipt struct {
	What    string    `json:"what"`
	Who     string    `json:"who"` // keyed hash, as in the consent records
	Project string    `json:"project"`
	At      time.Time `json:"at"`
	Keys    int       `json:"keys_destroyed"`
	Rows    int64     `json:"records_erased"` // of all who were waiting to be erased
	Claims  string    `json:"claims_sha256,omitempty"`
}

// A signedReceipt is a receipt, as text, and its signature (Ed25519, RFC 8032).
type signedReceipt struct {
	Receipt   string `json:"receipt"`
	Signature string `json:"signature"`
	PublicKey string `json:"public_key"`
}

// eraseSubject withdraws all consent of a user and erases the records before it
// returns.
func (p *pipeline) eraseSubject(ctx context.Context, project, id string) (out signedReceipt, err error) {
	said, err := p.folder.settings()
	if err != nil {
		return out, err
	}
	rec, err := p.registry.Put(project, id, consent.Record{Withdrawn: true, Claims: said.Claims, At: p.now().UTC(), How: "subject erase"})
	if err != nil {
		return out, err
	}
	keys, err := p.forget(project, id)
	if err != nil {
		return out, err
	}
	rows, err := p.erasePending(ctx)
	if err != nil {
		return out, err
	}
	text, err := json.Marshal(receipt{"erasure", rec.Who, project, p.now().UTC(), keys, rows, said.Claims})
	if err != nil {
		return out, err
	}
	key := p.folder.signer()
	out = signedReceipt{string(text), base64.StdEncoding.EncodeToString(ed25519.Sign(key, text)), ""}
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		out.PublicKey = base64.StdEncoding.EncodeToString(public)
	}
	return out, nil
}
