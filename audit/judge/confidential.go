package judge

import (
	"slices"
	"strings"

	"telltale/audit"
	"telltale/claims"
)

// encodings are the steps of a trail that someone may take for encryption.
var encodings = []string{
	"base64", "gzip", "zlib", "hex", "percent", "deflate",
	"brotli", "zstd", "lz4", "snappy", "snappy-block", "bzip2", "xz", "lzma", "lzw", "lz-string",
	"base32", "base32hex", "crockford", "zbase32", "base36", "base45", "base58", "base58check", "base62", "ascii85", "z85", "base85", "base91",
	"codes", "characters", "hex-list", "bits", "packed", "uuencode", "yenc", "quoted-printable", "escape", "html",
	"reversed", "rot13", "rot47", "atbash", "custom-map-1", "xor",
}

// judgeConfidential leaves out what was read with a key that only the
// investigator has: who listens on the line has it not. A key that stands in
// the traffic or is published keeps nothing from anyone.
func judgeConfidential(t *target, a claims.Assertion) audit.Verdict {
	rule := a.Rule.(claims.Confidential) //nolint:forcetypeassert // the table pairs them
	all := read(solid(t.about(rule.Kinds, a.When), nil))
	found := slices.DeleteFunc(slices.Clone(all), func(o observation) bool { return o.Trail.NeedsGivenKey() })
	if len(found) == 0 {
		v := t.unrefuted(a.When, rule.Kinds)
		switch {
		case v.Result != audit.Supported:
		case len(all) > 0:
			v.Says = sentence(shorts(all)) + " sent, and readable only with a key that was given for this test. " + v.Says
		default:
			v = notTested("Nothing that was planted was sent, so its encryption was not tested.")
		}
		return v
	}
	says := sentence(shorts(found)) + " readable " + keysWords(found)
	if undone := undone(found); len(undone) > 0 {
		says += " (" + list(undone, len(undone)) + " hide nothing)"
	}
	return t.refuted(a.When, found, says)
}

// keysWords says with which keys the findings could be read.
func keysWords(found []observation) string {
	bare, shown, published := false, false, false
	for _, o := range found {
		plain := true
		for _, step := range o.Trail {
			key := audit.Key(step)
			plain = plain && key == ""
			published = published || strings.HasPrefix(key, audit.PublishedKey)
			shown = shown || key != "" && !strings.HasPrefix(key, audit.PublishedKey)
		}
		bare = bare || plain
	}
	var ways []string
	if bare {
		ways = append(ways, "without any key")
	}
	if shown {
		ways = append(ways, "with a key that stands in the traffic")
	}
	if published {
		ways = append(ways, "with a key that is published")
	}
	return strings.Join(ways, ", and ")
}

// undone lists the encodings that were taken off on the way to the findings.
func undone(found []observation) []string {
	var names []string
	for _, name := range encodings {
		if slices.ContainsFunc(found, func(o observation) bool {
			return slices.ContainsFunc(o.Trail, func(step string) bool { kind, _, _ := strings.Cut(step, ":"); return kind == name })
		}) {
			names = append(names, name)
		}
	}
	return names
}
