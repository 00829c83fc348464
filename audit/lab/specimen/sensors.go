package specimen

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf16"
)

// hashCode is Java's String.hashCode, which the Sensors SDKs call crc.
func hashCode(s string) int32 {
	var h int32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(unit)
	}
	return h
}

// batch packs events as the Android SDK does: a form with JSON in gzip in base64.
func batch(events []track) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(events); err != nil {
		return "", fmt.Errorf("packing events: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("packing events: %w", err)
	}
	list := base64.StdEncoding.EncodeToString(b.Bytes())
	return fmt.Sprintf("crc=%d&gzip=1&data_list=%s", hashCode(list), url.QueryEscape(list)), nil
}

// A track is one event of the Sensors protocol.
type track struct {
	TrackID    int32          `json:"_track_id"`
	Time       int64          `json:"time,omitempty"` // ms
	Type       string         `json:"type"`
	DistinctID string         `json:"distinct_id"`
	LoginID    string         `json:"login_id,omitempty"`
	Lib        lib            `json:"lib"`
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties"`
}

// A lib says which SDK made the event.
type lib struct {
	Name       string `json:"$lib"`
	Version    string `json:"$lib_version"`
	Method     string `json:"$lib_method"`
	AppVersion string `json:"$app_version"`
}
