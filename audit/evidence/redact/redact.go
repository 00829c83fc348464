// Package redact says what of a case may be shown to others: what it does not
// know, it withholds.
//
// Shown is who sent what to whom when: hosts, times, methods, names of header
// fields, sizes, the plan, the claims, and of the facts all but values. Not
// shown are bodies, addresses beyond their host, contents of header fields,
// the values of seeds, pictures, the report, and every hash of these: who
// knows what a value may be would try which one has that hash.
package redact

import (
	"path"
	"strings"

	"telltale/audit/evidence"
	"telltale/audit/evidence/seal"
)

// Rules decide what is shown. It implements [seal.Censor].
type Rules struct {
	// Revealed says that the facts have values and addresses in clear.
	Revealed bool
	// Events are the lines of the capture log, from 1, that are shown
	// nevertheless: all of them but the hashes of what is not.
	Events map[int]bool
	// Bodies are those that are shown nevertheless, by their SHA-256 in
	// hexadecimal digits.
	Bodies map[string]bool
}

// files are those of which anything is shown, with the strings that are: their
// place in a line is the names of the keys that lead to them. nil: all are.
var files = map[string]map[string]bool{
	evidence.CaseFile:    nil,
	evidence.ClaimsFile:  nil,
	evidence.SeedsFile:   words("name kind arm home commitment"),
	evidence.CaptureFile: words(captureWords),
	evidence.FactsFile:   words(factWords),
}

const captureWords = `time arm app
step.action step.target step.seeds step.until
exchange.proto exchange.method exchange.host exchange.answered exchange.server
exchange.header.name exchange.trailer.name exchange.answer.name
message.host
tunnel.host tunnel.port tunnel.proto
refused.host refused.sni refused.alpn refused.alert
lookup.server lookup.name lookup.type lookup.code lookup.answers
source.passed.why
picture.type
end.reason`

const factWords = `config.format config.tool config.version config.case config.partial
exhibit.id exhibit.case exhibit.arm exhibit.time exhibit.method exhibit.host exhibit.part exhibit.type exhibit.server
value.exhibit value.trail
finding.id finding.exhibit finding.kind finding.seed finding.identifier finding.form finding.trail finding.confidence finding.says
party.host party.domain party.organisation party.seat party.role party.mark party.categories party.aliases
party.registrant party.registrant_country party.ip party.network party.country party.basis party.unplaced party.source
party.servers.ip party.servers.network party.servers.country party.servers.basis party.servers.unplaced
verdict.assertion verdict.target verdict.verdict verdict.findings verdict.says verdict.rule
coverage.arm coverage.unread coverage.skipped
error.exhibit error.trail`

// fields are the header fields whose contents are shown: they say how a body
// is written, and nothing about a person.
var fields = words(`accept accept-encoding accept-ranges cache-control connection content-encoding content-length
content-type host server transfer-encoding upgrade vary`)

// contents are the places of the contents of header fields.
var contents = words("exchange.header.value exchange.trailer.value exchange.answer.value")

func words(list string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

// Fate decides about a file.
func (r Rules) Fate(name string) seal.Fate {
	shown, known := files[name]
	switch {
	case strings.HasPrefix(name, evidence.BlobsDir+"/") && r.Bodies[path.Base(name)]:
		return seal.Keep
	case !known:
		return seal.Withhold
	case shown == nil:
		return seal.Keep
	}
	return seal.Partly
}

// Strings decides about the strings of a file.
func (r Rules) Strings(name string) func([]byte) bool {
	shown := files[name]
	p := new(position)
	return func(piece []byte) bool {
		if piece[0] != '"' {
			p.between(piece)
			return true
		}
		if p.atKey() {
			p.key = strings.Trim(string(piece), `"`)
			return true
		}
		place := p.place()
		value := strings.ToLower(strings.Trim(string(piece), `"`))
		defer p.value(value)
		switch {
		case name == evidence.CaptureFile && r.Events[p.line+1]:
			return r.ofEvent(place, value)
		case contents[place] && name == evidence.CaptureFile:
			return fields[p.name()]
		case place == "exhibit.url" && name == evidence.FactsFile:
			return !r.Revealed
		}
		return shown[place]
	}
}

// ofEvent decides about a string of an event that is shown.
func (r Rules) ofEvent(place, value string) bool {
	if strings.HasSuffix(place, ".sha256") {
		return r.Bodies[value]
	}
	return place != "prev" && place != "?"
}
