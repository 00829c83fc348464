package anonymity

import (
	"fmt"
	"strings"
)

// A Role says what a column is to an attacker.
type Role string

// The roles. A column without a role is one to be guessed.
const (
	Subject    Role = "subject"          // who the row is about: the truth that attacks are judged by
	Time       Role = "time"             // when it happened
	Item       Role = "item"             // what was visited, searched or used; an address is cut to coarser forms
	Mode       Role = "mode"             // normal or private: linkage tries to join the two most frequent
	Identifier Role = "identifier"       // meant to tell subjects apart, such as a device's id
	Quasi      Role = "quasi-identifier" // known of a person from elsewhere, such as the model of a phone
	Sensitive  Role = "sensitive"        // what an attacker wants to learn
	Ignore     Role = "ignore"           // not looked at, and not kept in memory
)

// Roles lists the roles in the order in which they are shown.
var Roles = []Role{Subject, Time, Item, Mode, Identifier, Quasi, Sensitive, Ignore}

// single are the roles that one column at most may have.
var single = []Role{Subject, Time, Item, Mode}

// ParseRole returns the role of a name; "quasi" is short for Quasi.
func ParseRole(name string) (Role, error) {
	if name == "quasi" {
		return Quasi, nil
	}
	for _, r := range Roles {
		if string(r) == name {
			return r, nil
		}
	}
	words := make([]string, len(Roles))
	for i, r := range Roles {
		words[i] = string(r)
	}
	return "", fmt.Errorf("there is no role %q; the roles are %s", name, strings.Join(words, ", "))
}
