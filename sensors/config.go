package sensors

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// Bits of [RemoteConfig.AutoTrack].
const (
	AutoTrackStart  = 1 << iota // the app starts
	AutoTrackEnd                // the app ends
	AutoTrackClick              // something is touched
	AutoTrackScreen             // a screen is shown
)

// AutoTrackAsBuilt leaves automatic events as the app has set them.
const AutoTrackAsBuilt = -1

// A RemoteConfig is what a server tells the native SDKs at
// /config/Android.conf and /config/iOS.conf. It can switch an SDK off. The SDK asks
// after it has started, so that events before the answer may still come.
type RemoteConfig struct {
	Version          string // v: an SDK that has it sends it, and gets [http.StatusNotModified]
	NewVersion       string // configs.nv
	DisableSDK       bool
	DisableDebug     bool     // disableDebugMode
	AutoTrack        int      // autoTrackMode: bits, or [AutoTrackAsBuilt]
	Blacklist        []string // event_blacklist: events that must not be sent
	Now              bool     // effect_mode 1: at once, not at the next start
	Key              *ConfigKey
	EncryptTransport bool // supportTransportEncrypt: whole requests (gzip=13)
}

// A ConfigKey is a public key for sealing, as in a [Recipient].
type ConfigKey struct {
	Version int64  // pkv
	Public  string // see [PublicKey]
	Type    string // "RSA+AES", "EC+AES" or "SM2+SM4"
}

// Value returns the JSON of the answer. A key stands there twice, for SDKs that
// know key_v2 and for those that do not; a key that is not RSA is told to the
// latter as a text of its own.
func (c RemoteConfig) Value() Value {
	names := make([]Value, len(c.Blacklist))
	for i, name := range c.Blacklist {
		names[i] = Text(name)
	}
	mode := int64(0)
	if c.Now {
		mode = 1
	}
	configs := []Member{
		{"nv", Text(c.NewVersion)},
		{"disableSDK", Truth(c.DisableSDK)},
		{"disableDebugMode", Truth(c.DisableDebug)},
		{"autoTrackMode", Integer(int64(c.AutoTrack))},
		{"event_blacklist", NewList(names...)},
		{"effect_mode", Integer(mode)},
		{"supportTransportEncrypt", Truth(c.EncryptTransport)},
	}
	if k := c.Key; k != nil {
		configs = append(configs, Member{"key", k.old()}, Member{"key_v2", NewObject(
			Member{"public_key", Text(k.Public)}, Member{"pkv", Integer(k.Version)}, Member{"type", Text(k.Type)},
		)})
	}
	return NewObject(Member{"v", Text(c.Version)}, Member{"configs", NewObject(configs...)})
}

// old returns the key as SDKs before key_v2 want it.
func (k ConfigKey) old() Value {
	key := []Member{{"public_key", Text(k.Public)}, {"pkv", Integer(k.Version)}}
	if kind, _, _ := strings.Cut(k.Type, "+"); kind != "RSA" {
		ec := NewObject(Member{"type", Text(kind)}, Member{"public_key", Text(k.Public)}, Member{"pkv", Integer(k.Version)})
		key = []Member{{"key_ec", Text(string(ec.Append(nil)))}}
	}
	return NewObject(key...)
}

// Answer returns what an SDK gets that asks with the version it has (the
// parameter v) and the header If-None-Match: 304 without a body if nothing is
// new, else 200. The tag goes into the header ETag.
func (c RemoteConfig) Answer(have, ifNoneMatch string) (status int, body []byte, tag string) {
	body = c.Value().Append(nil)
	sum := sha256.Sum256(body)
	tag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	if c.Version != "" && have == c.Version || matches(ifNoneMatch, tag) {
		return http.StatusNotModified, nil, tag
	}
	return http.StatusOK, body, tag
}

// matches reports whether a header If-None-Match names the tag (RFC 9110, 13.1.2).
func matches(header, tag string) bool {
	for want := range strings.SplitSeq(header, ",") {
		want = strings.TrimSpace(want)
		if want == "*" || strings.TrimPrefix(want, "W/") == tag {
			return true
		}
	}
	return false
}

// ParseRemoteConfig reads the JSON of an answer. What is missing has its zero
// value, and autoTrackMode is then [AutoTrackAsBuilt].
func ParseRemoteConfig(text string, lim Limits) (RemoteConfig, error) {
	v, err := Parse(text, lim)
	if err != nil {
		return RemoteConfig{}, fmt.Errorf("reading a remote configuration: %w", err)
	}
	configs, ok := v.Get("configs")
	if !ok || configs.Kind() != Object {
		return RemoteConfig{}, fmt.Errorf("reading a remote configuration: no object configs")
	}
	get := func(name string) Value { m, _ := configs.Get(name); return m }
	version, _ := v.Get("v")
	c := RemoteConfig{
		Version: version.Text(), NewVersion: get("nv").Text(), AutoTrack: AutoTrackAsBuilt,
		DisableSDK: get("disableSDK").Bool(), DisableDebug: get("disableDebugMode").Bool(),
		EncryptTransport: get("supportTransportEncrypt").Bool(),
	}
	if bits, ok := get("autoTrackMode").Int(); ok && AutoTrackAsBuilt <= bits && bits < AutoTrackScreen<<1 {
		c.AutoTrack = int(bits)
	}
	mode, _ := get("effect_mode").Int()
	c.Now = mode == 1
	for _, name := range get("event_blacklist").Items() {
		c.Blacklist = append(c.Blacklist, name.Text())
	}
	c.Key = readConfigKey(get("key_v2"), get("key"), lim)
	return c, nil
}

// readConfigKey prefers the newer form of a key.
func readConfigKey(newer, older Value, lim Limits) *ConfigKey {
	if newer.Kind() == Object {
		k := configKey(newer)
		return &k
	}
	if older.Kind() != Object {
		return nil
	}
	if ec, ok := older.Get("key_ec"); ok {
		if v, err := Parse(ec.Text(), lim); err == nil {
			k := configKey(v)
			k.Type += "+AES"
			return &k
		}
	}
	k := configKey(older)
	k.Type = "RSA+AES"
	return &k
}

func configKey(v Value) (k ConfigKey) {
	public, _ := v.Get("public_key")
	pkv, _ := v.Get("pkv")
	kind, _ := v.Get("type")
	k.Public, k.Type = public.Text(), kind.Text()
	k.Version, _ = pkv.Int()
	return k
}
