package main

import (
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"telltale/audit"
	"telltale/audit/decode"
	"telltale/audit/detect"
)

// limits are what taking apart may cost, as the command line gives it.
type limits struct {
	depth int
	bytes byteSize
	time  time.Duration
}

func (l *limits) flags(f *pflag.FlagSet) {
	*l = defaultLimits
	f.IntVar(&l.depth, "max-depth", decode.DefaultLimits.Depth, "layers below each other that are taken off, at most")
	f.Var(&l.bytes, "max-bytes", "what all layers of one exhibit may have, at most")
	f.DurationVar(&l.time, "max-time", 0, "stop taking apart after this `TIME`, such as 10m; what is left is reported as not read (default no limit)")
}

func (l *limits) check() error {
	switch {
	case l.depth < 1:
		return usagef("--max-depth %d: one layer is the least", l.depth)
	case l.time < 0:
		return usagef("--max-time %v: a time is not negative", l.time)
	}
	return nil
}

var errTime = errors.New("the time of --max-time is over; this is not read")

// defaultLimits hold where the command line says nothing.
var defaultLimits = limits{depth: decode.DefaultLimits.Depth, bytes: byteSize(decode.DefaultLimits.Bytes)}

// each are the limits of one exhibit.
func (l limits) each() decode.Limits {
	lim := decode.DefaultLimits
	lim.Depth, lim.Bytes = l.depth, int64(l.bytes)
	return lim
}

// timed returns a peeler that stops when the time is over, counted from now.
func (l limits) timed(values detect.Peeler) detect.Peeler {
	if l.time == 0 {
		return values
	}
	end := time.Now().Add(l.time)
	return func(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
		return func(yield func(audit.Value, error) bool) {
			for v, err := range values(ex) {
				if time.Now().After(end) {
					yield(audit.Value{Exhibit: ex.ID, Trail: v.Trail}, errTime)
					return
				}
				if !yield(v, err) {
					return
				}
			}
		}
	}
}

// A byteSize is a flag such as 64MiB.
type byteSize int64

var byteUnits = []struct {
	name string
	size int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

func (b *byteSize) String() string {
	for _, u := range byteUnits {
		if int64(*b)%u.size == 0 {
			return strconv.FormatInt(int64(*b)/u.size, 10) + u.name
		}
	}
	return ""
}

// Set implements [pflag.Value].
func (b *byteSize) Set(text string) error {
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 1 || n > 1<<40/u.size {
			break
		}
		*b = byteSize(n * u.size)
		return nil
	}
	return errors.New("a size is a number of bytes, or of KiB, MiB or GiB, such as 64MiB, up to 1024GiB")
}

// Type implements [pflag.Value].
func (b *byteSize) Type() string { return "SIZE" }
