package decode

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"telltale/audit"
)

// eventOf is a protocol buffer with the fields that an event has.
func eventOf(id, content []byte) []byte {
	out := append([]byte{0x0a, byte(len(id))}, id...)
	out = append(out, 0x10, 0xff, 0xa3, 0xba, 0xa5, 0xe3, 0x33, 0x7a, byte(len(content)))
	return append(out, content...)
}

func deflated(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// Digits of binary content are read for what is in it.
func TestHeld(t *testing.T) {
	address := []byte("https://www.clinic-h5n2.example/appointments/oncology?day=2026-05-04")
	event := eventOf([]byte("89fe7ba0-fc03-422c-a5e6-f3170530f62d"), address[:60])
	frame := append([]byte{0, 0, 0, 0, byte(len(event))}, event...)
	own := append([]byte{1, 2, 3, 0xfe, 0xc0, 7}, address...)
	for name, content := range map[string][]byte{"protobuf": event, "grpc": frame, "deflate": deflated(t, address), "own": own} {
		for _, tt := range []struct {
			decoder, step string
			in            []byte
		}{
			{"base32", "base32", toBase32(content, 0)},
			{"base32", "base32hex", toBase32(content, 1)},
			{"base85", "ascii85", toASCII85(content)},
			{"base85", "z85", toZ85(content)},
			{"base91", "base91", toBase91(content)},
			{"base45", "base45", toBase45(content)},
			{"codes", "codes", toCodes(content, false)},
		} {
			t.Run(name+" in "+tt.step, func(t *testing.T) {
				roundTrip(t, tt.decoder, layer{data: tt.in}, tt.step, content)
			})
		}
	}
	zeros := append(bytes.Repeat([]byte("1"), 4), toRadix(frame[4:], 58, digits58)...)
	roundTrip(t, "radix", layer{data: zeros}, "base58", frame)
	roundTrip(t, "radix", layer{data: toRadix(event, 58, digits58)}, "base58", event)
}

// Ids of any alphabet hold nothing: no decoder that guesses gives a part.
func TestNotHeld(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	alphabets := []string{
		"0123456789", "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
		digits58, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
	}
	var guesses []decoder
	for _, name := range []string{"base32", "radix", "base45", "base85", "base91", "codes", "joined", "indexed"} {
		guesses = append(guesses, named(t, name))
	}
	const trials = 12_500
	for _, digits := range alphabets {
		for range trials {
			id := make([]byte, 16+r.IntN(57))
			for i := range id {
				id[i] = digits[r.IntN(len(digits))]
			}
			for _, d := range guesses {
				if parts := run(t, d, layer{data: id}); len(parts) > 0 {
					t.Errorf("%s: got %q", id, listed(parts))
				}
			}
		}
	}
}

// What is looked ahead costs no more than so many looks at each byte.
func TestProofEnds(t *testing.T) {
	nest := []byte("x")
	for len(nest) < 1<<16 {
		nest = append([]byte{0x0a, byte(len(nest)&0x7f | 0x80), byte(len(nest)>>7&0x7f | 0x80), byte(len(nest) >> 14)}, nest...)
	}
	p := proof{left: heldWork * len(nest)}
	if got := p.bits(nest, heldDepth); got >= heldBits {
		t.Errorf("got %v bits for nothing", got)
	}
	if least := -2 * len(nest); p.left < least {
		t.Errorf("%d bytes too many were looked at", -p.left)
	}
}

// Objects of bytes or characters by their number are read; other objects whose
// names are numbers are not.
func TestIndexed(t *testing.T) {
	mail := []byte("jane.doe17@mail.example")
	for _, tt := range []struct{ in, step string }{
		{`{"a":{"0":106,"1":97,"2":110,"3":101,"4":46,"5":100,"6":111,"7":101,"8":49,"9":55,"10":64,"11":109,"12":97,"13":105,"14":108,"15":46,` +
			`"16":101,"17":120,"18":97,"19":109,"20":112,"21":108,"22":101}}`, "codes"},
		{`{ "0": "j", "1":"a","2":"n","3":"e","4":".","5":"d","6":"o","7":"e","8":"1","9":"7","10":"@","11":"m","12":"a","13":"i","14":"l",` +
			`"15":".","16":"e","17":"x","18":"a","19":"m","20":"p","21":"l","22":"e" }`, "characters"},
	} {
		roundTrip(t, "indexed", layer{data: []byte(tt.in)}, tt.step, mail)
	}
	for _, in := range []string{
		`{"0":1,"1":2,"2":3,"3":4,"4":5,"5":6,"6":7,"7":8}`, `{"0":"a","1":"b"}`, `{"0":106,"2":97}`, `{"0":{"1":2}}`, `{"0":106`, `"0":"a"`,
	} {
		if parts := run(t, named(t, "indexed"), layer{data: []byte(in)}); len(parts) > 0 {
			t.Errorf("%s: got %q", in, listed(parts))
		}
	}
}

// FuzzIndexed holds what it reads against a list of the same numbers.
func FuzzIndexed(f *testing.F) {
	f.Add([]byte(`{"0":104,"1":116}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "indexed"), layer{data: data})
		data = append([]byte("https://example.org/"), letters(data)...)
		roundTrip(t, "indexed", layer{data: toIndexed(data)}, "codes", data)
	})
}

// FuzzPacked reads bytes that a protocol buffer packs as numbers.
func FuzzPacked(f *testing.F) {
	f.Add([]byte("é"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run(t, named(t, "packed"), layer{step: "protobuf:5", data: data})
		data = letters(data)
		roundTrip(t, "packed", layer{step: "protobuf:5", data: toPacked(data)}, "packed", data)
	})
}

// FuzzDelimited splits lists and rows.
func FuzzDelimited(f *testing.F) {
	f.Add([]byte("a~b"), "value of some length")
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		run(t, named(t, "delimited"), layer{data: append(data, 'x')}) // no layer is empty
		value = string(letters([]byte(value)))
		if bytes.ContainsAny([]byte(value), delimiters) {
			return
		}
		for _, list := range []string{"1.0|" + value + "|de", "7\t" + value, "a~9~" + value + "~c", "id\tname\n7\t" + value + "\n", "4x\x1e" + value} {
			roundTrip(t, "delimited", layer{data: []byte(list)}, listStep(list, value), []byte(value))
		}
	})
}

// An id, a media type and prose have no values between delimiters.
func TestNotDelimited(t *testing.T) {
	for _, in := range []string{"a|b|c", "GA1.2.3", "101509157~103116026~103200004", "two words | and a few", "[1|2]", "no delimiter in a long line of text"} {
		if parts := run(t, named(t, "delimited"), layer{data: []byte(in)}); len(parts) > 0 {
			t.Errorf("%q: got %q", in, listed(parts))
		}
	}
}

// The token behind the name of a scheme is read in any encoding.
func TestWords(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Bearer u=maria.l%40mail.example&v=5.15.5&sid=411db419-6932", "maria.l@mail.example"},
		{"App/1.2 (Android 14; 13%0D%0Amaria.lindqvist.8f3%0D%0A12%0D%0Aa91c2%40mail.example%0D%0A0%0D%0A%0D%0A) sdk/3", "maria.lindqvist.8f3a91c2@mail.example"},
		{"Bearer " + string(toBase91([]byte("maria.lindqvist.8f3a91c2@mail.example"))), "maria.lindqvist.8f3a91c2@mail.example"},
	} {
		ex := audit.Exhibit{ID: "e1", Part: "request.header", Data: audit.NewSecret([]byte("Authorization: " + tt.in + "\r\n"))}
		found := false
		for v := range Values(ex, DefaultLimits) {
			found = found || string(v.Data.Reveal()) == tt.want
		}
		if !found {
			t.Errorf("%s: no %s", tt.in, tt.want)
		}
	}
}

// toIndexed writes bytes as JSON.stringify writes a Uint8Array.
func toIndexed(in []byte) []byte {
	out := []byte("{")
	for i, c := range in {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "%q:%d", strconv.Itoa(i), c)
	}
	return append(out, '}')
}

func toPacked(in []byte) (out []byte) {
	for _, c := range in {
		out = binary.AppendUvarint(out, uint64(c))
	}
	return out
}

// listStep is the step of a value in a list.
func listStep(list, value string) string {
	before := list[:strings.Index(list, value)]
	n := 1
	for i := range len(before) {
		if strings.IndexByte(delimiters+"\n", before[i]) >= 0 {
			n++
		}
	}
	return "list:" + strconv.Itoa(n)
}
