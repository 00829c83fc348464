package tlsread

import (
	"fmt"
	"slices"
)

// agreed sets up the keys when version, suite and randoms are known.
func (c *Conn) agreed(h serverHello) error {
	c.Version = h.version
	if h.version < versionTLS10 || h.version > versionTLS13 {
		return fmt.Errorf("TLS version %#x is not known", h.version)
	}
	if c.keys = c.lookup.of(c.Hello.random); c.keys == nil {
		return c.sealed()
	}
	var known bool
	if c.suite, known = suites[h.suite]; !known {
		return c.both(fmt.Errorf("cipher suite %#04x is not known", h.suite))
	}
	if h.version == versionTLS13 {
		return c.agreed13()
	}
	master := c.keys[labelMaster]
	if len(master) == 0 {
		return c.sealed()
	}
	seed := slices.Concat(h.random[:], c.Hello.random[:])
	client, server, err := openers(c.suite, h.version, h.etm, func(n int) []byte {
		if h.version < versionTLS12 {
			return oldPRF(master, "key expansion", seed, n)
		}
		return prf(c.suite.hash, master, "key expansion", seed, n)
	})
	c.sides[Client].pending, c.sides[Server].pending = client, server
	return err
}

// sealed goes on without keys: what is said before the encryption begins, such
// as the alert of a client that does not take the certificate, can be read.
func (c *Conn) sealed() error {
	if c.Version == versionTLS13 {
		c.sides[Client].blind = true
		return ErrNoKey
	}
	return nil // until the change of cipher
}

// both ends both sides.
func (c *Conn) both(err error) error {
	c.sides[Client].err = err
	return err
}

// agreed13 sets up the traffic secrets of TLS 1.3.
func (c *Conn) agreed13() error {
	if c.suite.aead == nil {
		return c.both(fmt.Errorf("a cipher suite of TLS 1.2 in TLS 1.3: %w", ErrNoTLS))
	}
	labels := [2][2]string{Client: {labelClientH, labelClient0}, Server: {labelServerH, labelServer0}}
	for s, l := range labels {
		h := &c.sides[s]
		h.secret, h.next = c.keys[l[0]], c.keys[l[1]]
		if h.secret == nil {
			h.err = ErrNoKey
			continue
		}
		var err error
		if h.opener, err = phase(c.suite, h.secret); err != nil {
			return err
		}
	}
	if early := c.keys[labelEarly]; early != nil && c.Hello.early {
		// The suite of early data is that of the ticket, which is the same one
		// (RFC 8446 section 4.2.10).
		var err error
		if c.sides[Client].early, err = phase(c.suite, early); err != nil {
			return err
		}
	}
	return c.sides[Server].err
}

// finished goes over to the keys for data, once.
func (c *Conn) finished(s Side) (err error) {
	h := &c.sides[s]
	if h.done {
		return nil
	}
	if h.next == nil {
		return ErrNoKey
	}
	h.secret, h.next, h.done = h.next, nil, true
	h.opener, err = phase(c.suite, h.secret)
	return err
}

// update goes over to the next keys (RFC 8446 section 7.2).
func (c *Conn) update(s Side) (err error) {
	h := &c.sides[s]
	if !h.done {
		return ErrNoTLS
	}
	if h.secret, err = expand(c.suite.hash, h.secret, "traffic upd", c.suite.hash.Size()); err != nil {
		return err
	}
	h.opener, err = phase(c.suite, h.secret)
	return err
}
