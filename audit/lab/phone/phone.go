// Package phone drives a specimen that is a program of its own: what a phone's
// system software sends while its user opens folders and apps. It is a
// stand-in for a phone on the table, and speaks to the lab's proxy alone.
package phone

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"time"

	"telltale/audit"
	"telltale/audit/lab"
	"telltale/audit/lab/specimen"
)

// A Driver runs a specimen as a phone.
type Driver struct {
	Specimen specimen.Specimen
	Lab      specimen.Lab
	Persona  func() specimen.Persona // asked at each start: the persona is planted after the driver is made
	Roots    *x509.CertPool          // trusts the case's authority
	Now      func() time.Time
}

// Tool names the specimen.
func (d *Driver) Tool(context.Context) (audit.Tool, error) {
	return audit.Tool{Name: d.Specimen.Name, Version: "specimen", Detail: d.Specimen.About}, nil
}

// Start connects the phone to the proxy.
func (d *Driver) Start(_ context.Context, s lab.Start) (lab.Software, error) {
	proxy, err := url.Parse(s.Proxy)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:           http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12},
	}
	return &phone{d, &http.Client{Transport: transport, Timeout: 30 * time.Second}}, nil
}

// A phone is switched on.
type phone struct {
	*Driver
	client *http.Client
}

// Do uses a part of the phone's own interface, and the phone reports it.
func (p *phone) Do(ctx context.Context, a lab.Action) error {
	if a.Verb != lab.Press {
		return lab.Unable{Why: "this phone has no browser to " + string(a.Verb) + " with"}
	}
	action := specimen.Action{Kind: a.Kind, Name: a.Text, Time: p.Now(), Dwell: a.For}
	return p.Specimen.Run(ctx, p.client, p.Lab, p.Persona(), []specimen.Action{action})
}

// Close switches the phone off.
func (p *phone) Close(context.Context) error {
	p.client.CloseIdleConnections()
	return nil
}
