// Package flows makes events out of the files that other tools keep requests
// and answers in: HTTP archives of browsers and proxies, network logs of
// Chromium, flows of mitmproxy, web archives, sessions of Fiddler, items of
// Burp, traces of curl. The events are those that the proxy would have made.
//
// A format is a file and a row of [formats]. What a format cannot tell (a
// body that its writer left out, bytes that it replaced) stands in the events
// as such and is never guessed.
package flows

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"telltale/audit"
	"telltale/audit/capture/har"
)

// A Format is a kind of file.
type Format struct {
	Name string // in words for a person

	is    func(head []byte) bool
	read  func(*file, io.Reader) error
	isZip func(*zip.Reader) bool
	unzip func(*file, *zip.Reader) error
}

// formats are told by what a file begins with, or by the names in a zip. A new
// one is a row. The first that fits counts.
var formats = []Format{
	{Name: "HAR", is: har.Is, read: readHAR},
	{Name: "NetLog", is: isNetLog, read: readNetLog},
	{Name: "mitmproxy flows", is: isFlow, read: readFlows},
	{Name: "WARC", is: isWARC, read: readWARC},
	{Name: "Burp items", is: isBurp, read: readBurp},
	{Name: "curl trace", is: isTrace, read: readTrace},
	{Name: "curl -v", is: isVerbose, read: readVerbose},
	{Name: "SAZ", isZip: isSAZ, unzip: readSAZ},
}

// HeadSize is how much of a file [Find] wants to see.
const HeadSize = 16 << 10

// Find returns the format of a file that begins with head.
func Find(head []byte) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.is != nil && f.is(head) })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// FindZip returns the format of a zip that is a capture as a whole.
func FindZip(z *zip.Reader) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.isZip != nil && f.isZip(z) })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Names lists the formats.
func Names() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// A Config says where events go. All of it must be set.
type Config struct {
	Recorder audit.Recorder
	Place    audit.Place
	Number   func() int // gives a connection its number
}

// An Importer takes events out of files, one after the other.
type Importer struct {
	config   Config
	last     time.Time // latest time of any event
	recorded error     // why no more can be recorded
}

// New returns an Importer.
func New(c Config) *Importer { return &Importer{config: c} }

// Last returns the time of the latest event, the zero time if there was none.
func (im *Importer) Last() time.Time { return im.last }

// Read reads a file of a format that [Find] has found. The error is that of the
// recorder: after it there is no more to be done. What is wrong with the file
// stands in the Source.
func (im *Importer) Read(r io.Reader, format Format) (audit.Source, error) {
	return im.source(func(f *file) error { return format.read(f, r) })
}

// ReadZip is [Importer.Read] of what [FindZip] has found.
func (im *Importer) ReadZip(z *zip.Reader, format Format) (audit.Source, error) {
	return im.source(func(f *file) error { return format.unzip(f, z) })
}

func (im *Importer) source(read func(*file) error) (audit.Source, error) {
	f := &file{im: im, conns: map[string]int{}, passed: map[string]*audit.Passed{}}
	err := read(f)
	if im.recorded != nil {
		return audit.Source{}, im.recorded
	}
	s := audit.Source{Records: f.records}
	for _, why := range slices.Sorted(maps.Keys(f.passed)) {
		s.Passed = append(s.Passed, *f.passed[why])
	}
	if err == nil && len(f.wrong) > 0 {
		err = f.wrong[0]
		if n := len(f.wrong) - 1; n > 0 {
			err = fmt.Errorf("%w (and %d more)", err, n)
		}
	}
	if err != nil {
		s.Error = fmt.Sprintf("after %d records: %v", f.records, err)
	}
	return s, nil
}

// errStop ends the reading of a file: nothing more can be recorded.
var errStop = errors.New("nothing more can be recorded")
