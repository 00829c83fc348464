package judge

// Bound lists the ids of the rules that have code.
func Bound() (ids []string) {
	for _, b := range bindings {
		ids = append(ids, b.id)
	}
	return ids
}

// ReadRules reads a text of rules.
func ReadRules(text string) error {
	_, err := readRules(text)
	return err
}
