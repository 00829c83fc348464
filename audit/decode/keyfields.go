package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"telltale/audit"
)

// keyNames are the names that fields with keys have, in lower case without
// dashes and the like. A name that ends with "key" is one too.
var keyNames = map[string]role{
	"k": asKey | asPassphrase, "ek": asKey | asPassphrase, "sk": asKey | asPassphrase, "kk": asKey | asPassphrase,
	"cek": asKey | asPassphrase, "dek": asKey | asPassphrase, "keys": asKey | asPassphrase,
	"secret": asKey | asPassphrase, "passphrase": asKey | asPassphrase, "password": asKey | asPassphrase,
	"iv": asIV, "aesiv": asIV, "keyiv": asIV, "ivparam": asIV, "vector": asIV, "initvector": asIV, "initializationvector": asIV,
	"nonce": asIV, "counter": asIV, "ctr": asIV, "salt": asIV | asPassphrase,
	"tag": asTag, "authtag": asTag, "mac": asTag, "gcmtag": asTag,
}

var nameDashes = strings.NewReplacer("_", "", "-", "", ".", "", " ", "", "$", "")

// roleOf returns what the value of a field with this name may be used as, 0 if
// the name does not tell.
func roleOf(name string) role {
	name = nameDashes.Replace(strings.ToLower(name))
	if as, ok := keyNames[name]; ok {
		return as
	}
	switch {
	case strings.HasSuffix(name, "key"), strings.HasSuffix(name, "secret"):
		return asKey | asPassphrase
	case strings.HasSuffix(name, "nonce"), strings.HasSuffix(name, "iv") && len(name) < 10:
		return asIV
	}
	return 0
}

// fieldSteps are the kinds of steps that end with the name of a field.
var fieldSteps = map[string]bool{
	"json": true, "jsonl": true, "form": true, "query": true, "header": true, "cookie": true, "xml": true, "part": true,
	"fragment": true, "msgpack": true, "cbor": true, "bson": true, "plist": true, "php": true, "properties": true, "jwt": true,
}

// lastName returns the name of the field that a step leads to, "" if it has none.
func lastName(step string) string {
	kind, name, ok := strings.Cut(step, ":")
	if !ok || !fieldSteps[kind] {
		return ""
	}
	if strings.HasPrefix(name, "/") {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return name
}

// A derivedKey is a part of a value that a program uses as its key.
type derivedKey struct {
	step   string
	length int // of the value, in hexadecimal digits
	part   audit.Span
}

// derivedKeys has a row for each program that makes a key of what it sends.
var derivedKeys = []derivedKey{
	// Umeng, decompiled (classes Envelope and DataHelper): field 3 of the
	// envelope is the signature; with codex 1 the entity is encrypted with 16
	// of its bytes.
	{"thrift:/3", 64, audit.Span{Start: 1, End: 17}},
}

// maxKeyField is the length of the longest field that may hold a key: RSA of
// 4096 bits in hexadecimal digits, a few times.
const maxKeyField = 8192

// materials returns what the value at the end of a trail may be used as. What
// the private keys of the ring unwrap is told apart by its label.
func (r *Keyring) materials(t audit.Trail, value []byte) (found []material) {
	step := t[len(t)-1]
	for _, d := range derivedKeys {
		if step == d.step && len(value) == d.length {
			if raw, err := hex.DecodeString(string(value)); err == nil {
				found = append(found, material{label: step, role: asKey, data: raw[d.part.Start:d.part.End]})
			}
		}
	}
	as := roleOf(lastName(step))
	if as == 0 || len(value) == 0 || len(value) > maxKeyField {
		return found
	}
	for _, raw := range spellings(value) {
		found = append(found, fitting(step, as, raw)...)
		found = append(found, phrase(step, as, raw)...)
		for _, p := range r.private {
			found = append(found, unwrapped(p, step, as, raw)...)
		}
	}
	return found
}

// maxPhrase is the length of the longest passphrase.
const maxPhrase = 64

// phrase returns raw if it may be a passphrase, or a key of any length.
func phrase(label string, as role, raw []byte) []material {
	if as&asPassphrase == 0 || len(raw) == 0 || len(raw) > maxPhrase {
		return nil
	}
	return []material{{label: label, role: asPassphrase, data: raw}}
}

// spellings returns a value as it stands and, if it is written in digits, the
// bytes that they stand for.
func spellings(value []byte) [][]byte {
	list := [][]byte{value}
	text := bytes.TrimSpace(value)
	if raw, err := hex.DecodeString(string(text)); err == nil && len(raw) > 0 {
		list = append(list, raw)
	}
	if isToken(text) {
		list = append(list, fromBase64(text))
	} else if raw, err := base64.StdEncoding.DecodeString(string(text)); err == nil && len(raw) > 0 {
		list = append(list, raw) // short
	}
	return list
}

// fitting returns raw for each role whose length it has.
func fitting(label string, as role, raw []byte) (found []material) {
	n := len(raw)
	if as&asKey != 0 && (n == 16 || n == 24 || n == 32) {
		found = append(found, material{label: label, role: asKey, data: raw})
	}
	if as&asIV != 0 && (n == 8 || n == 12 || n == 16 || n == 24) {
		found = append(found, material{label: label, role: asIV, data: raw})
	}
	if as&asTag != 0 && n == 16 {
		found = append(found, material{label: label, role: asTag, data: raw})
	}
	return found
}

// unwrapped returns what a private key gets out of raw: a key, or a key with
// its IV behind it.
func unwrapped(p private, step string, as role, raw []byte) (found []material) {
	out := unwrap(p.key, raw)
	if out == nil {
		return nil
	}
	label := p.label + "/" + step
	for _, raw := range spellings(out) {
		found = append(found, fitting(label, as, raw)...)
		if n := len(raw) - blockSize; as&asKey != 0 && n >= 16 {
			found = append(found, fitting(label, asKey, raw[:n])...)
			found = append(found, fitting(label, asIV, raw[n:])...)
		}
	}
	return found
}
