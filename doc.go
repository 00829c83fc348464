// Package telltale is the map of this module; it has no code.
//
// One idea holds both halves together: the claim that a vendor makes about its
// telemetry. Package [telltale/claims] has its words, package
// [telltale/personal] says once what personal data is.
//
//	audit: lab → capture → decode → detect → attribute → judge → evidence → report
//
// The audit tests claims on real software. Package [telltale/audit] has the
// words of that pipeline; the folders below it are its stages, in this order:
//
//	lab        runs experiments: stage sites, browsers, arms; specimen/ are the positive controls
//	capture    gets exhibits: mitm/ is the proxy
//	decode     peels an exhibit to values
//	detect     says which values give away what
//	attribute  says who receives it
//	judge      holds findings against claims
//	evidence   the case folder: chained log, bodies, facts
//	report     shows verdicts with their evidence
//
//	collect: ingest → consent → protect → store → query
//
// The collector takes telemetry and keeps the same claims. Package
// [telltale/collect] has its words; a gate takes only what the one before made.
//
// Package [telltale/anonymity] measures how far a data set of events gives its
// people away.
//
// The stages do not know each other; only cmd/telltale connects them.
// arch_test.go enforces this.
package telltale
