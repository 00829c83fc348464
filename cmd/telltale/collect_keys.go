package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"strings"

	"telltale/sensors"
)

// sealing returns the keys that requests are opened with, and what native SDKs
// are told.
func (c *collectConfig) sealing() (keys sensors.Keys, config sensors.RemoteConfig, err error) {
	config = sensors.RemoteConfig{
		DisableSDK: c.SDKDisable, Blacklist: c.SDKBlacklist, AutoTrack: int(c.SDKAutoTrack), Now: true, EncryptTransport: c.SealKey != "",
	}
	for _, text := range c.StaticKeys {
		k, err := staticKey(text)
		if err != nil {
			return keys, config, err
		}
		keys.Static = append(keys.Static, k)
	}
	if c.SealKey != "" {
		private, public, kind, err := readPrivate(c.SealKey)
		if err != nil {
			return keys, config, err
		}
		keys.Private = append(keys.Private, sensors.PrivateKey{Version: c.SealVersion, Key: private})
		config.Key = &sensors.ConfigKey{Version: c.SealVersion, Public: public, Type: kind}
	}
	sum := sha256.Sum256(config.Value().Append(nil))
	config.Version = hex.EncodeToString(sum[:8]) // an SDK that has this one gets 304
	return keys, config, nil
}

// staticKey reads ID=BASE64.
func staticKey(text string) (k sensors.StaticKey, err error) {
	id, value, _ := strings.Cut(text, "=")
	k.Version, err = strconv.ParseInt(id, 10, 64)
	if err == nil {
		k.Key, err = base64.StdEncoding.DecodeString(value)
	}
	if err != nil || len(k.Key) != 16 {
		return k, usagef("--static-key: write the number of the key, = and 16 bytes in base64")
	}
	return k, nil
}

// readPrivate reads a private key, and returns its public half as SDKs want it.
func readPrivate(file string) (private crypto.PrivateKey, public, kind string, err error) {
	data, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, "", "", fmt.Errorf("reading the sealing key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, "", "", usagef("%s has no key in PEM", file)
	}
	if private, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		return nil, "", "", usagef("%s: %w; use PKCS #8, as `openssl genpkey` writes it", file, err)
	}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		public, err = sensors.PublicKey(&k.PublicKey)
		kind = "RSA+AES"
	case *ecdsa.PrivateKey:
		public, err = sensors.PublicKey(&k.PublicKey)
		kind = "EC+AES"
	default:
		return nil, "", "", usagef("%s is neither an RSA nor an EC key", file)
	}
	return private, public, kind, err
}
