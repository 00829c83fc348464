// Package audit holds the words that the audit's stages speak to each other.
// It does no work itself.
//
// An experiment has arms: a [Case] is the plan of one. Capture writes down
// every [Event] that it sees. What was caught is an [Exhibit]. A [Value] is a
// piece of an exhibit after decoding, with the [Trail] that leads back to the
// bytes. A [Finding] says what a value gives away, a [Party] who received it,
// a [Verdict] what that means for a claim. Every stage adds facts and removes
// none, so that a report can always show its evidence.
//
// The fact stream is JSON Lines, one [Fact] a line; see [Handler].
package audit

import (
	"bytes"
	"slices"
	"time"

	"telltale/personal"
)

// An Exhibit is one thing caught, with where it came from.
type Exhibit struct {
	ID   string `json:"id"`
	Case string `json:"case,omitempty"`
	Place
	Time   time.Time `json:"time"`
	URL    string    `json:"url,omitempty"`
	Method string    `json:"method,omitempty"`
	Host   string    `json:"host"`
	Part   string    `json:"part"` // request.url, request.header, request.body, message.out, tunnel.out; screen
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	Type   string    `json:"type,omitempty"`   // media type that the sender gave
	Stage  bool      `json:"stage,omitempty"`  // answered by a site of the lab that the plan visits
	Server string    `json:"server,omitempty"` // address of the real server that it went to; empty offline
	Data   Secret    `json:"-"`                // the bytes, up to the limit of the reader
	Cut    bool      `json:"cut,omitempty"`    // Data is shorter than Size
	Event  int       `json:"event,omitempty"`  // line of capture.jsonl, from 1
	Status int       `json:"status,omitempty"` // of the answer
}

// A Place is a position in the experiment: arm, repetition, and start of the
// program within that repetition, both from 1.
type Place struct {
	Arm     string `json:"arm"`
	Run     int    `json:"run"`
	Session int    `json:"session,omitempty"`
}

// A Value is a piece of an exhibit at the end of a trail. Every layer is a
// value, not only the innermost one.
type Value struct {
	Exhibit string `json:"exhibit"`
	Trail   Trail  `json:"trail"`
	Spans   []Span `json:"spans"` // for each step of Trail after the first, the range that it was taken from in the layer before
	Data    Secret `json:"value"`
	Leaf    bool   `json:"leaf,omitempty"` // no decoder knew more about it
	Opaque  bool   `json:"opaque,omitempty"`
	// Of an opaque value: its length, and its Shannon entropy in bits per
	// byte. That of n random bytes is about log2(n) for a few, and near 8
	// for some thousand.
	Size    int     `json:"size,omitempty"`
	Entropy float64 `json:"entropy,omitempty"`
}

// Clone returns a copy that keeps alive nothing but itself: other values may
// share their arrays with v.
func (v Value) Clone() Value {
	v.Trail, v.Spans = slices.Clone(v.Trail), slices.Clone(v.Spans)
	v.Data = NewSecret(bytes.Clone(v.Data.Reveal()))
	return v
}

// A Finding says what a value gives away.
type Finding struct {
	ID      string        `json:"id"`
	Exhibit string        `json:"exhibit"`
	Kind    personal.Kind `json:"kind"`
	Seed    string        `json:"seed,omitempty"`       // name of the seed that was met
	Label   string        `json:"identifier,omitempty"` // which identifier, the same label wherever the same value stands
	Form    string        `json:"form"`                 // how the seed was met: plain, folded, sha256 …; what it was told by otherwise: persistent, assigned, field, shape
	Trail   Trail         `json:"trail"`
	Spans   []Span        `json:"spans,omitempty"`
	// Span is the range of the match in the layer at the end of Trail.
	Span       Span       `json:"span"`
	Confidence Confidence `json:"confidence"`
	Value      Secret     `json:"value"`
	Says       string     `json:"says,omitempty"`
	Slope      *Slope     `json:"slope,omitempty"` // of a finding of the form ByLength
}

// ByLength is the form of a finding that no content told, but the length of
// what was sent: the longer the visited address, the longer that was.
const ByLength = "length"

// A Slope says how the bytes that were sent grew with the length of a visited
// address. It is statistical: nothing of the address was read.
type Slope struct {
	Estimate float64 `json:"estimate"` // bytes more for each byte of the address, by least squares
	Low      float64 `json:"low"`      // 95% interval of Estimate
	High     float64 `json:"high"`
	Base     float64 `json:"base"` // bytes for an address of no length
	P        float64 `json:"p"`    // of a permutation test, after Holm's correction
	Runs     int     `json:"runs"` // repetitions that the visits were made in
	Visits   []Pair  `json:"visits"`
}

// A Pair is one visit of the length probe as a pair of numbers.
type Pair struct {
	Run    int   `json:"run"`
	Length int   `json:"length"` // of the address
	Bytes  int64 `json:"bytes"`  // sent during the visit
}

// A Visit is one visit of the length probe: where, when, and how long its
// address was. What is sent before Until and not before From belongs to it.
type Visit struct {
	Place
	From, Until time.Time
	Length      int // bytes of the address
}

// A Confidence says how sure a finding is.
type Confidence string

// The degrees of confidence.
const (
	Certain Confidence = "certain" // a planted random value
	Likely  Confidence = "likely"  // form and behaviour agree
	Hint    Confidence = "hint"    // a name or a form alone
)

