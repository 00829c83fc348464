package decode

import (
	"fmt"

	"telltale/audit"
)

// Explain replays the trail of a finding without keys; see [Options.Explain].
func Explain(ex audit.Exhibit, f audit.Finding) ([]audit.Layer, error) {
	return Options{Limits: DefaultLimits}.Explain(ex, f)
}

// Explain replays the trail of a finding from the bytes of its exhibit, within
// the limits, and returns each layer with the range that the next one was
// taken from. In the last layer the range is the match. It is an error if the
// bytes do not lead there, or not with these keys.
func (o Options) Explain(ex audit.Exhibit, f audit.Finding) ([]audit.Layer, error) {
	if len(f.Trail) == 0 || f.Trail[0] != ex.Part || len(f.Spans) != len(f.Trail)-1 {
		return nil, fmt.Errorf("explain %s: a trail of %d steps with %d ranges does not start at %s of %s",
			f.ID, len(f.Trail), len(f.Spans), ex.Part, ex.ID)
	}
	layers := []audit.Layer{{Step: ex.Part, Data: ex.Data}}
	for i, span := range f.Spans {
		last := &layers[i]
		last.Span = span
		in := layer{step: last.Step, data: last.Data.Reveal(), room: o.Limits.room(), lock: o.Keys.lock(ex).at(f.Trail[:i+1])}
		if i == 0 {
			in.media = ex.Type
		}
		data, ok := replay(in, f.Trail[i+1], span)
		if !ok {
			return nil, fmt.Errorf("explain %s: bytes %d to %d of %v give no %s",
				f.ID, span.Start, span.End, f.Trail[:i+1], f.Trail[i+1])
		}
		layers = append(layers, audit.Layer{Step: f.Trail[i+1], Data: audit.NewSecret(data)})
	}
	last := &layers[len(layers)-1]
	last.Span = f.Span
	if f.Span.Start < 0 || f.Span.End < f.Span.Start || f.Span.End > last.Data.Len() {
		return nil, fmt.Errorf("explain %s: %v has %d bytes, and the match is said to be at %d to %d",
			f.ID, f.Trail, last.Data.Len(), f.Span.Start, f.Span.End)
	}
	return layers, nil
}

// replay returns the part of a layer with this step and range.
func replay(in layer, step string, span audit.Span) (data []byte, ok bool) {
	in.asked = step
	for _, d := range decoders {
		if ok || !d.gate(in) {
			continue
		}
		// An error comes after the parts, and a part that is there is enough.
		_ = d.decode(in, func(out part) bool {
			if ok = out.step == step && out.span == span; ok {
				data = out.data
			}
			return !ok
		})
	}
	return data, ok
}
