package stamp

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" //nolint:gosec // identifiers of certificates may still be SHA-1 (RFC 2634)
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Why a time stamp does not hold.
var (
	ErrImprint   = errors.New("it is over other data: they were changed, or it belongs to something else")
	ErrNonce     = errors.New("it does not answer the question about these data: its nonce is another, or missing")
	ErrSignature = errors.New("the authority's signature does not fit: the stamp was changed")
	ErrAuthority = errors.New("its certificate is not one for time stamps, or does not lead to a given root")
)

// Verify checks a time stamp, as an authority answered it (TimeStampResp in
// DER), over data: imprint, nonce, digest and signature, which certificate
// signed, that it is for time stamps and for nothing else, and that at the
// time of the stamp it led to one of roots. Without roots that last step is
// left out, and the token is not anchored.
func Verify(token, data []byte, roots *x509.CertPool) (Token, error) {
	r, err := parse(token)
	if err != nil {
		return Token{}, err
	}
	if err := r.info.about(data); err != nil {
		return Token{}, err
	}
	cert, err := r.certificate()
	if err != nil {
		return Token{}, err
	}
	if err := r.signer.check(r.content, cert); err != nil {
		return Token{}, err
	}
	if err := r.authority(cert, roots); err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	return Token{
		Time: r.info.time, Accuracy: r.info.accuracy, Policy: r.info.policy.String(), Serial: r.info.serial.String(),
		Authority: cert.Subject.String(), Anchored: roots != nil,
	}, nil
}

// digests are the hashes that count. SHA-1 is not among them.
var digests = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{{oidSHA256, crypto.SHA256}, {oidSHA384, crypto.SHA384}, {oidSHA512, crypto.SHA512}}

// digest hashes data by the algorithm of an identifier.
func digest(oid asn1.ObjectIdentifier, data []byte) ([]byte, error) {
	for _, d := range digests {
		if d.oid.Equal(oid) {
			h := d.hash.New()
			h.Write(data)
			return h.Sum(nil), nil
		}
	}
	return nil, fmt.Errorf("the hash %s is too weak or not known; SHA-256, SHA-384 and SHA-512 are taken", oid)
}

// about reports whether the authority speaks of these data.
func (i info) about(data []byte) error {
	want, err := digest(i.hash, data)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(want, i.imprint):
		return ErrImprint
	case i.nonce == nil || i.nonce.Cmp(nonce(data)) != 0:
		return ErrNonce
	}
	return nil
}

// certificate returns that of the signer.
func (r response) certificate() (*x509.Certificate, error) {
	for _, c := range r.certs {
		byKey := r.signer.keyID != nil && bytes.Equal(c.SubjectKeyId, r.signer.keyID)
		byNumber := r.signer.serial != nil && c.SerialNumber.Cmp(r.signer.serial) == 0 && bytes.Equal(c.RawIssuer, r.signer.issuer)
		if byKey || byNumber {
			return c, nil
		}
	}
	return nil, errors.New("the certificate that signed is not in the stamp")
}

// check checks the signed attributes (RFC 5652, section 5.4, and RFC 5816,
// section 2.2.1) and the signature over them.
func (s signer) check(content []byte, cert *x509.Certificate) error {
	var kind asn1.ObjectIdentifier
	var sum cryptobyte.String
	attribute := cryptobyte.String(s.attributes[oidContentType.String()])
	if !attribute.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidTSTInfo) {
		return malformed("the signed kind of content")
	}
	attribute = s.attributes[oidDigest.String()]
	if !attribute.ReadASN1(&sum, der.OCTET_STRING) {
		return malformed("the signed digest")
	}
	want, err := digest(s.digest, content)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, sum) {
		return fmt.Errorf("%w: the digest is another", ErrSignature)
	}
	if err := s.names(cert); err != nil {
		return err
	}
	for _, a := range algorithms {
		if a.signature.Equal(s.algorithm) && (a.digest == nil || a.digest.Equal(s.digest)) {
			if err := cert.CheckSignature(a.algorithm, s.signed, s.signature); err != nil {
				return fmt.Errorf("%w: %w", ErrSignature, err)
			}
			return nil
		}
	}
	return fmt.Errorf("the signature is of a kind that is not known: %s", s.algorithm)
}

