package sensors

import (
	"regexp"
	"strings"
)

// An AnonymizationID is what $anonymization_id holds. The native SDKs send it
// instead of $device_id when an app switches the device id off. It is base64 of
// that very id.
type AnonymizationID struct {
	ID   string
	Kind string // "ANDROID_ID", "UUID" (IDFA, IDFV or a random one) or "text"
}

var (
	androidID = regexp.MustCompile(`^[0-9a-f]{14,16}$`)
	uuid      = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	printable = regexp.MustCompile(`^[!-~]{6,128}$`)
)

// DecodeAnonymizationID undoes the base64.
func DecodeAnonymizationID(s string) (AnonymizationID, bool) {
	raw, err := unbase64(strings.TrimSpace(s))
	if err != nil || len(raw) > 128 {
		return AnonymizationID{}, false
	}
	id := AnonymizationID{ID: strings.TrimSpace(string(raw))}
	switch {
	case androidID.MatchString(id.ID):
		id.Kind = "ANDROID_ID"
	case uuid.MatchString(id.ID):
		id.Kind = "UUID"
	case printable.MatchString(id.ID):
		id.Kind = "text"
	default:
		return AnonymizationID{}, false
	}
	return id, true
}
