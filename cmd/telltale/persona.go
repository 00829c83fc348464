package main

import (
	"crypto/x509"
	"fmt"

	"telltale/audit/lab"
	"telltale/audit/lab/phone"
	"telltale/audit/lab/specimen"
	"telltale/claims"
)

// persona plants the identity that a specimen leaks: a phone of 2019 with a
// random device id and account. What many phones share (maker, model, versions)
// is no seed.
func persona(p *lab.Planter) specimen.Persona {
	return specimen.Persona{
		AndroidID: p.PlantHex("android-id", "id/device/android-id"),
		Account:   p.PlantAs("account", "id/account", "mi-%s"),
		Maker:     "Xiaomi", Model: "Redmi Note 8", OSVersion: "9",
		AppVersion: "3.4.0", MIUIVersion: "V11.0.3.0.PCOMIXM",
		Language: "en", Region: "DE", Carrier: "Telekom.de", NetworkType: "WIFI",
		ScreenWidth: 1080, ScreenHeight: 2340,
	}
}

// openPhone makes a specimen that is a program the software under test.
func openPhone(t *trial) (software, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(t.ca.PEM()) {
		return software{}, fmt.Errorf("specimen %s: the case's certificate cannot be read", t.specimen.Name)
	}
	t.options.arms = withoutPrivate(t.options.arms)
	return software{
		name: t.specimen.Name, modes: []claims.Mode{claims.Normal}, alone: true, plan: lab.PhonePlan,
		driver: &phone.Driver{
			Specimen: t.specimen, Lab: t.lab, Roots: roots, Now: t.env.now,
			Persona: func() specimen.Persona { return t.persona },
		},
	}, nil
}

// withoutPrivate leaves out private mode, which a phone's system software does
// not have: "normal,private" is the flag's default and no mistake.
func withoutPrivate(arms []string) []string {
	var kept []string
	for _, arm := range arms {
		if arm != string(claims.Private) {
			kept = append(kept, arm)
		}
	}
	return kept
}
