package sensors

import "net/http"

// Pixel is the picture that the JavaScript SDK's images are answered with: GIF, one
// transparent point.
const Pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// Ready is what any installation of Sensors Analytics answers to a GET without
// data. The vendor's tools compare it exactly.
const Ready = "Sensors Analytics is ready to receive your data!"

// An SDK is a kind of client, by what it makes of an answer.
type SDK uint8

// The kinds of clients.
const (
	UnknownSDK SDK = iota
	NativeSDK      // Android and iOS
	GoSDK
	NodeSDK
	JSSingleSDK // JavaScript: image, ajax, beacon
	JSBatchSDK  // JavaScript with batch_send
	ServerSDK   // Python and Java
)

// SDKOf tells the kind of client by what a record's lib says, and for JavaScript
// by the field that the record came in.
func SDKOf(lib, field string) SDK {
	switch lib {
	case "Android", "iOS":
		return NativeSDK
	case "Golang":
		return GoSDK
	case "Node":
		return NodeSDK
	case "js":
		if field == "data_list" {
			return JSBatchSDK
		}
		return JSSingleSDK
	case "python", "Java":
		return ServerSDK
	default:
		return UnknownSDK
	}
}

// An Outcome is what becomes of the records that a client sent.
type Outcome uint8

// The outcomes.
const (
	Unknown  Outcome = iota
	Accepted         // the client takes them for delivered and forgets them
	Purged           // the client forgets them, knowing that they were refused
	Kept             // the client keeps them and sends them again, as often as the answer is the same
	Failed           // the host program sees an error; what then is its affair
	Lost             // the client takes them for delivered, and they were not
)

// String returns the outcome for messages.
func (o Outcome) String() string {
	return [...]string{"unknown", "accepted", "purged", "kept and sent again", "failed", "lost"}[o]
}

// statuses are the answers that differ, and in the order of the kinds of
// clients what they lead to. An answer that is not in the table is as the one of
// its class: 2xx as 204, 4xx as 400, 5xx as 503. The Go and Node SDKs follow a 302
// with a GET that has no body; a native one sends again to where it is told, and
// what becomes of that is decided there.
var statuses = map[int][7]Outcome{
	http.StatusOK:                 {Accepted, Accepted, Accepted, Accepted, Accepted, Accepted, Accepted},
	http.StatusNoContent:          {Accepted, Accepted, Failed, Accepted, Accepted, Accepted, Accepted},
	http.StatusFound:              {Unknown, Unknown, Lost, Lost, Unknown, Unknown, Unknown},
	http.StatusNotModified:        {Unknown, Purged, Failed, Failed, Accepted, Accepted, Failed},
	http.StatusBadRequest:         {Unknown, Purged, Failed, Failed, Purged, Kept, Failed},
	http.StatusForbidden:          {Unknown, Kept, Failed, Failed, Purged, Kept, Failed},
	http.StatusNotFound:           {Unknown, Kept, Failed, Failed, Purged, Kept, Failed},
	http.StatusServiceUnavailable: {Unknown, Kept, Failed, Failed, Purged, Kept, Failed},
}

// OutcomeOf says what becomes of records that an SDK sent when the server
// answers with a status. It was measured for Go, Node and JavaScript batches, and
// read in the source for the others.
//
// There is no refusal that all clients take well. [http.StatusForbidden] makes
// native clients hoard, and any refusal JavaScript batches; 200 is the one that
// purges both, and the record is dropped in silence. An overloaded server says
// 503, not 429, which native clients purge at.
func OutcomeOf(sdk SDK, status int) Outcome {
	if row, ok := statuses[status]; ok {
		return row[sdk]
	}
	switch status / 100 {
	case 2:
		return statuses[http.StatusNoContent][sdk]
	case 4:
		return statuses[http.StatusBadRequest][sdk]
	case 5:
		return statuses[http.StatusServiceUnavailable][sdk]
	default:
		return Unknown
	}
}

// IsDryRun reports whether a request to /debug asks not to store what it sends,
// by the value of its header Dry-Run: the literal true alone does. The
// JavaScript SDK sends false, and native ones send no header, to have it stored.
func IsDryRun(header string) bool { return header == "true" }
