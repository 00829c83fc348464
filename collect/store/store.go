// Package store says what keeps protected events. It knows nothing of events as
// they came: it imports the third gate, and not the words of the first two, so
// that what skipped a gate cannot be stored.
package store

import (
	"context"
	"iter"
	"time"

	"telltale/collect/protect"
)

// A Batch names events that are added together. To add the same batch again
// changes nothing, so that a crash between two steps doubles nothing.
type Batch uint64

// A Store keeps events and counts. [telltale/collect/store/storetest.Run] is its
// contract. It is safe for concurrent use.
type Store interface {
	// Add keeps events. When it returns, they are on disk. It refuses an event
	// that has no name, which no gate made.
	Add(ctx context.Context, b Batch, events []protect.Event) error
	// AddCounts keeps the released counts of an epoch, in place of what it had
	// of the same epoch.
	AddCounts(ctx context.Context, epoch time.Time, counts []protect.Count) error
	// Rows yields all events, in order of day and project.
	Rows(ctx context.Context) iter.Seq2[Row, error]
	// Erase removes the events of subjects, and returns how many there were.
	// When it returns, no file holds them.
	Erase(ctx context.Context, subjects []protect.Subject) (rows int64, err error)
	// Upkeep removes the days that begin before a time, and the counts of epochs
	// that do. Of what is left it joins small pieces, and changes no row.
	Upkeep(ctx context.Context, before time.Time) error
	// Close ends the store.
	Close() error
}

// A Row is an event as it is kept.
type Row struct {
	Project    string    `json:"project"`
	Event      string    `json:"event"`
	Time       time.Time `json:"time"`
	Subject    uint64    `json:"subject"` // 0: none
	Period     int64     `json:"period"`
	Region     string    `json:"region"`
	Browser    string    `json:"browser"`
	Version    int64     `json:"browser_version"`
	Properties string    `json:"properties"` // a JSON object
}
