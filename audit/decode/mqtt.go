package decode

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// Types of MQTT packets (OASIS, MQTT 3.1.1 and 5.0, section 2.1).
const (
	mqttConnect   = 1
	mqttPublish   = 3
	mqttSubscribe = 8
	mqttVersion5  = 5
)

// Bits of a CONNECT packet (section 3.1.2).
const (
	mqttWill     = 0x04
	mqttPassword = 0x40
	mqttUser     = 0x80
)

// isMQTT wants a packet of a type, its length, and the length of a text.
func isMQTT(in layer) bool {
	if len(in.data) < minRun/2 {
		return false
	}
	w := &walker{data: in.data, pos: 1}
	switch in.data[0] >> 4 {
	case mqttConnect, mqttPublish, mqttSubscribe:
		n, err := w.varint()
		return err == nil && n > 4 && n <= w.left()
	}
	return false
}

// decodeMQTT gives what the client says of itself when it connects, and the
// topics and payloads of what it publishes, each under the number of its packet.
func decodeMQTT(in layer, emit func(part) bool) error {
	return walk(in, "mqtt", emit, func(w *walker) error {
		r := &mqttReader{walker: w}
		for n := 0; r.left() > 0; n++ {
			if err := r.item(n, r.packet); err != nil {
				return err
			}
		}
		return nil
	})
}

type mqttReader struct {
	*walker
	version byte // that the client said, 0 if that was not seen
}

// packet reads one packet. What the types without content say is left.
func (r *mqttReader) packet() error {
	head, err := r.byte()
	if err != nil {
		return err
	}
	n, err := r.varint()
	if err != nil || n > r.left() {
		return errShort
	}
	end := r.pos + int(n) //nolint:gosec // not more than len(data)
	switch head >> 4 {
	case mqttConnect:
		err = r.connect(end)
	case mqttPublish:
		err = r.publish(head, end)
	case mqttSubscribe:
		err = r.subscribe(end)
	case 0:
		return errForeign
	}
	switch {
	case errors.Is(err, errEnough):
		return err
	case err != nil || r.pos > end:
		return errForeign
	}
	r.pos = end
	return nil
}

// field reads a text of a packet and hands it out under a name.
func (r *mqttReader) field(name string) error {
	n, err := r.uint(2)
	if err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.below([]byte(name), 0, func() error { return r.leaf(b, r.since(r.pos-len(b))) })
}

// properties passes over those of version 5.
func (r *mqttReader) properties() error {
	if r.version != mqttVersion5 {
		return nil
	}
	n, err := r.varint()
	if err != nil {
		return err
	}
	b, err := r.take(n)
	if err != nil {
		return err
	}
	return r.below([]byte("properties"), 0, func() error { return r.leaf(b, r.since(r.pos-len(b))) })
}

func (r *mqttReader) connect(end int) error {
	rest := r.data[r.pos:end]
	if !bytes.HasPrefix(rest, []byte("\x00\x04MQTT")) && !bytes.HasPrefix(rest, []byte("\x00\x06MQIsdp")) {
		return errForeign
	}
	r.vouched = true
	head, err := r.take(uint64(rest[1]) + 6)
	if err != nil {
		return err
	}
	flags := head[len(head)-3]
	r.version = head[len(head)-4]
	if err := r.properties(); err != nil {
		return err
	}
	if err := r.field("client"); err != nil {
		return err
	}
	if flags&mqttWill != 0 {
		if err := r.properties(); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		bit  byte
		name string
	}{{mqttWill, "will-topic"}, {mqttWill, "will"}, {mqttUser, "user"}, {mqttPassword, "password"}} {
		if flags&f.bit == 0 {
			continue
		}
		if err := r.field(f.name); err != nil {
			return err
		}
	}
	return nil
}

func (r *mqttReader) publish(head byte, end int) error {
	start := r.pos
	n, err := r.uint(2)
	if err != nil {
		return err
	}
	topic, err := r.take(n)
	if err != nil || r.pos > end || len(topic) == 0 || !isKey(topic) || !utf8.Valid(topic) {
		return errForeign
	}
	r.vouched = r.vouched || len(topic) >= minRun/4 && r.pos < end
	r.pos = start
	if err := r.field("topic"); err != nil {
		return err
	}
	if head&0x06 != 0 { // delivered at least once: the packet has a number
		if _, err := r.take(2); err != nil {
			return err
		}
	}
	if err := r.properties(); err != nil || r.pos > end {
		return errForeign
	}
	if r.version == 0 && r.pos < end && r.data[r.pos] == 0 {
		r.pos++ // no properties of version 5: no payload starts with a zero
	}
	b, err := r.take(uint64(end - r.pos)) //nolint:gosec // not negative
	if err != nil {
		return err
	}
	return r.below([]byte("payload"), 0, func() error { return r.leaf(b, r.since(r.pos-len(b))) })
}

func (r *mqttReader) subscribe(end int) error {
	if _, err := r.take(2); err != nil {
		return err
	}
	if err := r.properties(); err != nil {
		return err
	}
	for n := 0; r.pos < end; n++ {
		if err := r.field("topic" + strconv.Itoa(n)); err != nil {
			return err
		}
		if _, err := r.take(1); err != nil {
			return err
		}
	}
	return nil
}
