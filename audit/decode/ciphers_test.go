package decode

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	mrand "math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"telltale/audit"
)

func unhexed(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// given makes a keyring of keys as they stand on a command line.
func given(t testing.TB, keys ...string) *Keyring {
	t.Helper()
	var list []Key
	for i, text := range keys {
		k, err := ParseKey(text, i+1, func(name string) ([]byte, error) { return []byte(name), nil })
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, k)
	}
	return NewKeyring(list...)
}

// The vectors of NIST SP 800-38A, appendix F: their plaintext is random, so
// that only the deciphering is held against them.
func TestModesOfNIST(t *testing.T) {
	const (
		plain = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710"
		iv    = "000102030405060708090a0b0c0d0e0f"
		first = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
	)
	keys := map[int]string{
		128: "2b7e151628aed2a6abf7158809cf4f3c",
		192: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	}
	for _, tt := range []struct {
		section, mode string
		bits          int
		iv, sealed    string
	}{
		{"F.1.1", "ecb", 128, "", "3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf 43b1cd7f598ece23881b00e3ed030688 7b0c785e27e8ad3f8223207104725dd4"},
		{"F.2.1", "cbc", 128, iv, "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7"},
		{"F.2.3", "cbc", 192, iv, "4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a 571b242012fb7ae07fa9baac3df102e0 08b0e27988598881d920a9e64f5615cd"},
		{"F.2.5", "cbc", 256, iv, "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d 39f23369a9d9bacfa530e26304231461 b2eb05e2c39be9fcda6c19078c6a9d1b"},
		{"F.5.1", "ctr", 128, first, "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff 5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee"},
		{"F.5.5", "ctr", 256, first, "601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5 2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6"},
	} {
		got := deciphered(t, tt.mode, unhexed(t, keys[tt.bits]), unhexed(t, tt.iv), unhexed(t, tt.sealed))
		if want := unhexed(t, plain); !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", tt.section, got, want)
		}
	}
}

// deciphered runs a mode without asking whether the result is plausible: it
// takes what accept was about to decipher.
func deciphered(t *testing.T, mode string, key, iv, sealed []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	start := map[string]func(cipher.Block, []byte) func() deciphering{"ecb": ecbFrom, "cbc": cbcFrom, "ctr": ctrFrom}[mode]
	out := make([]byte, len(sealed))
	start(block, iv)()(out, sealed)
	return out
}

// What openssl encrypts is opened: the program is another implementation.
func TestAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	const key, iv = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
	text := []byte(`{"event":"page_view","url":"https://example.org/honey"}`)
	for _, tt := range []struct {
		args []string
		keys []string
		want string
	}{
		{[]string{"-aes-128-cbc", "-K", key[:32], "-iv", iv}, []string{"hex:" + key[:32], "iv=hex:" + iv}, "aes-128-cbc:key=given:1,iv=given:iv"},
		{[]string{"-aes-192-cbc", "-K", key[:48], "-iv", iv}, []string{"hex:" + key[:48], "iv=hex:" + iv}, "aes-192-cbc:key=given:1,iv=given:iv"},
		{[]string{"-aes-256-cbc", "-K", key, "-iv", strings.Repeat("00", 16)}, []string{"hex:" + key}, "aes-256-cbc:key=given:1,iv=zero"},
		{[]string{"-aes-256-ecb", "-K", key}, []string{"hex:" + key}, "aes-256-ecb:key=given:1"},
		{[]string{"-aes-256-ctr", "-K", key, "-iv", iv}, []string{"hex:" + key, "nonce=hex:" + iv}, "aes-256-ctr:key=given:1,iv=given:nonce"},
		{[]string{"-aes-256-cbc", "-md", "md5", "-k", "open sesame"}, []string{"text:open sesame"}, "aes-256-cbc:key=given:1,iv=salted"},
		{[]string{"-aes-128-cbc", "-k", "open sesame"}, []string{"pass=text:open sesame"}, "aes-128-cbc:key=given:pass,iv=salted"},
	} {
		cmd := exec.CommandContext(t.Context(), openssl, append([]string{"enc"}, tt.args...)...)
		cmd.Stdin = bytes.NewReader(text)
		sealed, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		values, ring := unlock(t, given(t, tt.keys...), bodyOf(sealed))
		if trail := trailOf(values, string(text)); trail != "request.body › "+tt.want {
			t.Errorf("%v: trail %q, want %s", tt.args, trail, tt.want)
		}
		replayed(t, ring, bodyOf(sealed), values)
	}
}

