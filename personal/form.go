package personal

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// A Form is a way of writing personal data that can be told by looking at one
// value and, if need be, at the name of its field.
type Form struct {
	Name     string // such as "IMEI"
	Kind     Kind
	Strength Strength
	Checked  string // what was checked, in words, with the source

	min, max int // length of a value, in bytes
	is       func(value string) bool
}

// A Strength says how much the form of a value shows without a name.
type Strength int

// The strengths, from the weakest.
const (
	Loose   Strength = iota // a hint at most: any name, any machine's address
	Shape                   // many other things are written so
	Checked                 // it has a checksum that one value in ten has by chance, or the like
	Strong                  // hardly anything else is written so
)

// A Match says which form a value has.
type Match struct {
	Form  *Form
	Named bool // the name of the field says the same
}

// Likely reports whether m is more than a hint: the form is strong, or form and
// name agree.
func (m Match) Likely() bool {
	return m.Form.Strength == Strong || m.Named && m.Form.Strength >= Shape
}

// Says tells in words what m rests on.
func (m Match) Says() string {
	s := m.Form.Name + ": " + m.Form.Checked
	if m.Named {
		s += ", and the name of the field"
	}
	return s
}

// forms is the table of forms. An earlier row wins over a later one of the same
// strength. Strong and checked rows are found under any name, the others only
// under one that names.txt has for them.
var forms = []Form{
	{"e-mail address", "contact/email", Strong, "a subset of RFC 5321, section 4.1.2, and a top-level domain of letters", 6, 254, isEmail},
	{"IBAN", "money/account", Strong, "ISO 13616: country, its length, remainder by 97", 15, 42, isIBAN},
	{"hardware address", "id/device/mac", Strong, "six pairs of digits; assigned by a maker, to one card (IEEE 802)", 12, 17, isMaker},
	{"IMEI", "id/device/imei", Checked, "3GPP TS 23.003, section 6: 15 digits, reporting body, Luhn", 15, 18, isIMEI},
	{"MEID", "id/device/imei", Checked, "3GPP2 X.S0008: 14 hexadecimal digits from A0, and a check digit; or 18 decimal ones", 15, 19, isMEID},
	{"ICCID", "id/sim", Checked, "ITU-T E.118: 89, a country's calling code, 19 or 20 digits, Luhn", 19, 24, isICCID},
	{"card number", "money/card", Checked, "ISO/IEC 7812: issuer's range and its lengths, Luhn", 13, 23, isCard},
	{"phone number", "contact/phone", Checked, "ITU-T E.164: plus, calling code, a length that the country has", 8, 24, isPhone},

	{"IMEI without check digit", "id/device/imei", Shape, "14 digits, or 16 with the software version; reporting body", 14, 16, isBareIMEI},
	{"MEID without check digit", "id/device/imei", Shape, "14 hexadecimal digits from A0", 14, 14, isBareMEID},
	{"IMSI", "id/sim", Shape, "ITU-T E.212: 14 or 15 digits, mobile country code", 14, 15, isIMSI},
	{"ANDROID_ID", "id/device/android-id", Shape, "16 hexadecimal digits", 16, 16, isAndroidID},
	{"advertising id", "id/advertising", Shape, "a UUID (RFC 9562), not all zeros", 32, 38, isUUID},
	{"vendor id", "id/install", Shape, "a UUID (RFC 9562), not all zeros", 32, 38, isUUID},
	{"Wi-Fi access point", "place/wifi", Shape, "a hardware address", 12, 17, isMAC},
	{"hardware address of any kind", "id/device/mac", Shape, "a hardware address that is no dummy", 12, 17, isMAC},
	{"phone number as dialled", "contact/phone", Shape, "7 to 15 digits, with or without separators", 7, 24, isDialled},
	{"serial number", "id/device/serial", Loose, "6 to 20 letters and digits, with a digit", 6, 20, isSerial},
	{"latitude", "place/coordinates", Shape, "-90 to 90 with 3 decimals or more, which is 110 m", 5, 24, isLatitude},
	{"longitude", "place/coordinates", Shape, "-180 to 180 with 3 decimals or more", 5, 24, isLongitude},
	{"position", "place/coordinates", Shape, "latitude and longitude with 3 decimals or more each", 11, 50, isPosition},
	{"IP address", "network/ip", Loose, "an address that is not the machine's own loopback", 3, 45, isIP},
	{"Wi-Fi name", "place/wifi", Loose, "a name of 1 to 32 bytes", 1, 34, isSSID},
}

// Forms returns the table of forms, for those who want to know what is looked
// for. It must not be changed.
func Forms() []Form { return forms }

// longest is the length of the longest value that a form allows.
const longest = 254

// Recognise says which form a value has that stands alone in a field. The name
// of the field may be empty. A weak form is told only under a name that means
// it; a dummy, such as an id of zeros, has no form. It looks at no more than
// 254 bytes and does not allocate.
func Recognise(field, value string) (Match, bool) {
	if len(value) == 0 || len(value) > longest {
		return Match{}, false
	}
	named := meant(field)
	var best Match
	for i := range forms {
		f := &forms[i]
		if len(value) < f.min || len(value) > f.max {
			continue
		}
		m := Match{f, slices.Contains(named, uint8(i))}
		if !m.Named && f.Strength < Checked || best.Form != nil && !m.beats(best) || !f.is(value) {
			continue
		}
		best = m
	}
	if best.Form == nil {
		return Match{}, false
	}
	_, dummy := Dummy(value)
	return best, !dummy
}

// beats reports whether m says more than an earlier match: a name counts most.
func (m Match) beats(o Match) bool {
	if m.Named != o.Named {
		return m.Named
	}
	return m.Form.Strength > o.Form.Strength
}

//go:embed dummies.txt
var dummiesText string

// Dummy reports whether a value looks like an identifier and is none, and why:
// zeros, a documented constant, the digest of nothing.
func Dummy(value string) (why string, ok bool) {
	if len(value) > longest {
		return "", false
	}
	why, ok = dummies()[value]
	if !ok {
		why, ok = dummies()[strings.ToLower(value)]
	}
	return why, ok
}

var dummies = sync.OnceValue(func() map[string]string {
	table := make(map[string]string)
	for f := range rows(dummiesText, 2) {
		table[f[0]] = f[1]
	}
	return table
})
