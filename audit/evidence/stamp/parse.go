package stamp

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// A response is a TimeStampResp that was taken apart and not checked yet.
type response struct {
	content []byte // the TSTInfo that is signed
	info    info
	certs   []*x509.Certificate
	signer  signer
}

// A signer is a SignerInfo of the Cryptographic Message Syntax (RFC 5652,
// section 5.3).
type signer struct {
	issuer     []byte   // of its certificate, and
	serial     *big.Int // its number; or
	keyID      []byte   // its key
	digest     asn1.ObjectIdentifier
	signed     []byte            // the attributes as they are signed
	attributes map[string][]byte // value by object identifier
	algorithm  asn1.ObjectIdentifier
	signature  []byte
}

// An info is a TSTInfo: what the authority says.
type info struct {
	policy   asn1.ObjectIdentifier
	hash     asn1.ObjectIdentifier
	imprint  []byte
	serial   *big.Int
	time     time.Time
	accuracy time.Duration
	nonce    *big.Int // nil: none
}

var (
	context0  = der.Tag(0).ContextSpecific()
	context1  = der.Tag(1).ContextSpecific()
	explicit0 = context0.Constructed()
	explicit1 = context1.Constructed()
)

// parse takes a TimeStampResp apart.
func parse(b []byte) (response, error) {
	var r response
	in := cryptobyte.String(b)
	var resp, status cryptobyte.String
	var code int
	if len(b) > MaxSize || !in.ReadASN1(&resp, der.SEQUENCE) || !in.Empty() ||
		!resp.ReadASN1(&status, der.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return r, malformed("the answer")
	}
	if code != 0 && code != 1 { // granted, granted with changes
		return r, fmt.Errorf("the authority refused: status %d %s", code, words(status))
	}
	var info, outer, data cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !resp.ReadASN1(&info, der.SEQUENCE) || !resp.Empty() || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&outer, explicit0) || !info.Empty() || !outer.ReadASN1(&data, der.SEQUENCE) || !outer.Empty() {
		return r, malformed("what is around the signed data")
	}
	return r, r.signedData(data)
}

// words returns the printable text of a refusal.
func words(status cryptobyte.String) string {
	var texts, text cryptobyte.String
	if !status.ReadASN1(&texts, der.SEQUENCE) || !texts.ReadASN1(&text, der.UTF8String) {
		return ""
	}
	return fmt.Sprintf("%.200q", string(text))
}

// signedData reads a SignedData (RFC 5652, section 5.1).
func (r *response) signedData(data cryptobyte.String) error {
	var version int
	var hashes, encap, outer, content, certs, signers, one, first cryptobyte.String
	var kind, announced asn1.ObjectIdentifier
	if !data.ReadASN1Integer(&version) || version != 3 || !data.ReadASN1(&hashes, der.SET) ||
		!hashes.ReadASN1(&first, der.SEQUENCE) || !hashes.Empty() || !first.ReadASN1ObjectIdentifier(&announced) {
		return malformed("the signed data")
	}
	if !data.ReadASN1(&encap, der.SEQUENCE) || !encap.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidTSTInfo) ||
		!encap.ReadASN1(&outer, explicit0) || !encap.Empty() || !outer.ReadASN1(&content, der.OCTET_STRING) || !outer.Empty() {
		return malformed("the signed content")
	}
	var has bool
	if !data.ReadOptionalASN1(&certs, &has, explicit0) || !data.SkipOptionalASN1(explicit1) ||
		!data.ReadASN1(&signers, der.SET) || !data.Empty() || !signers.ReadASN1(&one, der.SEQUENCE) || !signers.Empty() {
		return malformed("certificates, or not exactly one signature")
	}
	r.content = content
	return r.parts(certs, one, announced)
}

// parts reads the certificates, what is signed and the signer, whose hash was
// announced.
func (r *response) parts(certs, one cryptobyte.String, announced asn1.ObjectIdentifier) error {
	if err := r.certificates(certs); err != nil {
		return err
	}
	if err := r.info.read(r.content); err != nil {
		return err
	}
	if err := r.signer.read(one); err != nil {
		return err
	}
	if !announced.Equal(r.signer.digest) {
		return malformed("the hash of the signature is not the one that is announced")
	}
	return nil
}

// maxCertificates bounds what is looked at; real chains have two to four.
const maxCertificates = 32

func (r *response) certificates(certs cryptobyte.String) error {
	for !certs.Empty() {
		var one cryptobyte.String
		if len(r.certs) == maxCertificates || !certs.ReadASN1Element(&one, der.SEQUENCE) {
			return malformed("the certificates")
		}
		c, err := x509.ParseCertificate(one)
		if err != nil {
			return fmt.Errorf("a certificate of the time stamp: %w", err)
		}
		r.certs = append(r.certs, c)
	}
	return nil
}

