# What people and CI run, by the same names. Versions of tools are pinned here only.
LINT     = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
STAT     = golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
FUZZTIME = 30s
BENCH    = .
COUNT    = 10
CASE     = cases/$(shell date +%Y-%m-%d-%H%M%S)-mint-2020
VERSION  = $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.PHONY: help audit collect build setup test unit race lint fmt fix check fuzz bench cover man tables

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

audit: setup build ## the main job: convict the browser telemetry of 2020, offline
	@bin/telltale audit --browser chromium --specimen mint-2020 --reveal --case $(CASE); \
	  test $$? -eq 3 || { echo "The specimen was not convicted: the instrument does not work here." >&2; exit 1; }

collect: build ## a collector, and a page with the official JavaScript SDK that sends to it
	@docs/collect/example.sh

build: ## bin/telltale
	@go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/telltale ./cmd/telltale

setup: ## install what the real-browser parts need, if it is missing
	@./setup.sh

test: setup ## set up, and all tests, the real browser's too
	go vet ./...
	go test -shuffle=on ./...

race: setup ## all tests under the race detector
	go test -race -shuffle=on ./...

lint: ## the linters, and formatting
	go run $(LINT) run ./...
	go run $(LINT) fmt --diff ./...

fmt: ## format
	go run $(LINT) fmt ./...

fix: ## fails if go fix would modernise anything
	go fix -diff ./...

check: test lint fix ## all that must pass before a commit

fuzz: ## every fuzz target, FUZZTIME each
	@go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r p; do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; \
	    go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; \
	  done; done

bench: ## benchmarks; compare: make bench >old; change; make bench >new; go run $(STAT) old new
	@go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

cover: setup ## test coverage
	go test -coverprofile=cover.out ./... && go tool cover -func=cover.out | tail -1

man: build ## manual pages and shell completions, in bin/
	@bin/telltale man bin/man1
	@for s in bash zsh fish; do bin/telltale completion $$s >bin/telltale.$$s; done

tables: ## make the tables of parties anew, from packages of npm; versions are in audit/attribute/make
	@d=$$(mktemp -d) && cd $$d && npm install --no-save --ignore-scripts third-party-web@0.30.0 \
	  @ip-location-db/asn@2.3.2026061719 @ip-location-db/asn-country@2.3.2026061719 >/dev/null && \
	  cd "$(CURDIR)" && go run ./audit/attribute/make $$d/node_modules audit/attribute; rm -rf $$d