// Ciphers that openssl enc does not have, made by the libraries.
func TestOtherCiphers(t *testing.T) {
	r := mrand.New(mrand.NewPCG(9, 9))
	text := []byte(`{"event":"page_view","url":"https://example.org/honey"}`)
	key, short := noise(r, 32), noise(r, 11)
	stream := make([]byte, len(text))
	c, err := rc4.NewCipher(short)
	if err != nil {
		t.Fatal(err)
	}
	c.XORKeyStream(stream, text)
	chacha, _ := chacha20poly1305.New(key)
	long, _ := chacha20poly1305.NewX(key)
	nonce := noise(r, 24)
	for want, sealed := range map[string][]byte{
		"chacha20-poly1305:key=given:1,iv=prefix":  chacha.Seal(slices.Clone(nonce[:12]), nonce[:12], text, nil),
		"xchacha20-poly1305:key=given:1,iv=prefix": long.Seal(slices.Clone(nonce), nonce, text, nil),
		"rc4:key=given:2":                          stream,
		"xor:key=given:2":                          xor(text, short),
	} {
		ring := given(t, "hex:"+hex.EncodeToString(key), fmt.Sprintf("hex:%x", short))
		values, _ := unlock(t, ring, bodyOf(sealed))
		if trail := trailOf(values, string(text)); trail != "request.body › "+want {
			t.Errorf("trail %q, want %s", trail, want)
		}
		if values, _ = unlock(t, given(t), bodyOf(sealed)); slices.ContainsFunc(values, isOpened) {
			t.Errorf("%s: opened without its key", want)
		}
	}
}

// The payloads of Sensors Analytics, sensors-protocol: the page's static key,
// and an envelope whose key is wrapped for the receiver.
func TestSensorsPayloads(t *testing.T) {
	const (
		text   = `{"type":"track","event":"E","distinct_id":"u1","time":1588291200000,"properties":{}}`
		web    = "AAECAwQFBgcICQoLDA0OD0cu27i9Ut7TxsljywB8c5sxv7k3bSLZ3Wrd1is08gyTOfpoO6MY8RVlKQFcts1NUdWrqoIRH3ZeLoq75MGuciGmVGecsgM5rkShMWGxvxixOIsMst6+jspeXZ1RSmqtVQ=="
		native = "AAECAwQFBgcICQoLDA0OD5kFu4SAcC4HKab4HCRiWtH5jsDcK6a5bT7AW6RbclHQoFAQnc4dwGnql/C/ev5NNhM4Vp81d/4PKsZTERqXZoBx6Wsv/SoWfsUuBunLokXszQG61mXRW26o/S/Bk1iQYg=="
	)
	body := bodyOf([]byte(`{"key_id":7,"key_hash":"hh","nc":1,"payload":"` + web + `"}`))
	search := NewKeySearch(nil)
	search.Answer(audit.Exhibit{Data: audit.NewSecret([]byte(`s.use("AesEncryption",{k:"0123456789abcdef",kid:7,khash:"hh"});`))})
	o := Options{Limits: DefaultLimits, Keys: search.Keyring()}
	values := []audit.Value{}
	for v := range NewPeeler(o).Values(body) {
		values = append(values, v)
	}
	if got, want := trailOf(values, text), "request.body › json:/payload › base64 › aes-128-cbc:key=answer:k,iv=prefix"; got != want {
		t.Errorf("page: trail %q, want %q", got, want)
	}
	replayed(t, o.Keys, body, values)

	private, file := rsaKey(t)
	for name, wrap := range map[string]func([]byte) ([]byte, error){
		"PKCS #1": func(k []byte) ([]byte, error) { return wrapOld(private, k) },
		"OAEP": func(k []byte) ([]byte, error) {
			return rsa.EncryptOAEP(sha1.New(), rand.Reader, &private.PublicKey, k, nil)
		},
	} {
		ekey, err := wrap([]byte("0123456789abcdef"))
		if err != nil {
			t.Fatal(err)
		}
		list := fmt.Appendf(nil, `[{"ekey":%q,"pkv":3,"payloads":[%q],"flush_time":1588291201000}]`, base64.StdEncoding.EncodeToString(ekey), native)
		values, ring := unlock(t, given(t, "vendor=@"+file), bodyOf(list))
		want := "request.body › json:/0/payloads/0 › base64 › aes-128-cbc:key=given:vendor/json:/0/ekey,iv=prefix › gzip"
		if got := trailOf(values, text); got != want {
			t.Errorf("%s: trail %q, want %q", name, got, want)
		}
		replayed(t, ring, bodyOf(list), values)
		if values, _ = unlock(t, given(t), bodyOf(list)); slices.ContainsFunc(values, isOpened) {
			t.Errorf("%s: opened without the private key", name)
		}
	}
}

// rsaKey returns a key and its file.
func rsaKey(t testing.TB) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// wrapOld encrypts as the programs do that are looked at.
func wrapOld(key *rsa.PrivateKey, secret []byte) ([]byte, error) {
	return rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, secret) //nolint:staticcheck // what is tested undoes it
}

