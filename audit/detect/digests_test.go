package detect

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"telltale/audit"
)

// Every digest gives what an independent source says: the RFC or paper that
// defines it, OpenSSL, rhash, xxhsum or Python's hashlib.
func TestDigests(t *testing.T) {
	long := strings.Repeat("a", 200)
	for _, tt := range []struct{ name, in, want string }{
		{"md2", "", "8350e5a3e24c153df2275c9f80692773"},
		{"md2", "abc", "da853b0d3f88d99b30283a69e6ded6bb"},
		{"md2", strings.Repeat("1234567890", 8), "d5976f79d83d3a0dc9806c3c66f3efd8"},
		{"md4", "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
		{"md4", "abc", "a448017aaf21d8525fc10ae87aa6729d"},
		{"md4", long, "e4720c787792df1ec36423b1f3fb0ee6"},
		{"md5", "abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"sha224", "abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
		{"sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"sha384", "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{"sha512", "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{"sha512/224", long, "230fd37b82564b0c3b19d2cf19f91b297a4aca0124b4b691ccee1870"},
		{"sha512/256", long, "19b1e37317d7fd3d7651f397005e31f154ef4912d1345743d2d5889aaca28996"},
		{"sha3-224", long, "455e0ccfc6010738ed93a793dffd79aff36debbd1a7eb6621bd6c722"},
		{"sha3-256", long, "cce34485baf2bf2aca99b94833892a4f52896d3d153f7b840cc4f9fe695f1387"},
		{"sha3-384", long, "f97756776c1874724c94a8008f7f155553b4bf00fbf8fbeac246624ad59c258a3c0977d9f2543d7cbd75b9ac8fdc0d40"},
		{"sha3-512", long, "eae6c85c6904f11075de9f9d5e1064371d000510fa3d2d79d40cf9be34892fb01859d0a0234e138bcb0ad5c84f6c0dca226a414b0c9a2897cb695f5185fe36ec"},
		{"keccak-256", "abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
		{"ripemd160", "", "9c1185a5c5e9fc54612808977ee8f548b2258d31"},
		{"ripemd160", "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
		{"ripemd160", long, "2a5b424394c0fce2665d4e0b077e998d2d62160a"},
		{"whirlpool", "abc", "4e2448a4c6f486bb16b6562c73b4020bf3043e3a731bce721ae1b303d97e6d4c7181eebdb6c57e277d0e34957114cbd6c797fc9d95d8b582d225292076d4eef5"},
		{"whirlpool", long, "0e6bb7ff7a806eb9f732707fd996e20182c8d6cf3414101c4c0e1f4e91b338f195f1a98ed942bcf8cf42f054fe77cf5023d09ff42be32247cf74b12b13941292"},
		{"sm3", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{"sm3", long, "a8da99c801bbd65ec00992ed5cbef851f275e98da9fb2d4f5be184f81473d5dd"},
		{"blake2b-160", "abc", "384264f676f39536840523f284921cdc68b6846b"},
		{"blake2b-128", long, "d63a46941ee0449fd1a7292005e08096"},
		{"blake2b-224", long, "1ad794e749de04a24671a2cbb0b96c6244637a2bfcb88dc993dbc19a"},
		{"blake2b-256", "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
		{"blake2b-256", long, "6b6e59aaf00eb730cf93de53560846722184bbd92f8368c21ffa95380c2f9fe6"},
		{"blake2b-384", "abc", "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4"},
		{"blake2b-512", "", "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"},
		{"blake2b-512", long, "932355851d75f09c18646a9da87c25e055bc57f113121ad1ec63d45e7a1d62ab9133f8b7d1d7de9e0afa784eb6a8a11d78683013d0a672611f17668d9577d209"},
		{"blake2s-256", long, "2b033f9f5ba9cf20671da79e492f41545e673b562603945ffed09662fd92321a"},
		{"blake3", "abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"},
		{"murmur3-128", "The quick brown fox jumps over the lazy dog", "e34bbc7bbc071b6c7a433ca9c49a9347"},
		{"murmur3-128:reversed", "The quick brown fox jumps over the lazy dog", "6c1b07bc7bbc4be347939ac4a93c437a"},
		{"xxh64", "abc", "44bc2cf5ad770999"},
		{"xxh64", long, "942e9189f34eebbe"},
		{"xxh64:reversed", "abc", "990977adf52cbc44"},
		{"xxh3", "abc", "78af5f94892f3950"},
		{"xxh3", long, "ac2bd404bce6c995"},
		{"xxh3:reversed", "abc", "50392f89945faf78"},
		{"xxh3-128", "abc", "06b05ab6733a618578af5f94892f3950"},
		{"xxh3-128", long, "cffe968d25cc79dac8654f5c46034008"},
		{"xxh3-128:reversed", "abc", "50392f89945faf7885613a73b65ab006"},
		{"fnv64", "foobar", "340d8765a4dda9c2"},
		{"fnv64:reversed", "foobar", "c2a9dda465870d34"},
		{"fnv64a", "foobar", "85944171f73967e8"},
		{"fnv64a:reversed", "foobar", "e86739f771419485"},
		{"fnv128", "a", "d228cb69101a8caf78912b704e4a141e"},
		{"fnv128a", "a", "d228cb696f1a8caf78912b704e4a8964"},
		{"bytes", "{00112233-4455-6677-8899-AABBCCDDEEFF}", "00112233445566778899aabbccddeeff"},
		{"bytes:guid", "00112233-4455-6677-8899-aabbccddeeff", "33221100554477668899aabbccddeeff"},
		{"md5(hex(md5))", "abc", "ec0405c5aef93e771cd80e0db180b88b"},
		{"sha1(HEX(md5))", "abc", "e570e0192152ce8ae6a62967318741232ff56071"},
		{"md5(base64(md5))", "abc", "422ae361d41a3ff350853ca3f22f04f1"},
		{"md5:middle", "abc", "3cd24fb0d6963f7d"},
		{"sha256(sha256)", "abc", "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"},
	} {
		i := slices.IndexFunc(digests, func(d digest) bool { return d.name == tt.name })
		if i < 0 {
			t.Errorf("no digest %s", tt.name)
		} else if got := hex.EncodeToString(digests[i].sum([]byte(tt.in))); got != tt.want {
			t.Errorf("%s of %q: got %s, want %s", tt.name, tt.in, got, tt.want)
		}
	}
}

// SipHash gives the value of its paper (appendix A). That one has a key, and
// the table has none.
func TestSipHash(t *testing.T) {
	in := make([]byte, 15)
	for i := range in {
		in[i] = byte(i)
	}
	if got := siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, in); got != 0xa129ca6149be45e5 {
		t.Errorf("got %x", got)
	}
}

// MurmurHash3 gives the value by which its author checks it: the digest of the
// digests of 256 keys, each of one byte more, of which the first word counts.
func TestMurmur128x86(t *testing.T) {
	words := func(seed uint32, b []byte) (out []byte) {
		for w := range slices.Chunk(murmur128x86(seed, b), 4) {
			slices.Reverse(w)
			out = append(out, w...)
		}
		return out
	}
	var key, all []byte
	for i := range 256 {
		all = append(all, words(uint32(256-i), key)...)
		key = append(key, byte(i))
	}
	if got := binary.LittleEndian.Uint32(words(0, all)); got != 0xb3ece62a {
		t.Errorf("got %#x, want 0xb3ece62a", got)
	}
}

// Digests have distinct names and at least the bits that are looked for, and a
// seed costs no more than 500 images.
func TestDigestTable(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range digests {
		if names[d.name] || len(d.sum([]byte("0123456789abcdef0123456789abcdef"))) < gram {
			t.Errorf("%s: twice, or too short", d.name)
		}
		names[d.name] = true
	}
	for name, want := range map[string]string{
		"md5": "md5(lowercase)", "md5(sha1)": "md5(sha1(lowercase))", "md5(hex(sha1))": "md5(hex(sha1(lowercase)))",
	} {
		d := digest{name: name}
		if got := d.of("lowercase"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	seeds := mustSeeds(t, "https://Www.K7f3q9w2.example/m4x8/abcd?q=zyxw")
	if n := seeds.images.len(); n > 500 {
		t.Errorf("a seed costs %d images", n)
	}
}

func mustSeeds(t *testing.T, values ...string) *Seeds {
	t.Helper()
	var list []audit.Seed
	for i, v := range values {
		list = append(list, audit.Seed{Name: fmt.Sprint("s", i), Value: v, Kind: "contact/email"})
	}
	s, err := NewSeeds(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func matched(s *Seeds, data []byte) string {
	var got []string
	for _, m := range s.Find(audit.Value{Data: audit.NewSecret(data)}) {
		got = append(got, fmt.Sprint(m.Form, " ", m.Span))
	}
	return strings.Join(got, ", ")
}

// Each digest of a seed is met, whole, and by its first eight bytes, among
// other bytes.
func TestEachDigestIsMet(t *testing.T) {
	const mail, uuid = "k7f3q9w2m4x8@post.example", "3f2a9c1e-77b0-43a5-8d1e-5c6b7a890f12"
	for _, d := range digests {
		value := mail
		if strings.HasPrefix(d.name, "bytes") {
			value = uuid
		}
		s, sum := mustSeeds(t, value), d.sum([]byte(value))
		for n, want := range map[int]string{
			len(sum): fmt.Sprintf("%s {2 %d}", d.name, len(sum)+2),
			gram:     fmt.Sprintf("%s[:8] {2 10}", d.name),
			gram - 1: "",
		} {
			if n == gram && len(sum) == gram {
				continue
			}
			data := slices.Concat([]byte("\x00\x01"), sum[:n], []byte{^sum[len(sum)-1], 0})
			if n < len(sum) {
				data[2+n] = ^sum[n]
			}
			if got := matched(s, data); got != want {
				t.Errorf("%s of %d bytes: got %q, want %q", d.name, n, got, want)
			}
		}
	}
}

// A digest of 64 bits is met as a number, too, as JavaScript and SQL write it.
func TestDecimalDigests(t *testing.T) {
	s := mustSeeds(t, "k7f3q9w2m4x8@post.example")
	for _, d := range digests {
		sum := d.sum([]byte("k7f3q9w2m4x8@post.example"))
		if len(sum) != gram {
			continue
		}
		var n uint64
		for _, b := range sum {
			n = n<<8 | uint64(b)
		}
		for _, number := range []any{n, int64(n)} {
			text, _ := json.Marshal(number) // numbers can be written
			want := fmt.Sprintf("decimal %s {0 %d}", d.name, len(text))
			if got := matched(s, text); got != want {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
		}
	}
}
