// Package sensors is the codec of the Sensors Analytics wire protocol, as the
// vendor's SDKs speak it.
//
// [Read] takes a request apart into payloads: records in clear, as [Value]s,
// and encrypted [Container]s, which [Open] turns into records when a key is
// known. [NewRecord] gives a record its fields, and [Record.Check] says which
// rules of the protocol it breaks. [Recognise] says by which signals a message
// is Sensors traffic. The rest is what else travels: ids ([ParseCookieID],
// [DecodeAnonymizationID]), cookies ([ParseCookie]), the remote configuration
// ([RemoteConfig]) and what each SDK does with an answer ([OutcomeOf]).
//
// Content decides, not a label: SDKs send forms as text/plain or without any
// type, and a flag that says gzip does not make the bytes gzip. All sizes are
// bounded by [Limits]. Errors name what was found and never a value.
//
// Sources are the SDKs' source code at versions under the Apache licence
// (sa-sdk-javascript 1.26.17, sa-sdk-node 1.2.6, sa-sdk-go 2.1.2, sa-sdk-android
// and sa-sdk-ios before their change of licence) and requests that the first
// three sent to a server of ours.
package sensors

import (
	"errors"
	"fmt"
)

// Limits bound what one request may cost. What is over a limit is an error
// that wraps [ErrLimit].
type Limits struct {
	Body     int // bytes of the query and the body together
	Inflated int // bytes that all payloads together may have after gzip
	Ratio    int // times that gzip may blow a payload up, once it gives more than 1 MiB
	Events   int // records of a request
	Depth    int // objects and lists in each other
	String   int // bytes of one string or name of a record, as sent
	Members  int // of one object or list
	Values   int // of all payloads together; one takes 64 bytes
}

// DefaultLimits hold every batch that an SDK sends: at most 200 records (the
// JavaScript SDK's store), strings of at most 16384 characters (a stack trace
// in app_crashed_reason).
var DefaultLimits = Limits{
	Body:     8 << 20,
	Inflated: 32 << 20,
	Ratio:    100,
	Events:   1000,
	Depth:    16,
	String:   128 << 10,
	Members:  4000,
	Values:   500_000,
}

// ErrLimit is wrapped by each error about a limit that was hit: the request
// may be in order, and is too large.
var ErrLimit = errors.New("over the limit")

func overLimit(what string, limit int) error {
	return fmt.Errorf("%s: %w of %d", what, ErrLimit, limit)
}