// A Party is who receives: every host that was spoken to has one. Where the
// server stands, where the organisation has its seat, where the registrant of
// the name is and who runs the network are four different things. What is not
// known is empty.
type Party struct {
	Host         string   `json:"host"`
	Domain       string   `json:"domain"` // registrable domain
	Organisation string   `json:"organisation,omitempty"`
	Seat         string   `json:"seat,omitempty"`       // country in which Organisation has its seat
	Role         string   `json:"role,omitempty"`       // visited, analytics, update …
	Mark         string   `json:"mark,omitempty"`       // how Organisation and Role are known: documented, read in sources, second-hand
	Categories   []string `json:"categories,omitempty"` // what lists of the user call it
	Aliases      []string `json:"aliases,omitempty"`    // names that DNS led on to, in order
	// Who registered the domain, and in which country, as the registry answered.
	Registrant        string `json:"registrant,omitempty"`
	RegistrantCountry string `json:"registrant_country,omitempty"`
	// Of the server: what is the same for all addresses that answered.
	IP       string   `json:"ip,omitempty"`
	ASN      int      `json:"asn,omitempty"`
	Network  string   `json:"network,omitempty"` // who runs the network: the hoster
	Country  string   `json:"country,omitempty"` // by Basis
	Basis    Basis    `json:"basis,omitempty"`
	Unplaced string   `json:"unplaced,omitempty"` // why Country is empty
	Servers  []Server `json:"servers,omitempty"`  // one for each address, if there are several
	Source   []string `json:"source,omitempty"`
}

// A Server is one address that answered for a host.
type Server struct {
	IP       string `json:"ip"`
	ASN      int    `json:"asn,omitempty"`
	Network  string `json:"network,omitempty"`
	Country  string `json:"country,omitempty"`
	Basis    Basis  `json:"basis,omitempty"`
	Unplaced string `json:"unplaced,omitempty"`
}

// A Basis is how the country of a server is known.
type Basis string

// The bases. Neither is a measurement of where the machine stands.
const (
	ByRegistry Basis = "registry" // the country that the block of addresses is registered in
	ByDatabase Basis = "database" // a database of places that the user gave
)

// At returns what is known of the server with an address: that of the party as
// a whole if the address is not among its servers.
func (p Party) At(ip string) Server {
	for _, s := range p.Servers {
		if s.IP == ip {
			return s
		}
	}
	return Server{p.IP, p.ASN, p.Network, p.Country, p.Basis, p.Unplaced}
}

// A Result is the outcome of holding findings against one assertion.
type Result string

// The results. There is no "clean".
const (
	Refuted    Result = "refuted"
	Supported  Result = "supported"   // nothing against it in what was read, with the bound that this allows
	NotTested  Result = "not tested"  // the experiment cannot show it
	CannotTell Result = "cannot tell" // something could not be read
)

// A Verdict is a result with its reasons.
type Verdict struct {
	Assertion string   `json:"assertion"`
	Target    string   `json:"target"` // what was tested: Arm.Target
	Result    Result   `json:"verdict"`
	Findings  []string `json:"findings,omitempty"` // ids
	Exhibits  int      `json:"exhibits,omitempty"` // exhibits that Findings stand in
	Runs      int      `json:"runs"`               // repetitions in which it could have shown
	Hits      int      `json:"hits,omitempty"`     // repetitions in which it did
	Low       float64  `json:"low,omitempty"`      // exact 95% interval of the rate per run when Hits is not 0
	High      float64  `json:"high,omitempty"`
	Bound     float64  `json:"bound,omitempty"` // upper 95% bound of the rate per run when Hits is 0
	Says      string   `json:"says"`
	Rule      string   `json:"rule"` // id of the judging rule
}

// A Coverage counts what one arm's capture could read, and what it could not.
type Coverage struct {
	Arm         string   `json:"arm"`
	Runs        int      `json:"runs"`        // that were done to their end
	Connections int      `json:"connections"` // connections that reached the proxy
	Requests    int      `json:"requests"`
	Bytes       int64    `json:"bytes"`             // sent by the software
	Stage       int      `json:"stage,omitempty"`   // requests of Requests that were the plan's own visits
	Opaque      int      `json:"opaque"`            // exhibits that could not be read, or not to their end
	Refused     int      `json:"refused"`           // connections on which our certificate was refused
	Tunnels     int      `json:"tunnels"`           // connections that were neither TLS nor HTTP
	Lost        int64    `json:"lost,omitempty"`    // packets or records that were not read and may hold what was sent
	Passed      []Passed `json:"passed,omitempty"`  // packets or records that were not read, by reason, in the order of the words
	Unread      []string `json:"unread,omitempty"`  // hosts behind Opaque, Refused, Tunnels, sorted
	Alerts      []Alert  `json:"alerts,omitempty"`  // what was said of our certificate, behind Refused
	Blocked     []Passed `json:"blocked,omitempty"` // datagrams that were not let through, behind no connection
	Skipped     []string `json:"skipped,omitempty"` // steps of the plan that could not be done, and why
}

// An Alert counts the connections on which a host's client refused our
// certificate in the same words.
type Alert struct {
	Host  string `json:"host"`
	Alert string `json:"alert"`
	Count int    `json:"count"`
}
