package claims

// Implies reports whether whoever keeps a keeps b as well. Both are about one
// kind, or one pair of kinds.
func Implies(a, b Assertion) bool { return promises(a)[0].implies(promises(b)[0]) }