// algorithms are the kinds of signatures that count (RFC 5754, RFC 8419).
var algorithms = []struct {
	signature, digest asn1.ObjectIdentifier
	algorithm         x509.SignatureAlgorithm
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, oidSHA256, x509.SHA256WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, oidSHA384, x509.SHA384WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, oidSHA512, x509.SHA512WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, nil, x509.SHA256WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, nil, x509.SHA384WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, nil, x509.SHA512WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, nil, x509.ECDSAWithSHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, nil, x509.ECDSAWithSHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, nil, x509.ECDSAWithSHA512},
	{asn1.ObjectIdentifier{1, 3, 101, 112}, nil, x509.PureEd25519},
}

// names reports whether the signer said that this certificate is its own:
// otherwise another one with the same key could be put in its place. One of
// the two attributes has to be there, and each that is has to fit.
func (s signer) names(cert *x509.Certificate) error {
	said := false
	for _, kind := range []asn1.ObjectIdentifier{oidSigningCert, oidSigningCert2} {
		attribute, ok := s.attributes[kind.String()]
		if !ok {
			continue
		}
		said = true
		in := cryptobyte.String(attribute)
		var list, ids, first, sum cryptobyte.String
		if !in.ReadASN1(&list, der.SEQUENCE) || !list.ReadASN1(&ids, der.SEQUENCE) || !ids.ReadASN1(&first, der.SEQUENCE) {
			return malformed("which certificate signed")
		}
		oid := oidSHA1
		if kind.Equal(oidSigningCert2) {
			oid = oidSHA256
			var algorithm cryptobyte.String
			var has bool
			if !first.ReadOptionalASN1(&algorithm, &has, der.SEQUENCE) || has && !algorithm.ReadASN1ObjectIdentifier(&oid) {
				return malformed("which certificate signed")
			}
		}
		if !first.ReadASN1(&sum, der.OCTET_STRING) || !bytes.Equal(sum, certificateHash(oid, cert)) {
			return fmt.Errorf("%w: the signer names another certificate", ErrSignature)
		}
	}
	if !said {
		return fmt.Errorf("%w: the signer does not name its certificate", ErrSignature)
	}
	return nil
}

// certificateHash returns the hash that names a certificate, nil if the
// algorithm is not known. SHA-1 is taken here: the signature counts, and this
// says only which certificate it is by.
func certificateHash(oid asn1.ObjectIdentifier, cert *x509.Certificate) []byte {
	if oid.Equal(oidSHA1) {
		h := crypto.SHA1.New()
		h.Write(cert.Raw)
		return h.Sum(nil)
	}
	sum, _ := digest(oid, cert.Raw)
	return sum
}

// authority reports whether a certificate may sign time stamps (RFC 3161,
// section 2.3), and whether it led to a root at the time of the stamp.
func (r response) authority(cert *x509.Certificate, roots *x509.CertPool) error {
	critical := false
	for _, e := range cert.Extensions {
		critical = critical || e.Id.Equal(oidExtKeyUsage) && e.Critical
	}
	if !critical || len(cert.UnknownExtKeyUsage) > 0 || len(cert.ExtKeyUsage) != 1 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping {
		return errors.New("it is not for time stamps alone")
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("its key is not for signatures")
	}
	if r.info.time.Before(cert.NotBefore) || r.info.time.After(cert.NotAfter) {
		return errors.New("it was not valid at the time of the stamp")
	}
	if roots == nil {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range r.certs {
		between.AddCert(c)
	}
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: r.info.time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	return err
}
