package decode

import (
	"bytes"
	"strconv"
	"strings"

	"telltale/audit"
)

// A DNS message starts with twelve bytes (RFC 1035, section 4.1.1). maxRecords
// is more than a message of a client has in one section.
const (
	dnsHeader  = 12
	maxRecords = 64
)

// isDNS wants a query or an answer with one question or a few, and nothing in
// the bits that are not in use.
func isDNS(in layer) bool {
	d := in.data
	if len(d) < dnsHeader+5 || d[3]&0x40 != 0 || d[2]&0x78 != 0 || d[4] != 0 || d[5] == 0 || d[5] > 4 {
		return false
	}
	for _, high := range []byte{d[6], d[8], d[10]} {
		if high != 0 {
			return false
		}
	}
	return d[7] <= maxRecords && d[9] <= maxRecords && d[11] <= maxRecords && d[dnsHeader] < maxLabel
}

// decodeDNS gives the names that are asked for, and the names and the data of
// the records.
func decodeDNS(in layer, emit func(part) bool) error {
	return walk(in, "dns", emit, func(w *walker) error { return dnsReader{w}.message() })
}

type dnsReader struct{ *walker }

// dnsSections are those of records, which come after the questions.
var dnsSections = []string{"answer", "authority", "additional"}

func (r dnsReader) message() error {
	head, err := r.take(dnsHeader)
	if err != nil {
		return err
	}
	err = r.below([]byte("question"), 0, func() error {
		return r.items(uint64(head[5]), func() error {
			if err := r.name(); err != nil {
				return err
			}
			_, err := r.take(4) // type and class
			return err
		})
	})
	for i, section := range dnsSections {
		if err != nil {
			return err
		}
		err = r.below([]byte(section), 0, func() error { return r.items(uint64(head[7+2*i]), r.record) })
	}
	return err
}

// maxLabel is how long a label may be, and one more.
const maxLabel = 64

// name reads labels up to an empty one or to a reference to a name before, and
// hands them out with dots between them.
func (r dnsReader) name() error {
	start := r.pos
	var labels [][]byte
	for {
		n, err := r.byte()
		if err != nil {
			return err
		}
		if n >= 0xc0 {
			_, err := r.byte()
			if err != nil || len(labels) == 0 {
				return err
			}
			break
		}
		if n == 0 {
			break
		}
		label, err := r.take(uint64(n))
		if err != nil || n >= maxLabel || !isText(label) {
			return errForeign
		}
		labels = append(labels, label)
	}
	text := bytes.Join(labels, []byte("."))
	r.vouched = r.vouched || len(labels) > 1 && len(text) >= minRun/4
	return r.leaf(text, r.since(start))
}

// record reads a name, type, class, time to live, and data.
func (r dnsReader) record() error {
	if err := r.name(); err != nil {
		return err
	}
	head, err := r.take(8)
	if err != nil {
		return err
	}
	n, err := r.uint(2)
	if err != nil {
		return err
	}
	data, err := r.take(n)
	if err != nil {
		return err
	}
	span := r.since(r.pos - len(data))
	const text = 16
	if head[1] == text && len(data) > 0 && int(data[0]) == len(data)-1 {
		data = data[1:]
		span.Start++
	}
	return r.below([]byte("data"), 0, func() error { return r.leaf(data, span) })
}

// isLabels wants a host in which long labels stand beside each other: what does
// not fit in one of them goes on in the next one.
func isLabels(in layer) bool {
	if in.step != "host" && !strings.HasPrefix(in.step, "dns:") {
		return false
	}
	return bytes.Count(in.data, []byte(".")) >= 2
}

// decodeLabels joins the labels before the domain, which has one label or two.
func decodeLabels(in layer, emit func(part) bool) error {
	for range 2 {
		end := bytes.LastIndexByte(in.data, '.')
		if end < 0 {
			break
		}
		in.data = in.data[:end]
		joined := bytes.ReplaceAll(in.data, []byte("."), nil)
		if len(joined) == len(in.data) || len(joined) < minRun {
			continue
		}
		if !emit(part{"labels:" + strconv.Itoa(len(in.data)-len(joined)+1), joined, audit.Span{End: end}}) {
			break
		}
	}
	return nil
}