func (s *signer) read(in cryptobyte.String) error {
	var version int
	var id, algorithm, attributes, element cryptobyte.String
	if !in.ReadASN1Integer(&version) {
		return malformed("the signer")
	}
	if in.PeekASN1Tag(context0) {
		if version != 3 || !in.ReadASN1((*cryptobyte.String)(&s.keyID), context0) {
			return malformed("the signer's key")
		}
	} else {
		s.serial = new(big.Int)
		if version != 1 || !in.ReadASN1(&id, der.SEQUENCE) || !id.ReadASN1Element((*cryptobyte.String)(&s.issuer), der.SEQUENCE) ||
			!id.ReadASN1Integer(s.serial) || !id.Empty() {
			return malformed("the signer's issuer")
		}
	}
	if !in.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&s.digest) ||
		!in.ReadASN1Element(&element, explicit0) ||
		!in.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&s.algorithm) ||
		!in.ReadASN1((*cryptobyte.String)(&s.signature), der.OCTET_STRING) || !in.SkipOptionalASN1(explicit1) || !in.Empty() {
		return malformed("the signature")
	}
	// They are signed as the SET that they are (RFC 5652, section 5.4).
	s.signed = bytes.Clone(element)
	s.signed[0] = byte(der.SET)
	if !element.ReadASN1(&attributes, explicit0) {
		return malformed("the signed attributes")
	}
	return s.readAttributes(attributes)
}

func (s *signer) readAttributes(in cryptobyte.String) error {
	s.attributes = make(map[string][]byte)
	for !in.Empty() {
		var one, values, value cryptobyte.String
		var kind asn1.ObjectIdentifier
		var tag der.Tag
		if !in.ReadASN1(&one, der.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&kind) || !one.ReadASN1(&values, der.SET) || !one.Empty() ||
			!values.ReadAnyASN1Element(&value, &tag) {
			return malformed("a signed attribute")
		}
		if _, twice := s.attributes[kind.String()]; twice {
			return malformed("a signed attribute that comes twice")
		}
		s.attributes[kind.String()] = value
	}
	return nil
}

func (i *info) read(content []byte) error {
	whole := cryptobyte.String(content)
	var in, imprint, algorithm, hashed, clock cryptobyte.String
	var version int
	i.serial = new(big.Int)
	if !whole.ReadASN1(&in, der.SEQUENCE) || !whole.Empty() || !in.ReadASN1Integer(&version) || version != 1 ||
		!in.ReadASN1ObjectIdentifier(&i.policy) ||
		!in.ReadASN1(&imprint, der.SEQUENCE) || !imprint.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&i.hash) ||
		!imprint.ReadASN1(&hashed, der.OCTET_STRING) || !imprint.Empty() ||
		!in.ReadASN1Integer(i.serial) || !in.ReadASN1(&clock, der.GeneralizedTime) {
		return malformed("what the authority says")
	}
	i.imprint = hashed
	var err error
	if i.time, err = time.Parse("20060102150405Z", string(clock)); err != nil {
		return malformed("the time " + fmt.Sprintf("%.40q", string(clock)))
	}
	return i.readRest(in)
}

// readRest reads what a TSTInfo may have behind the time: accuracy, ordering,
// nonce, name of the authority, extensions.
func (i *info) readRest(in cryptobyte.String) error {
	var accuracy cryptobyte.String
	var has bool
	if !in.ReadOptionalASN1(&accuracy, &has, der.SEQUENCE) || has && !i.readAccuracy(accuracy) || !in.SkipOptionalASN1(der.BOOLEAN) {
		return malformed("the accuracy of the time")
	}
	if in.PeekASN1Tag(der.INTEGER) {
		i.nonce = new(big.Int)
		if !in.ReadASN1Integer(i.nonce) {
			return malformed("the nonce")
		}
	}
	if !in.SkipOptionalASN1(explicit0) || !in.SkipOptionalASN1(explicit1) || !in.Empty() {
		return malformed("what follows the nonce")
	}
	return nil
}

// readAccuracy reads seconds, thousandths and millionths, each of which may be
// left out.
func (i *info) readAccuracy(in cryptobyte.String) bool {
	for _, part := range []struct {
		tag  der.Tag
		unit time.Duration
	}{{der.INTEGER, time.Second}, {context0, time.Millisecond}, {context1, time.Microsecond}} {
		var n int64
		if in.PeekASN1Tag(part.tag) && (!in.ReadASN1Int64WithTag(&n, part.tag) || n < 0 || n > 1e9) {
			return false
		}
		i.accuracy += time.Duration(n) * part.unit
	}
	return in.Empty()
}
