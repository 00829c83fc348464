package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"telltale/claims"
	"telltale/personal"
	"telltale/sensors"
)

const collectPlanHelp = `plan drafts a tracking plan out of traffic.

FILE is what analyze reads: a case, an HTTP archive (HAR), a raw body, or a folder
of them. Events and properties of the records in it become a schema for a claims
file, with types and with kinds as far as names and values tell them. It is a
draft: take out what is not needed, and see to each property without a kind.
No value of the traffic is in it.`

func newCollectPlan(e *env) *cobra.Command {
	var from []string
	c := &cobra.Command{
		Use:     "plan --from-traffic FILE",
		Short:   "draft a tracking plan out of captured traffic",
		Long:    collectPlanHelp,
		Example: `  telltale collect plan --from-traffic shop.har >>vendor.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if len(from) == 0 {
				return usagef("no traffic; give a file with --from-traffic")
			}
			d := &draft{events: make(map[string]*draftEvent)}
			for _, f := range from {
				if err := d.read(f); err != nil {
					return err
				}
			}
			if len(d.events) == 0 {
				return fmt.Errorf("no record of the Sensors protocol in %s", strings.Join(from, ", "))
			}
			return d.write(e.stdout)
		},
	}
	c.Flags().StringArrayVar(&from, "from-traffic", nil, "captured traffic, a `FILE`; may be repeated")
	return c
}

// A draft is a tracking plan that is being made.
type draft struct{ events map[string]*draftEvent }

type draftEvent struct {
	n     int
	props map[string]*draftProperty
}

type draftProperty struct {
	n     int
	types map[claims.PropertyType]bool
	kind  personal.Kind
}

// read takes the records out of what a file has.
func (d *draft) read(file string) error {
	in, err := openInputs([]string{file}, "", nil)
	if err != nil {
		return err
	}
	for ex, err := range in.exhibits() {
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		text := ex.Data.Reveal()
		query, body := "", text
		if ex.Part == "request.url" {
			_, query, _ = strings.Cut(string(text), "?")
			body = nil
		}
		req, err := sensors.Read(query, body, sensors.DefaultLimits)
		if err != nil {
			continue // something else, or sealed
		}
		for _, p := range req.Payloads {
			for _, v := range p.Records {
				if r, problems := sensors.NewRecord(v); len(problems) == 0 && len(r.Check()) == 0 {
					d.add(r)
				}
			}
		}
	}
	return nil
}

func (d *draft) add(r sensors.Record) {
	name := r.Type
	if strings.HasPrefix(r.Type, "track") {
		name = r.Event
	}
	e := d.events[name]
	if e == nil {
		e = &draftEvent{props: make(map[string]*draftProperty)}
		d.events[name] = e
	}
	e.n++
	for name, v := range r.Properties.Members() {
		p := e.props[name]
		if p == nil {
			p = &draftProperty{types: make(map[claims.PropertyType]bool), kind: presetKinds[name]}
			e.props[name] = p
		}
		p.n++
		p.types[draftType(v)] = true
		if m, ok := personal.Recognise(name, v.Text()); ok && p.kind == "" {
			p.kind = m.Form.Kind
		}
	}
}

func draftType(v sensors.Value) claims.PropertyType {
	switch v.Kind() {
	case sensors.Number:
		return claims.NumberType
	case sensors.Bool:
		return claims.BoolType
	case sensors.List:
		return claims.StringsType
	}
	if _, ok := sensors.ParseDate(v.Text(), ""); ok {
		return claims.DateType
	}
	return claims.StringType
}

// presetKinds are kinds of properties that the SDKs set themselves.
var presetKinds = map[string]personal.Kind{
	"$url": "behaviour/navigation/url", "$url_path": "behaviour/navigation/url", "$screen_name": "behaviour/app/screen",
	"$title": "behaviour/navigation/title", "$element_target_url": "behaviour/navigation/url", "$latest_landing_page": "behaviour/navigation/url",
	"$referrer": "behaviour/navigation/referrer", "$referrer_host": "behaviour/navigation/referrer",
	"$latest_referrer": "behaviour/navigation/referrer", "$latest_referrer_host": "behaviour/navigation/referrer",
	"$first_referrer": "behaviour/navigation/referrer", "$first_referrer_host": "behaviour/navigation/referrer",
	"$latest_search_keyword": "behaviour/search/query", "$first_search_keyword": "behaviour/search/query",
	"$element_content": "behaviour/gesture/click", "$first_visit_time": "behaviour/first-use", "$event_duration": "behaviour/dwell",
	"event_duration": "behaviour/dwell", "$is_first_day": "behaviour/first-use", "$is_first_time": "behaviour/first-use",
	"$device_id": "id/device", "$anonymization_id": "id/device", "$oaid": "id/advertising", "$gaid": "id/advertising",
	"$channel_device_info": "id/device", "$event_session_id": "id/session",
	"$latitude": "place/coordinates", "$longitude": "place/coordinates", "$carrier": "network/carrier",
	"$network_type": "network/type", "$wifi": "network/type", "$ip": "network/ip",
	"$model": "device/model", "$brand": "device/model", "$manufacturer": "device/model", "$os_version": "device/os-version",
	"$app_version": "device/app-version", "$screen_width": "device/screen", "$screen_height": "device/screen",
	"$viewport_width": "device/screen", "$viewport_height": "device/screen", "$first_browser_language": "device/language",
}

// write writes the draft as a schema.
func (d *draft) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`schema:
  purposes: [statistics]
  # The property that is true in private mode and false in normal mode; without
  # it an event counts as private and is refused.
  private: {property: incognito}
  consent: {default: none}
  events:
`)
	for _, name := range slices.Sorted(maps.Keys(d.events)) {
		e := d.events[name]
		fmt.Fprintf(&b, "    - name: %s # seen %d times\n      purpose: statistics\n", name, e.n)
		if len(e.props) > 0 {
			b.WriteString("      properties:\n")
		}
		for _, name := range slices.Sorted(maps.Keys(e.props)) {
			b.WriteString(e.props[name].line(name))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *draftProperty) line(name string) string {
	types := slices.Sorted(maps.Keys(p.types))
	text := fmt.Sprintf("        - {name: %s, type: %s", name, types[0])
	if p.kind != "" {
		text += ", kind: " + string(p.kind)
	}
	text += "}"
	switch {
	case len(types) > 1:
		text += fmt.Sprintf(" # came as %v, too", types[1:])
	case p.kind == "" && types[0] == claims.StringType:
		text += " # any text? write values: [...] or a kind"
	}
	return text + "\n"
}
