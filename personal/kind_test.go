package personal_test

import (
	"strings"
	"testing"

	"telltale/personal"
)

// Every kind has a meaning in plain words, and none stands twice.
func TestKinds(t *testing.T) {
	seen := make(map[personal.Kind]bool)
	for _, k := range personal.Kinds() {
		if seen[k] || k.Meaning() == "" || k.Short() == string(k) || !k.Known() || strings.Contains(string(k), " ") {
			t.Errorf("%q: twice %v, meaning %q", k, seen[k], k.Meaning())
		}
		seen[k] = true
	}
	if len(seen) < 30 {
		t.Errorf("%d kinds", len(seen))
	}
}

func TestUnder(t *testing.T) {
	for _, c := range []struct {
		kind, parent personal.Kind
		want         bool
	}{
		{"id/device/imei", "id/device", true},
		{"id/device/imei", "id", true},
		{"id/device", "id/device", true},
		{"id/device", "id/device/imei", false},
		{"id/devices", "id/device", false},
	} {
		if got := c.kind.Under(c.parent); got != c.want {
			t.Errorf("%s under %s: %v", c.kind, c.parent, got)
		}
	}
}

// A parent of a kind is known, a part of a name is not.
func TestKnown(t *testing.T) {
	for k, want := range map[personal.Kind]bool{
		"id": true, "id/device": true, "id/device/imei": true, "behaviour": true, "": false, "i": false, "id/dev": false, "id/device/imei/x": false,
	} {
		if got := k.Known(); got != want {
			t.Errorf("%q: %v", k, got)
		}
	}
}
