package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// encodePickle writes {"n": 7, "data": data} as Python does in protocol 4.
func encodePickle(data []byte) []byte {
	out := []byte("\x80\x04}\x94(\x8c\x01n\x94K\x07\x8c\x04data\x94B")
	out = append(binary.LittleEndian.AppendUint32(out, uint32(len(data))), data...)
	return append(out, "\x94u."...)
}

// encodePickleText writes a string in protocol 0.
func encodePickleText(data []byte) []byte {
	return []byte("(dp0\nVdata\np1\nV" + strings.NewReplacer(`\`, `\u005c`, "\n", `\u000a`).Replace(string(data)) + "\np2\ns.")
}

// encodeTARS writes a number, a struct and bytes, and the length before them.
func encodeTARS(data []byte) []byte {
	fields := []byte("\x01\x02\x03" + "\x16\x0bcom.example" + "\x2a\x06\x01x\x1c\x0b" + "\x3d\x00\x02")
	fields = append(binary.BigEndian.AppendUint32(fields, uint32(len(data))), data...)
	fields = append(fields, "\x48\x00\x01\x06\x01k\x16\x01v"...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(fields)+4)), fields...)
}

// encodePublish writes the packets of a client that connects and publishes.
func encodePublish(data []byte) []byte {
	connect := "\x00\x04MQTT\x04\xc2\x00\x3c\x00\x06client\x00\x02me\x00\x02pw"
	out := append([]byte{0x10, byte(len(connect))}, connect...)
	publish := append([]byte("\x00\x05topic\x00\x01"), data...)
	out = binary.AppendUvarint(append(out, 0x32), uint64(len(publish)))
	return append(append(out, publish...), 0xe0, 0)
}

// encodePublish5 is encodePublish in version 5, with properties.
func encodePublish5(data []byte) []byte {
	connect := "\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x14\x00\x06client"
	out := append([]byte{0x10, byte(len(connect))}, connect...)
	publish := append([]byte("\x00\x05topic\x02\x01\x01"), data...)
	out = binary.AppendUvarint(append(out, 0x30), uint64(len(publish)))
	return append(out, publish...)
}

// encodeDNS writes an answer whose data is no text.
func encodeDNS(data []byte) []byte {
	name := dnsmessage.MustNewName("a.example.")
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: 7, RecursionDesired: true})
	_ = b.StartQuestions()
	_ = b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET})
	_ = b.StartAdditionals()
	_ = b.UnknownResource(dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET}, dnsmessage.UnknownResource{Type: 65280, Data: data[:min(len(data), 60000)]})
	out, err := b.Finish()
	if err != nil {
		panic(err)
	}
	return out
}

// javaClassOf describes a class of fields, each with its type before its name.
func javaClassOf(name string, flags byte, fields ...string) string {
	out := "\x72" + javaUTF(name) + "12345678" + string([]byte{flags, 0, byte(len(fields))})
	for _, f := range fields {
		out += f[:1] + javaUTF(f[1:])
		if f[0] == 'L' {
			out += "\x74" + javaUTF("Ljava/lang/Object;")
		}
	}
	return out + "\x78\x70" // nothing annotated, no class above
}

func javaUTF(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// encodeJava writes an object with a number, an array of bytes and a list that
// its class wrote.
func encodeJava(data []byte) []byte {
	out := "\xac\xed\x00\x05\x73" + javaClassOf("a.Event", 3, "In", "Ldata", "Ltag") + "\x00\x00\x00\x07"
	out += "\x75" + javaClassOf("[B", 2) + string(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) + string(data)
	return []byte(out + "\x74" + javaUTF("page") + "\x77\x02ab" + "\x71\x00\x7e\x00\x00" + "\x78")
}

func encodeCBORSequence(data []byte) []byte {
	return append(encodeCBOR([]byte("one")), encodeCBOR(data)...)
}

func encodeMessagePackStream(data []byte) []byte {
	return append(encodeMessagePack([]byte("one")), encodeMessagePack(data)...)
}

// encodeBER writes octets in two pieces, in a sequence without a length.
func encodeBER(data []byte) []byte {
	out := []byte("\x30\x80\x06\x03\x2a\x86\x48\x24\x80")
	for _, b := range [][]byte{data[:len(data)/2], data[len(data)/2:]} {
		out = binary.BigEndian.AppendUint32(append(out, 0x04, 0x84), uint32(len(b)))
		out = append(out, b...)
	}
	return append(out, 0, 0, 0, 0)
}

// encodePHPSession writes a variable of a session, every byte of it escaped.
func encodePHPSession(data []byte) []byte {
	return fmt.Appendf(nil, `n|i:7;data|S:%d:"%s";`, len(data), toHexList(data, `\`, ""))
}

// encodeGroup writes a group with a number and bytes.
func encodeGroup(data []byte) []byte {
	out := append(binary.AppendUvarint([]byte("\x08\x07\x13\x08\x07\x12"), uint64(len(data))), data...)
	return append(out, 0x14)
}

func FuzzPickle(f *testing.F)     { contained(f, "pickle") }
func FuzzTARS(f *testing.F)       { contained(f, "tars") }
func FuzzMQTT(f *testing.F)       { contained(f, "mqtt") }
func FuzzDNS(f *testing.F)        { contained(f, "dns") }
func FuzzJavaSerial(f *testing.F) { contained(f, "java") }

// A group is a layer of its own, and so is the message in it.
func TestProtobufGroup(t *testing.T) {
	data := []byte("https://example.org/honey")
	parts := run(t, named(t, "protobuf"), layer{data: encodeGroup(data)})
	if len(parts) != 2 || parts[1].step != "protobuf:2" || !holds(run(t, named(t, "protobuf"), layer{data: parts[1].data}), "protobuf:2", data) {
		t.Errorf("got %q", listed(parts))
	}
	deep := append(bytes.Repeat([]byte{0x13}, 1e5), bytes.Repeat([]byte{0x14}, 1e5)...)
	if parts := run(t, named(t, "protobuf"), layer{data: append(deep, 0xff)}); len(parts) > 0 {
		t.Errorf("deep groups: %d parts", len(parts))
	}
	big := append(binary.AppendUvarint(binary.AppendUvarint(nil, 1<<24<<3|wireBytes), uint64(len(data))), data...)
	if parts := run(t, named(t, "protobuf"), layer{data: append(big, 0x08, 0x80, 0x01)}); !holds(parts, "protobuf:16777216", data) {
		t.Errorf("a high number: got %q", listed(parts))
	}
}

// What a client says when it connects has names.
func TestMQTT(t *testing.T) {
	parts := run(t, named(t, "mqtt"), layer{data: encodePublish([]byte("x"))})
	for step, want := range map[string]string{"mqtt:/0/client": "client", "mqtt:/0/user": "me", "mqtt:/0/password": "pw", "mqtt:/1/topic": "topic"} {
		if !holds(parts, step, []byte(want)) {
			t.Errorf("%s: no %q in %q", step, want, listed(parts))
		}
	}
}

// Names of a class give names to values; what it wrote itself has numbers.
func TestJavaSerial(t *testing.T) {
	parts := run(t, named(t, "java"), layer{data: encodeJava([]byte("x"))})
	for step, want := range map[string]string{"java:/0/n": "7", "java:/0/tag": "page", "java:/0/0": "ab"} {
		if !holds(parts, step, []byte(want)) {
			t.Errorf("%s: no %q in %q", step, want, listed(parts))
		}
	}
}

// FuzzDNSNames holds the names against the library of the Go project.
func FuzzDNSNames(f *testing.F) {
	f.Add(encodeDNS([]byte("data")))
	f.Add([]byte("\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03abc\x07example\x00\x00\x10\x00\x01\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x06\x05honey"))
	d := named(f, "dns")
	f.Fuzz(func(t *testing.T, in []byte) {
		parts := run(t, d, layer{data: in})
		var m dnsmessage.Message
		if len(parts) == 0 || m.Unpack(in) != nil {
			return
		}
		for i, q := range m.Questions {
			want := strings.TrimSuffix(q.Name.String(), ".")
			if step := fmt.Sprintf("dns:/question/%d", i); want != "" && bytes.IndexByte(in, 0xc0) < 0 && !holds(parts, step, []byte(want)) {
				t.Errorf("%x: no %q under %s in %q", in, want, step, listed(parts))
			}
		}
	})
}

// FuzzLabels splits digits over labels and joins them.
func FuzzLabels(f *testing.F) {
	f.Add([]byte("text"), uint(50))
	f.Fuzz(func(t *testing.T, data []byte, n uint) {
		digits := bytes.ToLower(bytes.TrimRight(toBase32(letters(data), 0), "="))
		host := toGroups(digits, int(16+n%47), ".")
		if bytes.IndexByte(host, '.') < 0 {
			return
		}
		for _, domain := range []string{".test", ".a.test"} {
			parts := run(t, named(t, "labels"), layer{step: "host", data: append(bytes.Clone(host), domain...)})
			found := false
			for _, p := range parts {
				found = found || bytes.Equal(p.data, digits)
			}
			if !found {
				t.Errorf("%s%s: got %q", host, domain, listed(parts))
			}
		}
	})
}

// FuzzFramed reads JSON and compressed data from a stream of frames.
func FuzzFramed(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "framed"), layer{data: data})
		text := letters(data)
		frames := [][]byte{fmt.Appendf(nil, "{\"k\":%q}", text), toMessage(text), encodeGRPC(text)}
		var varint, big, little []byte
		for _, frame := range frames {
			varint = append(binary.AppendUvarint(varint, uint64(len(frame))), frame...)
			big = append(binary.BigEndian.AppendUint32(big, uint32(len(frame))), frame...)
			little = append(binary.LittleEndian.AppendUint32(little, uint32(len(frame))), frame...)
		}
		for _, in := range [][]byte{varint, big, little} {
			for i, frame := range frames {
				roundTrip(t, "framed", layer{data: in}, fmt.Sprintf("frame:%d", i), frame)
			}
		}
	})
}

// toMessage is a protocol buffer with a number before the bytes.
func toMessage(in []byte) []byte {
	return append(binary.AppendUvarint([]byte("\x08\x96\x01\x12"), uint64(len(in))), in...)
}

// FuzzBinaryString reads bytes that were made characters.
func FuzzBinaryString(f *testing.F) {
	f.Add([]byte("text"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "binary-string"), layer{data: data})
		data = encodeZip(letters(data))
		var chars []rune
		for _, c := range data {
			chars = append(chars, rune(c))
		}
		if _, ok := charBytes([]byte(string(chars))); ok {
			roundTrip(t, "binary-string", layer{data: []byte(string(chars))}, "binary-string", data)
		}
	})
}
