package decode

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"
	"unicode/utf16"

	"telltale/audit"
)

// Text of any language is never opaque, in UTF-8 or UTF-16.
func TestTextIsNotOpaque(t *testing.T) {
	for _, s := range []string{
		"The quick brown fox jumps over the lazy dog and says so.",
		"Ærøskøbing lå stille, da båden gled ind; så råbte nogen højt: »Æbler!«",
		"Съешь ещё этих мягких французских булок, да выпей же чаю, пожалуйста.",
		"我能吞下玻璃而不伤身体。今天天气很好，我们去公园散步，顺便买一些水果和蔬菜。",
		"色は匂へど散りぬるを我が世誰ぞ常ならむ有為の奥山今日越えて浅き夢見じ酔ひもせず",
		"मैं काँच खा सकता हूँ और मुझे उससे कोई चोट नहीं पहुंचती; आज मौसम अच्छा है।",
		"نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ومغلف بجلد أزرق",
		"😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩😘😗😚😙",
	} {
		wide := []byte{}
		for _, unit := range utf16.Encode([]rune(s)) {
			wide = binary.LittleEndian.AppendUint16(wide, unit)
		}
		if opaque([]byte(s)) || opaque(wide) {
			t.Errorf("%q: opaque in UTF-8 %v, in UTF-16 %v", s, opaque([]byte(s)), opaque(wide))
		}
	}
}

// record is a small protocol buffer as telemetry has them: counters, times,
// short words, and now and then a random id.
func record(r *rand.Rand, size int) []byte {
	words := []string{"android", "com.example.app", "page_view", "en-US", "wifi", "14", "Pixel 8", "https://example.org/"}
	var b []byte
	tag := func(field, wire int) { b = binary.AppendUvarint(b, uint64(field<<3|wire)) }
	content := func(field int, c []byte) {
		tag(field, wireBytes)
		b = append(binary.AppendUvarint(b, uint64(len(c))), c...)
	}
	for field := 1; len(b) < size; field++ {
		switch r.IntN(6) {
		case 0:
			tag(field, wireVarint)
			b = binary.AppendUvarint(b, r.Uint64N(1000))
		case 1:
			tag(field, wireVarint)
			b = binary.AppendUvarint(b, 1_588_291_200_000+r.Uint64N(1e9))
		case 2:
			tag(field, wire64)
			b = append(b, noise(r, 8)...)
		case 3:
			content(field, noise(r, 16))
		default:
			content(field, []byte(words[r.IntN(len(words))]))
		}
	}
	return b
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Small records are not taken for ciphers once they are peeled, and ciphers
// rarely for records.
func TestOpaqueRates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const trials = 400
	for _, size := range []int{minOpaque, 64, 128, 256, 1000, 4000} {
		wrong, missed := 0, 0
		for range trials {
			if anyOpaque(record(r, size)) {
				wrong++
			}
			if !opaque(noise(r, size)) {
				missed++
			}
		}
		t.Logf("%4d bytes: %d of %d records opaque, %d of %d random not", size, wrong, trials, missed, trials)
		if wrong > trials/100 {
			t.Errorf("%d of %d records of %d bytes are opaque", wrong, trials, size)
		}
		if missed > trials/100 {
			t.Errorf("%d of %d random sequences of %d bytes are not opaque", missed, trials, size)
		}
	}
}

// anyOpaque reports whether a layer of data is opaque.
func anyOpaque(data []byte) bool {
	for v, err := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(data)}, DefaultLimits) {
		if err == nil && v.Opaque {
			return true
		}
	}
	return false
}

// What is encrypted or compressed is opaque, also behind a readable head.
func TestOpaque(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	text := bytes.Repeat([]byte(`{"event":"page_view","url":"https://example.org/"},`), 40)
	block, err := aes.NewCipher(noise(r, 16))
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, len(text)/16*16)
	cipher.NewCBCEncrypter(block, noise(r, 16)).CryptBlocks(secret, text[:len(secret)])

	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 400 {
		_, _ = w.Write(record(r, 40))
	}
	_ = w.Close()

	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		picture.Set(i%64, i/64, color.RGBA{uint8(r.Uint32()), uint8(i), uint8(r.Uint32()), 255})
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, picture); err != nil {
		t.Fatal(err)
	}

	table := make([]byte, 256)
	for i := range table {
		table[i] = byte(i)
	}
	for name, tt := range map[string]struct {
		data []byte
		want bool
	}{
		"AES":             {secret, true},
		"AES behind text": {append([]byte("key id 7, the rest is not for you: "), secret...), true},
		"deflate":         {deflated.Bytes(), true},
		"PNG":             {encoded.Bytes(), true},
		"a digest":        {noise(r, 32), false},
		"zeros":           {make([]byte, 500), false},
		"a table":         {table, false},
		"nothing":         {nil, false},
	} {
		if got := opaque(tt.data); got != tt.want {
			t.Errorf("%s: opaque is %v", name, got)
		}
	}
}

// The entropy of bytes that are all the same, of two kinds, and of all kinds.
func TestEntropy(t *testing.T) {
	table := make([]byte, 256)
	for i := range table {
		table[i] = byte(i)
	}
	for want, data := range map[float64][]byte{0: make([]byte, 9), 1: []byte("abababab"), 8: table} {
		if got := entropy(data); got != want {
			t.Errorf("%.10q: got %v, want %v", data, got, want)
		}
	}
}

// What an encrypted token holds is opaque because its header says so, whatever
// its bytes look like.
func TestEncryptedTokenIsOpaque(t *testing.T) {
	in := token(`{"alg":"dir","enc":"A256GCM"}`, "", "123456789012", string(make([]byte, 64)), "1234567890123456")
	for v := range Values(audit.Exhibit{ID: "e1", Part: "request.body", Data: audit.NewSecret(in)}, DefaultLimits) {
		if v.Opaque && v.Size == 64 && v.Entropy == 0 {
			return
		}
	}
	t.Error("no opaque value")
}
