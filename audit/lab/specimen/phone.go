package specimen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"telltale/personal"
)

// An Action is something that the user of the phone does.
type Action struct {
	Kind  personal.Kind
	Name  string        // of the folder, the app, the screen …; may be a seed
	Time  time.Time     // when; zero: the phone does not say
	Dwell time.Duration // how long a screen was looked at
}

// The sinks of the phone. The names of hosts are those of the case. Neither
// OneTrack's format nor the project of the phone's Sensors events is public:
// both are stand-ins that say the same.
const (
	oneTrackURL     = "https://tracking.intl.miui.com/track/v1"
	phoneSensorsURL = "https://sa.api.intl.miui.com/sa?project=miui_system&r="
)

// A signal says how the phone reports one kind of behaviour. The teardown
// tells what was reported; the names are ours.
type signal struct {
	event, property string
	sensors         bool // through Sensors, else through OneTrack
}

var signals = map[personal.Kind]signal{
	"behaviour/folder/open":   {event: "folder_open", property: "folder"},
	"behaviour/gesture/swipe": {event: "swipe", property: "gesture"},
	"behaviour/statusbar":     {event: "status_bar", property: "item"},
	"behaviour/settings":      {event: "settings_page", property: "page"},
	"behaviour/app/open":      {event: "app_switch", property: "app", sensors: true},
	"behaviour/dwell":         {event: "$AppViewScreen", property: "$screen_name", sensors: true},
}

// A message is a request that the phone is going to make.
type message struct{ url, contentType, body string }

// Run lets the user of the phone do the actions and sends what the phone would
// send. It refuses, with an error and no more than the question to the gate,
// unless the client goes through a proxy for every host and the lab has proved
// that it is there. What the sinks answer does not matter.
func (s Specimen) Run(ctx context.Context, client *http.Client, lab Lab, p Persona, actions []Action) error {
	if s.Kind != Program {
		return fmt.Errorf("specimen %s is an %s and no program; unpack it for a browser", s.Name, s.Kind)
	}
	messages, err := phoneMessages(p, actions)
	if err != nil {
		return fmt.Errorf("specimen %s: %w", s.Name, err)
	}
	client, err = confined(client)
	if err != nil {
		return fmt.Errorf("specimen %s: %w", s.Name, err)
	}
	if err := lab.enter(ctx, client); err != nil {
		return fmt.Errorf("specimen %s: %w", s.Name, err)
	}
	for _, m := range messages {
		if err := m.send(ctx, client); err != nil {
			return fmt.Errorf("specimen %s: %w", s.Name, err)
		}
	}
	return nil
}

var errNoProxy = errors.New("the client does not go through a proxy; give it a Transport with the lab's")

// confined returns the client without redirects, if it has its own transport
// that takes a proxy to all hosts that the phone speaks to.
func confined(client *http.Client) (*http.Client, error) {
	if client == nil {
		return nil, errNoProxy
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok || transport == nil || transport.Proxy == nil {
		return nil, errNoProxy
	}
	for _, target := range []string{"http://" + Host, oneTrackURL, phoneSensorsURL} {
		u, err := url.Parse(target)
		if err != nil {
			return nil, fmt.Errorf("sink: %w", err)
		}
		if proxy, err := transport.Proxy(&http.Request{URL: u}); err != nil || proxy == nil {
			return nil, errNoProxy
		}
	}
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c, nil
}

// batchLimit is the number of events in one request of the Android SDK.
const batchLimit = 50

// phoneMessages makes all messages before anything is sent.
func phoneMessages(p Persona, actions []Action) ([]message, error) {
	var messages []message
	var tracks []track
	for i, a := range actions {
		s, ok := signals[a.Kind]
		switch {
		case !ok:
			return nil, fmt.Errorf("no event for %q; the phone reports %s", a.Kind, reported())
		case s.sensors:
			tracks = append(tracks, newTrack(p, a, s, i))
		default:
			m, err := oneTrack(p, a, s)
			if err != nil {
				return nil, err
			}
			messages = append(messages, m)
		}
	}
	for events := range slices.Chunk(tracks, batchLimit) {
		form, err := batch(events)
		if err != nil {
			return nil, err
		}
		target := phoneSensorsURL + url.QueryEscape(p.Region)
		messages = append(messages, message{target, "application/x-www-form-urlencoded", form})
	}
	return messages, nil
}

func reported() string {
	var kinds []string
	for kind := range signals {
		kinds = append(kinds, string(kind))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}

type oneTrackEvent struct {
	Event  string            `json:"event"`
	Time   int64             `json:"time,omitempty"` // ms
	Device device            `json:"device"`
	Params map[string]string `json:"params"`
}

type device struct {
	AndroidID   string `json:"android_id"`
	OSVersion   string `json:"os_version"`
	Model       string `json:"model"`
	MIUIVersion string `json:"miui_version"`
	Region      string `json:"region"`
}

func oneTrack(p Persona, a Action, s signal) (message, error) {
	body, err := json.Marshal(oneTrackEvent{
		Event:  s.event,
		Time:   millis(a.Time),
		Device: device{p.AndroidID, p.OSVersion, p.Model, p.MIUIVersion, p.Region},
		Params: map[string]string{s.property: a.Name},
	})
	if err != nil {
		return message{}, fmt.Errorf("packing %s: %w", s.event, err)
	}
	return message{oneTrackURL, "application/json", string(body)}, nil
}

func newTrack(p Persona, a Action, s signal, n int) track {
	t := track{
		TrackID:    hashCode(fmt.Sprint(p.AndroidID, n, s.event)),
		Time:       millis(a.Time),
		Type:       "track",
		DistinctID: p.AndroidID,
		LoginID:    p.Account,
		Lib:        lib{Name: "Android", Version: "3.2.10", Method: "code", AppVersion: p.AppVersion},
		Event:      s.event,
		Properties: map[string]any{
			"$os": "Android", "$os_version": p.OSVersion, "$manufacturer": p.Maker, "$model": p.Model,
			"$carrier": p.Carrier, "$network_type": p.NetworkType, "$device_id": p.AndroidID,
			"$screen_width": p.ScreenWidth, "$screen_height": p.ScreenHeight,
			"miui_version": p.MIUIVersion, "miui_region": p.Region, "system_language": p.Language,
			s.property: a.Name,
		},
	}
	if a.Dwell > 0 {
		t.Properties["event_duration"] = a.Dwell.Seconds()
	}
	return t
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// send posts the message; only a broken connection is an error.
func (m message) send(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, strings.NewReader(m.body))
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	req.Header.Set("Content-Type", m.contentType)
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, answerLimit)) // so that the connection is used again
	return nil
}
