package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/consent"
	"telltale/collect/ingest"
	"telltale/sensors"
)

// A collectServer is the HTTP side of a collector.
type collectServer struct {
	env      *env
	config   *collectConfig
	pipeline *pipeline
	plan     *collect.Plan
	file     claims.File
	claims   []byte

	token    []byte
	stopping atomic.Bool
}

// times of a connection; a client that sends slowly loses it.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 20 * time.Second
	maxHeader     = 256 << 10 // images have the whole payload in their address
)

// run serves until ctx ends, and then answers what has begun and closes.
func (s *collectServer) run(ctx context.Context) (err error) {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	defer func() {
		stop()
		work.Wait()
		err = errors.Join(err, s.pipeline.close(context.WithoutCancel(ctx)))
	}()
	handler, err := s.handler()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w; give another --listen", err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: readTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0), // its lines have addresses of clients
	}
	work.Go(func() { s.pipeline.run(background) })
	s.announce(listener.Addr())
	served := make(chan error, 1)
	go func() {
		limited := netutil.LimitListener(listener, int(s.config.Conns))
		if s.config.TLSCert != "" {
			served <- server.ServeTLS(limited, s.config.TLSCert, s.config.TLSKey)
			return
		}
		served <- server.Serve(limited)
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	s.pipeline.log.Info("stopping")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return server.Shutdown(end)
}

// announce says where the collector listens and what it enforces.
func (s *collectServer) announce(at net.Addr) {
	asserts := 0
	for _, statement := range s.file.Statements {
		asserts += len(statement.Asserts)
	}
	sum := sha256.Sum256(s.claims)
	p := s.pipeline.protect.Policy
	s.pipeline.log.Info("collecting", slog.String("address", at.String()), slog.String("subject", s.file.Subject.Name),
		slog.String("claims_sha256", hex.EncodeToString(sum[:])), slog.Int("assertions_enforced", asserts), slog.Int("events_in_plan", s.plan.Events()),
		slog.Int("k", p.K), slog.Duration("rotation", p.Rotation), slog.Duration("retention", p.Retention))
}

// handler returns all paths.
func (s *collectServer) handler() (http.Handler, error) {
	if err := s.readToken(); err != nil {
		return nil, err
	}
	gate, err := s.gate()
	if err != nil {
		return nil, err
	}
	keys, config, err := s.config.sealing()
	if err != nil {
		return nil, err
	}
	gate.Keys = keys
	protocol := &ingest.Server{
		Gate: gate, Sink: s.pipeline, Config: config, Now: s.env.now, Notice: s.pipeline.metrics.notice,
		Allow: limiter(s.config, s.env.now), Proxy: s.config.Proxy, Product: "telltale",
	}
	sum := sha256.Sum256(s.claims)
	m := http.NewServeMux()
	m.Handle("/", protocol.Handler())
	m.Handle("/consent", &consent.Server{
		Registry: s.pipeline.registry, Purposes: s.file.Schema.Purposes, Claims: hex.EncodeToString(sum[:]), Now: s.env.now,
		Erase: s.pipeline.withdraw,
	})
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	m.HandleFunc("GET /readyz", s.ready)
	m.Handle("GET /metrics", s.admin(s.metrics))
	m.Handle("POST /subject/{what}", s.admin(s.subjects))
	m.Handle("GET /claims", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(s.claims) // a reader that has gone needs no answer
	}))
	return shortest(m), nil
}

// shortest answers 404 to a path that is not in its shortest form. Go's own answer
// is a redirect, after which some SDKs lose what they sent.
func shortest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path.Clean(r.URL.Path) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *collectServer) gate() (*ingest.Gate, error) {
	lim := sensors.DefaultLimits
	lim.Body, lim.Events = int(s.config.MaxBody), int(s.config.MaxEvents)
	lim.Inflated = 8 * lim.Body
	g := &ingest.Gate{Plan: s.plan, Limits: lim, MaxAge: s.config.MaxAge, MaxAhead: s.config.MaxAhead}
	// A project that nobody named could be anything, an id, too, and would be kept.
	g.Projects = map[string]string{"default": ""}
	if len(s.config.Projects) > 0 {
		clear(g.Projects)
	}
	for _, p := range s.config.Projects {
		name, token, _ := strings.Cut(p, "=")
		if !sensors.IsName(name) {
			return nil, usagef("--project %q: a project is a name of letters, digits, _ and $", name)
		}
		g.Projects[name] = token
	}
	return g, nil
}

// readToken reads the token for everything but ingestion, or makes one.
func (s *collectServer) readToken() error {
	file := s.config.AdminFile
	if file == "" {
		file = s.pipeline.folder.path("admin.token")
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if errors.Is(err, fs.ErrNotExist) && s.config.AdminFile == "" {
		text = []byte(rand.Text() + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("reading the admin token: %w", err)
	}
	s.token = []byte(strings.TrimSpace(string(text)))
	if len(s.token) < 16 {
		return usagef("the admin token in %s has fewer than 16 characters; use a random one", file)
	}
	return nil
}

// admin lets pass who has the token.
func (s *collectServer) admin(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(token), s.token) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "send the admin token: Authorization: Bearer …", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		next(w, r)
	})
}

func (s *collectServer) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_ = s.pipeline.metrics.write(w) // a reader that has gone needs no answer
	_, _ = fmt.Fprintf(w, "# HELP telltale_collect_log_bytes bytes that wait for the store\n# TYPE telltale_collect_log_bytes gauge\ntelltale_collect_log_bytes %d\n", s.pipeline.journal.Size())
	_, _ = fmt.Fprintf(w, "# HELP telltale_collect_counting values that are being counted\n# TYPE telltale_collect_counting gauge\ntelltale_collect_counting %d\n", s.pipeline.protect.Counter.Len())
}

// ready reports whether a request would be kept now.
func (s *collectServer) ready(w http.ResponseWriter, _ *http.Request) {
	free, err := freeBytes(s.pipeline.folder.dir)
	switch {
	case s.stopping.Load():
		http.Error(w, "stopping", http.StatusServiceUnavailable)
	case err == nil && free <= s.config.MinFree:
		http.Error(w, "the disk is full", http.StatusServiceUnavailable)
	case s.pipeline.journal.Size() >= s.config.MaxLog:
		http.Error(w, "the log is full", http.StatusServiceUnavailable)
	default:
		_, _ = io.WriteString(w, "ready\n")
	}
}
