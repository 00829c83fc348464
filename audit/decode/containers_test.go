package decode

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// A Container is the other side of a decoder: it puts a value under a name.
type Container struct {
	Name   string // of the decoder
	Step   string // of the value
	Text   bool   // takes text only
	Encode func([]byte) []byte
}

// Containers are those that any layer may be.
var Containers = []Container{
	{"multipart", "part:data", false, encodeMultipart},
	{"multipart", "part:data", false, encodeQuotedPart},
	{"message", "message:body", false, encodeRequest},
	{"message", "message:body", false, encodeAnswer},
	{"message", "message:body", false, encodeMail},
	{"xml", "xml:/a/b", true, encodeXML},
	{"xml", "xml:/a/b/@c", true, encodeXMLAttribute},
	{"chunked", "chunked", false, encodeChunked},
	{"zip", "zip:data.bin", false, encodeZip},
	{"tar", "tar:data.bin", false, encodeTar},
	{"plist", "plist:/data", false, encodePlist},
	{"avro", "avro:/0/data", false, encodeAvro("null")},
	{"avro", "avro:/0/data", false, encodeAvro("deflate")},
	{"avro", "avro:/0/data", false, encodeAvro("snappy")},
	{"avro", "avro:/0/data", false, encodeAvro("zstandard")},
	{"bson", "bson:/data", false, encodeBSON},
	{"java", "java:/0/data", false, encodeJava},
	{"php", "php:/data", false, encodePHP},
	{"php", "php:/data", false, encodePHPSession},
	{"pickle", "pickle:/3", false, encodePickle},
	{"pickle", "pickle:/1", true, encodePickleText},
	{"mqtt", "mqtt:/1/payload", false, encodePublish},
	{"mqtt", "mqtt:/1/payload", false, encodePublish5},
	{"dns", "dns:/additional/0/data", false, encodeDNS},
	{"tars", "tars:/3", false, encodeTARS},
	{"properties", "properties:data", true, encodeProperties},
	{"data", "data", false, encodeDataURL},
	{"jwt", "jwt:payload", true, encodeJWT},
	{"grpc", "grpc:1", false, encodeGRPC},
	{"der", "der:/1", false, encodeDER},
	{"der", "der:/1", false, encodeBER},
	{"thrift", "thrift:/2", false, encodeThrift},
	{"thrift-compact", "thrift:/2", false, encodeThriftCompact},
	{"cbor", "cbor:/data", false, encodeCBOR},
	{"cbor", "cbor:/1/data", false, encodeCBORSequence},
	{"msgpack", "msgpack:/data", false, encodeMessagePack},
	{"msgpack", "msgpack:/1/data", false, encodeMessagePackStream},
}

// contained fuzzes the containers of a decoder: what was put in comes out under
// its name. The value itself is tried as a layer too.
func contained(f *testing.F, name string) {
	f.Helper()
	f.Add([]byte("https://example.org/honey"))
	f.Add([]byte("\x00\xff\r\n--<&\"\\"))
	for _, c := range Containers {
		if c.Name == name {
			f.Add(c.Encode([]byte("in itself")))
		}
	}
	d := named(f, name)
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, d, layer{data: data, room: fuzzRoom})
		for _, c := range Containers {
			if c.Name != name || len(data) == 0 || c.Text && !lonely(data) {
				continue
			}
			in := c.Encode(data)
			if !holds(run(t, d, layer{data: in, room: 1 << 22}), c.Step, data) {
				t.Errorf("%q: no %q under %s", in, data, c.Step)
			}
		}
	})
}

// lonely reports whether data is text that stands alone: without space around
// it, without what XML does not allow.
func lonely(data []byte) bool {
	return utf8.Valid(data) && isText(data) && len(bytes.TrimSpace(data)) == len(data) && !bytes.Contains(data, []byte("\r"))
}

func holds(parts []part, step string, data []byte) bool {
	for _, p := range parts {
		if p.step == step && bytes.Equal(p.data, data) {
			return true
		}
	}
	return false
}

// listed writes parts as a person reads them.
func listed(parts []part) (lines []string) {
	for _, p := range parts {
		lines = append(lines, p.step+"="+string(p.data))
	}
	return lines
}
