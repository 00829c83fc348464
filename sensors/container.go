package sensors

import (
	"errors"
	"fmt"
)

// A Variant is a form of encryption, as the container shows it.
type Variant uint8

// The variants. Which of them are meant for one event and which for a whole
// request, the container does not say; [Payload.Gzip] does (9 and 13).
const (
	// Native is that of the Android and iOS SDKs, and of the JavaScript plugin
	// for SM2 and SM4: a symmetric key, wrapped for the receiver (ekey), the
	// number of the receiver's key (pkv), the time of sending (flush_time).
	Native Variant = iota + 1
	// General is that of the JavaScript plugin GeneralEncryption: as Native,
	// without the time. The functions that encrypt are those of the page.
	General
	// Static is that of the JavaScript plugin AesEncryption: the key stands in
	// the page's source, and key_id names it.
	Static
)

// String returns the name of the variant for messages.
func (v Variant) String() string {
	switch v {
	case Native:
		return "native"
	case General:
		return "general"
	case Static:
		return "static key"
	default:
		return "unknown"
	}
}

// A Container is a piece of encrypted data. What stands here is what everybody
// can read of it.
type Container struct {
	Variant    Variant
	KeyVersion int64    // pkv or key_id
	KeyHash    string   // key_hash, of Static
	EKey       string   // the wrapped symmetric key in base64, not of Static
	Payloads   []string // base64 of an initialisation vector and the ciphertext
	FlushTime  int64    // ms, 0 if it is not there
}

// String says what can be said of the container without a key.
func (c Container) String() string {
	size := 0
	for _, p := range c.Payloads {
		size += len(p)
	}
	s := fmt.Sprintf("encrypted (%s), key %d, %d payloads, %d bytes in base64", c.Variant, c.KeyVersion, len(c.Payloads), size)
	if c.Variant != Static {
		s += ", key wrapped for " + c.Wrapping()
	}
	return s
}

// Wrapping says what kind of key ekey was probably wrapped for. It tells by
// the length of ekey, for there is nothing else to tell by.
func (c Container) Wrapping() string {
	raw, err := unbase64(c.EKey)
	if err != nil || len(raw) == 0 {
		return "a key of an unknown kind"
	}
	switch n := len(raw); n {
	case 128, 256, 384, 512:
		return fmt.Sprintf("RSA of %d bits", n*8)
	case 65 + aesKey + macSize, 97 + aesKey + macSize, 133 + aesKey + macSize:
		return "an elliptic curve (ECIES)"
	case 64 + 32 + aesKey, 65 + 32 + aesKey, 65 + 32 + 2*aesKey:
		return "SM2"
	default:
		return "a key of an unknown kind"
	}
}

// ErrNoContainer is returned for text that is no container, such as a record
// in clear.
var ErrNoContainer = errors.New("no encrypted container")

// ParseContainers reads the JSON text of one container or a list of them. For
// anything else the error is [ErrNoContainer].
func ParseContainers(text string, lim Limits) ([]Container, error) {
	lim.String = len(text) // a payload is as long as it is
	v, err := Parse(text, lim)
	if err != nil {
		return nil, ErrNoContainer
	}
	values := []Value{v}
	if v.Kind() == List {
		values = values[:0]
		for _, item := range v.Items() {
			values = append(values, item)
		}
	}
	containers := make([]Container, 0, len(values))
	for _, value := range values {
		c, ok := container(value)
		if !ok {
			return nil, ErrNoContainer
		}
		containers = append(containers, c)
	}
	if len(containers) == 0 {
		return nil, ErrNoContainer
	}
	return containers, nil
}

// container reads one object, which has either a wrapped key or the number of
// a static one beside its payload.
func container(v Value) (Container, bool) {
	ekey, wrapped := v.Get("ekey")
	keyID, static := v.Get("key_id")
	switch {
	case wrapped && ekey.Kind() == String:
		c := Container{Variant: General, EKey: ekey.Text()}
		pkv, _ := v.Get("pkv")
		c.KeyVersion, _ = pkv.Int()
		if flush, ok := v.Get("flush_time"); ok {
			c.Variant = Native
			c.FlushTime, _ = flush.Int()
		}
		payloads, _ := v.Get("payloads")
		return c, c.add(payloads)
	case static:
		c := Container{Variant: Static}
		c.KeyVersion, _ = keyID.Int()
		hash, _ := v.Get("key_hash")
		c.KeyHash = hash.Text()
		payload, _ := v.Get("payload")
		return c, c.add(payload)
	default:
		return Container{}, false
	}
}

// add takes a payload or a list of them.
func (c *Container) add(v Value) bool {
	if v.Kind() == String {
		c.Payloads = append(c.Payloads, v.Text())
		return true
	}
	for _, item := range v.Items() {
		if item.Kind() != String {
			return false
		}
		c.Payloads = append(c.Payloads, item.Text())
	}
	return len(c.Payloads) > 0
}

// value returns c as it travels. One for a whole request has its payload as a
// string and not as a list.
func (c Container) value(whole bool) Value {
	if c.Variant == Static {
		return NewObject(
			Member{"key_id", Integer(c.KeyVersion)},
			Member{"key_hash", Text(c.KeyHash)},
			Member{"nc", Integer(1)},
			Member{"payload", Text(c.Payloads[0])},
		)
	}
	payloads := make([]Value, len(c.Payloads))
	for i, p := range c.Payloads {
		payloads[i] = Text(p)
	}
	list := NewList(payloads...)
	if whole {
		list = payloads[0]
	}
	members := []Member{{"pkv", Integer(c.KeyVersion)}, {"ekey", Text(c.EKey)}, {"payloads", list}}
	if c.Variant == Native {
		members = append(members, Member{"flush_time", Integer(c.FlushTime)})
	}
	return NewObject(members...)
}
