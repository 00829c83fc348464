package hello

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
)

// hexes turns "1301,1302" into numbers.
func hexes(t *testing.T, list string) []uint16 {
	t.Helper()
	var numbers []uint16
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(s, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, uint16(n))
	}
	return numbers
}

// The example of FoxIO's description, given there as lists and as hashes.
func TestPublishedExample(t *testing.T) {
	c := Client{
		Version: 0x0303, Versions: []uint16{0x7a7a, 0x0304, 0x0303}, Named: true, ALPN: []string{"h2", "http/1.1"},
		Ciphers: append([]uint16{0xcaca}, hexes(t, "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035")...),
		Extensions: append([]uint16{0x5a5a},
			hexes(t, "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015")...),
		Signatures: hexes(t, "0403,0804,0401,0503,0805,0501,0806,0601"),
	}
	if got, want := c.JA4(TCP), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The rules at the edges.
func TestJA4Edges(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    Client
		want string
	}{
		{"empty", Client{}, "t00i000000_000000000000_000000000000"},
		{"SSL 3, no extensions", Client{Version: 0x0300, Ciphers: []uint16{0x1a1a}}, "ts3i000000_000000000000_000000000000"},
		{"one letter", Client{Version: 0x0301, ALPN: []string{"h"}}, "t10i0000hh_000000000000_000000000000"},
		{"not a letter", Client{Version: 0x0302, ALPN: []string{"\xab\xcd"}}, "t11i0000ad_000000000000_000000000000"},
		{"an empty protocol", Client{Version: 0x0303, ALPN: []string{""}}, "t12i000000_000000000000_000000000000"},
		{"a hundred", Client{Version: 0x0303, Ciphers: slices.Repeat([]uint16{0x1301}, 120)}, "t12i990000_" + short(strings.TrimSuffix(strings.Repeat("1301,", 120), ",")) + "_000000000000"},
		{"name and protocol only", Client{Version: 0x0303, Named: true, Extensions: []uint16{0, 16}, ALPN: []string{"h3"}}, "t12d0002h3_000000000000_000000000000"},
	} {
		if got := tc.c.JA4(TCP); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

// said returns what a client of the standard library says first.
func said(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		_ = tls.Client(near, config).HandshakeContext(t.Context())
		near.Close()
	}()
	var b []byte
	for buf := make([]byte, 512); ; {
		n, err := far.Read(buf)
		b = append(b, buf[:n]...)
		if _, short := Records(b); !errors.Is(short, ErrShort) {
			return b
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What the standard library reads of a hello, we read too.
func TestSameAsCryptoTLS(t *testing.T) {
	b := said(t, &tls.Config{ServerName: "a.example", NextProtos: []string{"h2", "http/1.1"}})
	got, err := Records(b)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		_, _ = near.Write(b)
		_, _ = io.Copy(io.Discard, near)
	}()
	var want *tls.ClientHelloInfo
	stop := errors.New("enough")
	_ = tls.Server(far, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		want = h
		return nil, stop
	}}).HandshakeContext(t.Context())
	far.Close()
	var signatures []uint16
	for _, s := range want.SignatureSchemes {
		signatures = append(signatures, uint16(s))
	}
	expected := &Client{
		Version: 0x0303, Versions: want.SupportedVersions, Ciphers: want.CipherSuites, Extensions: want.Extensions,
		Signatures: signatures, ALPN: want.SupportedProtos, SNI: want.ServerName, Named: true,
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
}

// A hello in several records is read as one.
func TestPieces(t *testing.T) {
	b := said(t, &tls.Config{ServerName: "a.example"})
	whole, err := Records(b)
	if err != nil {
		t.Fatal(err)
	}
	var cut []byte
	for piece := range slices.Chunk(b[recordHeader:], 100) {
		cut = append(cut, recordHandshake, 3, 1, 0, byte(len(piece)))
		cut = append(cut, piece...)
	}
	pieces, err := Records(cut)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, pieces); diff != "" {
		t.Error(diff)
	}
	for n := range cut {
		if _, err := Records(cut[:n]); !errors.Is(err, ErrShort) {
			t.Fatalf("%d of %d bytes: %v", n, len(cut), err)
		}
	}
}

// build writes a hello with given lists.
func build(ciphers, signatures []uint16, sni string) []byte {
	var b cryptobyte.Builder
	b.AddUint8(messageHello)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(0x0303)
		b.AddBytes(make([]byte, 32))
		b.AddUint8LengthPrefixed(func(*cryptobyte.Builder) {})
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, c := range ciphers {
				b.AddUint16(c)
			}
		})
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(extServerName)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint8(0)
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(sni)) })
				})
			})
			b.AddUint16(extSignatures)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					for _, s := range signatures {
						b.AddUint16(s)
					}
				})
			})
		})
	})
	return b.BytesOrPanic()
}

// Whatever comes, reading ends, and what was read can be written and read again.
func FuzzRecords(f *testing.F) {
	f.Add(said(f, &tls.Config{ServerName: "a.example", NextProtos: []string{"h2"}}))
	hello := build([]uint16{0x1301, 0x0a0a}, []uint16{0x0403}, "b.example")
	f.Add(append([]byte{recordHandshake, 3, 1, byte(len(hello) >> 8), byte(len(hello))}, hello...))
	old, _ := hex.DecodeString("16030000020100")
	f.Add(old)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Records(b)
		if err != nil {
			return
		}
		if n := strings.Count(c.JA4(TCP), "_"); n != 2 {
			t.Errorf("%q has %d underscores, want 2", c.JA4(TCP), n)
		}
		if len(c.SNI) > 1000 {
			return
		}
		again, err := Message(build(c.Ciphers, c.Signatures, c.SNI))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.Ciphers, c.Ciphers) || !slices.Equal(again.Signatures, c.Signatures) || again.SNI != c.SNI {
			t.Errorf("read again: %+v, before: %+v", again, c)
		}
	})
}
