package detect_test

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/audit"
	"telltale/audit/decode"
	"telltale/audit/detect"
	"telltale/claims"
)

func peel(ex audit.Exhibit) iter.Seq2[audit.Value, error] {
	return decode.Values(ex, decode.DefaultLimits)
}

var arms = []audit.Arm{{Name: "normal", Mode: claims.Normal}, {Name: "private", Mode: claims.Private}}

// body is an exhibit of a request's body.
func body(n int, place audit.Place, host, data string) audit.Exhibit {
	return audit.Exhibit{
		ID: fmt.Sprintf("e%d", n), Place: place, Host: host, Part: "request.body", Size: int64(len(data)),
		Data: audit.NewSecret([]byte(data)),
	}
}

func found(t *testing.T, seeds []audit.Seed, exhibits ...audit.Exhibit) detect.Result {
	t.Helper()
	return detected(t, seeds, exhibits...)
}

// detected is found for tests and for properties.
func detected(t interface{ Fatal(...any) }, seeds []audit.Seed, exhibits ...audit.Exhibit) detect.Result {
	r, err := detect.Detect(caught(exhibits), detect.Experiment{Arms: arms, Runs: 3, Seeds: seeds}, peel, 2)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func caught(exhibits []audit.Exhibit) iter.Seq2[audit.Exhibit, error] {
	return func(yield func(audit.Exhibit, error) bool) {
		for _, ex := range exhibits {
			if !yield(ex, nil) {
				return
			}
		}
	}
}

// lines writes findings as text, without what is the same everywhere.
func lines(fs []audit.Finding) []string {
	got := []string{}
	for _, f := range fs {
		match := ""
		if f.Seed != "" && f.Value.Len() >= f.Span.End {
			match = string(f.Value.Reveal()[f.Span.Start:f.Span.End])
		}
		got = append(got, strings.Join(strings.Fields(fmt.Sprint(f.Exhibit, " ", f.Kind, " ", f.Seed, f.Label, " ", f.Form, " ", f.Trail, " ", match)), " "))
	}
	return got
}

const token = "k7f3q9w2m4x8abcd"

var page = audit.Seed{Name: "page", Kind: "behaviour/navigation/url", Value: token, Home: []string{"www.news.example"}}

var here = audit.Place{Arm: "private", Run: 1, Session: 1}

// The request of the case, as the SDK of that time wrote it: form, base64,
// gzip, JSON.
func TestSensorsRequest(t *testing.T) {
	const request = "crc=265788825&gzip=1&data_list=H4sIAAAAAAAC%2F22OywrCMBBF%2F2VwWVtTX21BxO8QCbEZbTBNYjIVRfrvpgE34uzu41zm%2BAZ6OYQGyIv2BhngAw1F7cQVubZC8uTwQMJTzEn1sc7WVVXWrFxMlwFPNFcSmjkrl6v1ZlvVk3%2FRQ%2Bj4D8MSI1UgZVpKFAwsbjtvHXpSGKB5w0yrc0wORnobOxkMXkfdEbnQFAU%2BRe805tZfi%2F1911mDr%2FlqyxiMGST0z8Rk8Af6oKyJwTIvc7b4%2Bj1SZ6dnWisRxvH0AT7u%2FhgeAQAA"
	seed := audit.Seed{Name: "honey", Kind: "behaviour/navigation/url", Value: "honey-4711"}
	r := found(t, []audit.Seed{seed}, body(1, here, "sa.api.intl.miui.com", request))
	want := []string{
		"e1 behaviour/navigation/url honey plain request.body › form:data_list › base64 › gzip › json:/0/properties/url honey-4711",
		"e1 id/install i1 field request.body › form:data_list › base64 › gzip › json:/0/distinct_id",
	}
	if diff := cmp.Diff(want, lines(r.Findings)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if f := r.Findings[0]; f.Confidence != audit.Certain || string(f.Value.Reveal()) != "https://example.org/?q=honey-4711" {
		t.Errorf("confidence %s, value %q", f.Confidence, f.Value.Reveal())
	}
}

// A seed is one finding on one way down, in the layer that says most, and two
// where it stands in two fields.
func TestDeepestLayer(t *testing.T) {
	for in, want := range map[string][]string{
		`{"url":"https://x.example/` + token + `"}`: {"json:/url"},
		`{"a":"` + token + `","b":"` + token + `"}`: {"json:/a", "json:/b"},
		"plain text with " + token + " in it":       {""},
		"u=https%3A%2F%2Fx.example%2F" + token:      {"form:u"},
	} {
		var got []string
		for _, f := range found(t, []audit.Seed{page}, body(1, here, "sink.example", in)).Findings {
			got = append(got, f.Trail[1:].String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", in, diff)
		}
	}
}

// The site that was visited learns its own address without any leak; another
// host does not.
func TestHome(t *testing.T) {
	if r := found(t, []audit.Seed{page}, body(1, here, "www.news.example", token)); len(r.Findings) > 0 {
		t.Errorf("at home: %v", lines(r.Findings))
	}
	if r := found(t, []audit.Seed{page}, body(1, here, "www.other.example", token)); len(r.Findings) != 1 {
		t.Errorf("elsewhere: %v", lines(r.Findings))
	}
}

// Seeds are met in other capitals and as digests, raw, hexadecimal or base64.
func TestForms(t *testing.T) {
	mail := audit.Seed{Name: "mail", Kind: "contact/email", Value: "K7f3q9w2m4x8@post.example"}
	md5 := md5.Sum([]byte(strings.ToLower(mail.Value)))
	sha := sha256.Sum256([]byte(mail.Value))
	for in, want := range map[string]string{
		"to=" + strings.ToUpper(mail.Value): detect.Folded,
		fmt.Sprintf("em=%x", md5):           "md5(lowercase)",
		fmt.Sprintf("em=%X", sha):           "sha256",
		string(sha[:]):                      "sha256",
	} {
		r := found(t, []audit.Seed{mail}, body(1, here, "sink.example", in))
		if len(r.Findings) != 1 || r.Findings[0].Form != want || r.Findings[0].Label != "mail" {
			t.Errorf("%q: got %v, want one of form %s", in, lines(r.Findings), want)
		}
	}
}

// Seeds that would be met by chance, or could not be told apart, are refused.
func TestBadSeeds(t *testing.T) {
	for want, seeds := range map[string][]audit.Seed{
		`seed "s" has 7 bytes`:    {{Name: "s", Value: "1234567"}},
		`two seeds are named "a"`: {{Name: "a", Value: "12345678"}, {Name: "a", Value: "23456789"}},
	} {
		_, err := detect.NewSeeds(seeds)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Ten thousand seeds that were never sent are not met in what a browser says
// by itself.
func TestNoFalseHits(t *testing.T) {
	seeds := make([]audit.Seed, 10_000)
	for i := range seeds {
		sum := sha256.Sum256(fmt.Append(nil, i))
		seeds[i] = audit.Seed{Name: fmt.Sprint("s", i), Kind: "behaviour/navigation/url", Value: fmt.Sprintf("%x", sum[:8])}
	}
	r := found(t, seeds,
		body(1, here, "update.googleapis.com", `{"request":{"@os":"linux","@updater":"chromium","acceptformat":"crx3,download,puff,run,xz,zucc","apps":[{"appid":"hnimpnehoodheedghdeeijklkeaacbdc","enabled":true,"installsource":"ondemand","lang":"en-US","packages":{"package":[{"fp":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]},"ping":{"r":-2},"updatecheck":{},"version":"0.0.0.0"}],"requestid":"{9d1b6c5d-2c0a-4b55-9d0d-8c2d2f4b9a01}","sessionid":"{b7646bed-cf67-4224-b3c9-6a80a3295025}"}}`),
		body(2, here, "accounts.google.com", " "),
		audit.Exhibit{ID: "e3", Place: here, Host: "clients2.google.com", Part: "request.url", Data: audit.NewSecret([]byte("http://clients2.google.com/time/1/current?cup2key=ML-DSA-44-10:ipMkviMXqA8GYNb0TG4JdN10MHjXJrLnm1lSRmjLluk&cup2hreq=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))},
	)
	if len(r.Findings) > 0 || len(r.Opaque) > 0 || len(r.Problems) > 0 {
		t.Errorf("findings %v, opaque %v, problems %v", lines(r.Findings), r.Opaque, r.Problems)
	}
}

// A body that nothing can read is opaque; on a site that the plan visits it is
// nobody's business.
func TestOpaque(t *testing.T) {
	var noise strings.Builder
	for i := range 16 {
		sum := sha256.Sum256([]byte{byte(i)})
		noise.Write(sum[:])
	}
	stage := body(2, here, "www.news.example", noise.String())
	stage.Stage = true
	r := found(t, nil, body(1, here, "sink.example", noise.String()), stage)
	if diff := cmp.Diff([]string{"e1"}, r.Opaque); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A name that says what its value is gives a hint, once a kind and exhibit; the
// same name with another value does not.
func TestFields(t *testing.T) {
	r := found(t, nil,
		body(1, here, "sink.example", `[{"$model":"Redmi Note 8","type":"privacy"},{"$model":"Redmi Note 8"}]`),
		body(2, here, "sink.example", `{"type":"general","$model":""}`))
	want := []string{"e1 device/model field request.body › json:/0/$model", "e1 behaviour/private-mode field request.body › json:/0/type"}
	if diff := cmp.Diff(want, lines(r.Findings)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, f := range r.Findings {
		if f.Confidence != audit.Hint {
			t.Errorf("%s is %s", f.Kind, f.Confidence)
		}
	}
	normal := audit.Place{Arm: "normal", Run: 1, Session: 1}
	if r := found(t, nil, body(1, normal, "sink.example", `{"type":"privacy"}`)); len(r.Findings) > 0 {
		t.Errorf("in a normal window: %v", lines(r.Findings))
	}
}

// A body full of one seed costs time in proportion to it: a seed is looked for
// among the layers above it only.
func TestManyPlaces(t *testing.T) {
	const places = 20_000
	in := "[" + strings.Repeat(`"`+token+`",`, places-1) + `"` + token + `"]`
	if r := found(t, []audit.Seed{page}, body(1, here, "sink.example", in)); len(r.Findings) != places {
		t.Errorf("%d findings, want %d", len(r.Findings), places)
	}
}
