package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/collect/store"
	"telltale/sensors"
)

// said returns an event Buy that says nothing of consent.
func said(user string, n int64) string {
	return sensors.Encode([]sensors.Value{sensors.NewObject(
		sensors.Member{Name: "type", Value: sensors.Text("track")}, sensors.Member{Name: "event", Value: sensors.Text("Buy")},
		sensors.Member{Name: "distinct_id", Value: sensors.Text(user)}, sensors.Member{Name: "_track_id", Value: sensors.Integer(n)},
		sensors.Member{Name: "time", Value: sensors.Integer(time.Now().UnixMilli())},
		sensors.Member{Name: "properties", Value: sensors.NewObject(
			sensors.Member{Name: "price", Value: sensors.Integer(n)}, sensors.Member{Name: "incognito", Value: sensors.Truth(false)},
		)},
	)}, sensors.Encoding{Field: "data_list"})
}

// From no consent to consent, withdrawal, and consent again: each takes effect at
// once, and after a withdrawal the records are gone from all files, with the keys;
// those of others are not. A restart changes nothing.
func TestCollectWithdrawal(t *testing.T) {
	dir := t.TempDir()
	c := collectIn(t, dir, "--erase-within", "1s")
	consent := func(method, user string) {
		t.Helper()
		if status, text := request(t, c, method, "/consent", fmt.Sprintf(`{"distinct_id":%q,"purposes":["statistics"]}`, user)); status != http.StatusOK {
			t.Fatalf("%s: %d %s", method, status, text)
		}
	}
	send := func(user string, n int64) {
		t.Helper()
		if status, text := request(t, c, http.MethodPost, "/sa", said(user, n)); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
	}
	prices := func(want string) {
		t.Helper()
		var got string
		c.wait(t, func(rows []store.Row) bool {
			got = ""
			for n := range int64(10) {
				for _, r := range rows {
					if r.Properties == fmt.Sprintf(`{"price":%d}`, n) {
						got += fmt.Sprint(n)
					}
				}
			}
			return got == want
		})
		if got != want {
			t.Fatalf("the store has %s, want %s", got, want)
		}
	}
	send("anna", 1) // no consent yet
	consent(http.MethodPut, "anna")
	consent(http.MethodPut, "bert")
	send("anna", 2)
	send("bert", 3)
	prices("23")
	users := filepath.Join(dir, "keys", "month-"+time.Now().UTC().Format("2006-01")+".users")
	before, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	consent(http.MethodDelete, "anna")
	if after, err := os.ReadFile(users); err != nil || len(after) != len(before)-32 {
		t.Errorf("the keys of users had %d bytes, and have %d, %v", len(before), len(after), err)
	}
	send("anna", 4)
	prices("3")
	c.kill()
	c = collectIn(t, dir)
	send("anna", 5)
	send("bert", 6)
	prices("36")
	consent(http.MethodPut, "anna")
	send("anna", 7)
	prices("367")

	// A request for erasure to the running collector, with a receipt that can be checked.
	code, stdout, stderr := telltale(t.Context(), "collect", "subject", "erase", "--data", dir, "--server", c.url, "bert")
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	prices("7")
	checkReceipt(t, stdout)
	c.stop(t)
	code, stdout, stderr = telltale(t.Context(), "collect", "subject", "export", "--data", dir, "anna")
	if code != exitOK || strings.Count(stdout, `"event": "Buy"`) != 1 || !strings.Contains(stdout, `{\"price\":7}`) {
		t.Errorf("%d %s%s", code, stdout, stderr)
	}
}

func checkReceipt(t *testing.T, text string) {
	t.Helper()
	var signed signedReceipt
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&signed); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	signature, err := base64.StdEncoding.DecodeString(signed.Signature)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(signed.PublicKey)
	if err != nil || !ed25519.Verify(key, []byte(signed.Receipt), signature) {
		t.Errorf("the signature does not verify: %v", err)
	}
	var r receipt
	if err := json.Unmarshal([]byte(signed.Receipt), &r); err != nil || r.Keys != 1 || r.Rows != 2 || strings.Contains(text, "bert") {
		t.Errorf("got %+v, %v", r, err)
	}
}

// One folder, one process.
func TestCollectLocked(t *testing.T) {
	c := collectIn(t, t.TempDir())
	code, _, stderr := telltale(t.Context(), "collect", "--claims", "collect-example", "--data", c.dir, "--listen", "127.0.0.1:0")
	if code != exitFailed || !strings.Contains(stderr, "is in use by another process") {
		t.Errorf("%d %s", code, stderr)
	}
}
