package main

import (
	"iter"
	"os"

	"github.com/spf13/cobra"

	"telltale/audit"
	"telltale/audit/decode"
	"telltale/audit/detect"
)

const keyHelp = `

What is encrypted is tried with the keys that stand in the traffic or in the
answers to it, with published keys, and with those given with --key. A given
key is hex:DIGITS, base64:DIGITS, text:WORDS or @FILE, with NAME= before it if
it is to be called by a name; a file holds the key itself, or private RSA keys
in PEM. Keys that are given are not kept in a case.`

// keyFlag lets a command take keys.
func keyFlag(c *cobra.Command, keys *[]string) {
	c.Flags().StringArrayVar(keys, "key", nil, "try to decrypt with a `[NAME=]KEY`: hex:…, base64:…, text:… or @FILE; may be repeated")
}

// A locksmith peels exhibits with the keys that a command was given, and then
// with those that the traffic shows.
type locksmith struct {
	ring    *decode.Keyring
	search  *decode.KeySearch
	cribs   *decode.Cribs
	answers iter.Seq2[audit.Exhibit, error]
	limits  limits
}

// newLocksmith reads keys as they stand on the command line. The seeds show what
// is XORed with them; answers are what servers delivered.
func newLocksmith(keys []string, seeds []audit.Seed, answers iter.Seq2[audit.Exhibit, error], lim limits) (*locksmith, error) {
	given := make([]decode.Key, len(keys))
	for i, text := range keys {
		k, err := decode.ParseKey(text, i+1, os.ReadFile)
		if err != nil {
			return nil, usagef("--key number %d: %w", i+1, err)
		}
		given[i] = k
	}
	ring := decode.NewKeyring(given...)
	return &locksmith{ring, decode.NewKeySearch(ring), cribs(seeds), answers, lim}, nil
}

func (l *locksmith) options() decode.Options {
	return decode.Options{Limits: l.limits.each(), Keys: l.ring, Cribs: l.cribs}
}

func cribs(seeds []audit.Seed) *decode.Cribs {
	texts := make([]string, len(seeds))
	for i, s := range seeds {
		texts[i] = s.Value
	}
	return decode.NewCribs(texts...)
}

// first returns the first look.
func (l *locksmith) first() detect.Peeler {
	values := decode.NewPeeler(l.options()).Values
	return l.limits.timed(func(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
		return l.search.Watch(ex, values(ex))
	})
}

// again is the second look, at exhibits that may be encrypted, if the traffic
// shows keys.
func (l *locksmith) again() (peel detect.Peeler, of func(audit.Exhibit) bool) {
	if !l.search.Sealed() {
		return nil, nil
	}
	for answer, err := range l.answers {
		if err == nil && answer.Part == "answer.body" {
			l.search.Answer(answer)
		}
	}
	ring := l.search.Keyring()
	if ring == nil {
		return nil, nil
	}
	l.ring = ring
	peel = l.limits.timed(decode.NewPeeler(l.options()).Values)
	return peel, func(ex audit.Exhibit) bool { return l.search.MayOpen(ex.ID) && decode.Opens(peel(ex)) }
}