// An envelope as AppMetrica writes it: a block of RSA with key and IV before
// what they encrypt.
func TestEnvelopeInFront(t *testing.T) {
	key, file := rsaKey(t)
	r := mrand.New(mrand.NewPCG(5, 5))
	secret, text := noise(r, 32), `{"device_id":"d1","url":"https://example.org/honey"}`
	block, err := aes.NewCipher(secret[:16])
	if err != nil {
		t.Fatal(err)
	}
	front, err := wrapOld(key, secret)
	if err != nil {
		t.Fatal(err)
	}
	sealed := slices.Concat(front, cbcWith(block, secret[16:], []byte(text)))
	values, ring := unlock(t, given(t, "@"+file), bodyOf(sealed))
	if got, want := trailOf(values, text), "request.body › rsa+aes-128-cbc:key=given:1,iv=envelope"; got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	replayed(t, ring, bodyOf(sealed), values)
}

// An envelope of Umeng with codex 1 holds its own key: the bytes 1 to 16 of its
// signature. The IV is in every copy of the program.
func TestUmengEnvelope(t *testing.T) {
	r := mrand.New(mrand.NewPCG(6, 6))
	signature, text := noise(r, 32), `{"header":{"device_id":"d1"},"body":{}}`
	block, err := aes.NewCipher(signature[1:17])
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	entity := cbcWith(block, unhexed(t, "0a010b05040f070917030106080c0d5b"), packed.Bytes())
	str := func(b []byte) []byte { return append([]byte{0x18, byte(len(b))}, b...) }
	envelope := slices.Concat(
		str([]byte("1.0")), str([]byte("appkey")), str([]byte(hex.EncodeToString(signature))),
		[]byte{0x15, 2, 0x15, 2, 0x15, 2}, str(entity), str([]byte(hex.EncodeToString(noise(r, 16)))), str([]byte("cs")),
		[]byte{0x15, 2, 0},
	)
	values, ring := unlock(t, given(t), bodyOf(envelope))
	want := "request.body › thrift:/7 › aes-128-cbc:key=thrift:/3,iv=published:umeng-envelope › zlib"
	if got := trailOf(values, text); got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	replayed(t, ring, bodyOf(envelope), values)
}

// A device's id as Baidu's programs encrypt it.
func TestPublishedKey(t *testing.T) {
	key := []byte("30212102dicudiab")
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := base64.StdEncoding.EncodeToString(cbcWith(block, key, []byte("bd_setting_i=490154203237518")))
	doc, _ := json.Marshal(map[string]string{"cuid": sealed})
	values, _ := unlock(t, given(t), bodyOf(doc))
	want := "request.body › json:/cuid › base64 › aes-128-cbc:key=published:baidu-cuid,iv=key"
	if got := trailOf(values, "bd_setting_i=490154203237518"); got != want {
		t.Errorf("trail %q, want %q", got, want)
	}
	for line := range strings.Lines(keysText) {
		if _, ok := publishedKey(line); !ok && !strings.HasPrefix(line, "#") {
			t.Errorf("keys.txt: %q cannot be read", line)
		}
	}
}

// Random bytes are opened by no key.
func TestRandomStaysSealed(t *testing.T) {
	trials := 100_000
	if testing.Short() {
		trials = 2000
	}
	r := mrand.New(mrand.NewPCG(7, 7))
	keys := []string{"iv=hex:000102030405060708090a0b0c0d0e0f", "nonce=hex:000102030405060708090a0b"}
	for _, size := range []int{16, 32} {
		keys = append(keys, fmt.Sprintf("hex:%x", noise(r, size)))
	}
	ring := given(t, keys...)
	sizes := []int{16, 32, 48, 64, 80, 96, 21, 300, 1024}
	for i := range trials {
		in := layer{data: noise(r, sizes[i%len(sizes)]), lock: ring.lock(audit.Exhibit{ID: "e1"})}
		if out, ok, _ := open(in); ok {
			t.Fatalf("%x: %s gives %q", in.data, out.step, out.data)
		}
	}
}

// A key that stands in the record is written as text or as digits, and need not
// be as long as one of AES.
func TestKeyInTheRecord(t *testing.T) {
	r := mrand.New(mrand.NewPCG(11, 3))
	text := []byte(`{"event":"page_view","url":"https://example.org/honey"}`)
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(text)
	_ = w.Close()
	for _, size := range []int{5, 8, 11, 16, 21} {
		key := noise(r, size)
		stream := make([]byte, len(text))
		c, err := rc4.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		c.XORKeyStream(stream, text)
		for _, written := range []string{hex.EncodeToString(key), base64.StdEncoding.EncodeToString(key)} {
			for want, sealed := range map[string][]byte{"rc4:key=json:/key": stream, "xor:key=json:/key › zlib": xor(packed.Bytes(), key)} {
				body := bodyOf(fmt.Appendf(nil, `{"key":%q,"data":%q}`, written, base64.StdEncoding.EncodeToString(sealed)))
				values, ring := unlock(t, nil, body)
				if got := trailOf(values, string(text)); got != "request.body › json:/data › base64 › "+want {
					t.Errorf("%d bytes in %q: trail %q, want %s", size, written, got, want)
				}
				replayed(t, ring, body, values)
			}
		}
	}
}
