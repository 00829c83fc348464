package sensors

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"testing"
)

// Vectors that others publish for KDF2 with SHA-1; the first is of ISO 18033-2.
func TestKDF2(t *testing.T) {
	for _, tt := range []struct{ secret, want string }{
		{
			"032e45326fa859a72ec235acff929b15d1372e30b207255f0611b8f785d764374152e0ac009e509e7ba30cd2f1778e113b64e135cf4e2292c75efe5288edfda4",
			"0e6a26eb7b956ccb8b3bdc1ca975bc57c3989e8fbad31a224655d800c46954840ff32052cdf0d640562bdfadfa263cfccf3c52b29f2af4a1869959bc77f854cf15bd7a25192985a842dbff8e13efee5b7e7e55bbe4d389647c686a9a9ab3fb889b2d7767d3837eea4e0a2f04b53ca8f50fb31225c1be2d0126c8c7a4753b0807",
		},
		{"deadbeeffeebdaed", "87261bede7ddf0f9305a6e44a74e6a0846dede27f48205c6b141888742b0ce2c"},
	} {
		secret, err := hex.DecodeString(tt.secret)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(kdf2(secret, len(tt.want)/2)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// A message of Bouncy Castle's old engine opens, and one with any other length
// does not.
func TestOldECIES(t *testing.T) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := sealECIES(private.PublicKey(), []byte("0123456789abcdef"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, body := sealed[:65], sealed[65:65+aesKey]
	public, err := private.Curve().NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := private.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	key := kdf2(slices.Concat(point, shared), macKey)
	for size, want := range map[int]string{4: "0123456789abcdef", 8: "0123456789abcdef", 0: "", 5: ""} {
		message := slices.Concat(point, body, authenticate(key, body, make([]byte, size)))
		if got, fits := openECIES(private, message); string(got) != want || !fits {
			t.Errorf("a length of %d bytes: got %q, %t", size, got, fits)
		}
	}
}
