package decode

// Options say how an exhibit is peeled.
type Options struct {
	Limits Limits
	Keys   *Keyring // may be nil
	Cribs  *Cribs   // may be nil
}
