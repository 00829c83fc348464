package pcap

import (
	"time"

	"telltale/audit"
)

// A raw is a talk in no protocol that is known. It is kept as it stands.
type raw struct {
	*talk
	start  time.Time
	sides  [2]spool
	broken [2]error
}

func (r *raw) said(s side, b []byte) { _, _ = r.sides[s].Write(b) } // the importer has the error

func (r *raw) lost(s side, n int64) {
	if r.broken[s] == nil {
		r.broken[s] = gap(n)
	}
}

func (r *raw) ended(side) {}

func (r *raw) close(why error) {
	var bodies [2]audit.Body
	for s := range bodies {
		if r.broken[s] == nil {
			r.broken[s] = why
		}
		bodies[s] = r.sides[s].close(r.broken[s])
	}
	e := r.event()
	e.Time = r.start
	r.tunnel(e, r.proto, bodies[client], bodies[server])
}
