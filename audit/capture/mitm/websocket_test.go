package mitm

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"telltale/audit"
)

func dialWebSocket(t *testing.T, c *http.Client, url string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{ //nolint:bodyclose // Dial says that it need not be closed
		HTTPClient: c, Subprotocols: []string{"v2", "v1"}, CompressionMode: websocket.CompressionContextTakeover,
		HTTPHeader: http.Header{"Origin": {"https://page.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	return ws
}

// A WebSocket is an exchange and its messages, in clear and in TLS.
func TestWebSocket(t *testing.T) {
	long := strings.Repeat("seed ", 20_000)
	for _, url := range []string{"ws://a.example/live?x=1", "wss://a.example/live?x=1"} {
		l := newLab(t)
		ws := dialWebSocket(t, l.client(t), url)
		if got := ws.Subprotocol(); got != "v2" {
			t.Errorf("subprotocol %q", got)
		}
		ws.Write(t.Context(), websocket.MessageText, []byte(long))
		ws.Write(t.Context(), websocket.MessageBinary, []byte{0, 1, 2})
		ws.Close(websocket.StatusNormalClosure, "")
		events := l.wait(t, 3)
		x := events[0].Exchange
		if x == nil || x.URL != url || x.Status != http.StatusSwitchingProtocols || x.Answered != audit.BySinkhole {
			t.Fatalf("%s: %+v", url, events[0])
		}
		if got := value(x.Answer, "Sec-Websocket-Protocol"); got != "v2" {
			t.Errorf("answer %+v", x.Answer)
		}
		text, binary := events[1].Message, events[2].Message
		want := audit.Message{Conn: 1, URL: url, Host: "a.example", Out: true, Text: true, Body: audit.Body{SHA256: text.Body.SHA256, Size: int64(len(long))}}
		if diff := cmp.Diff(want, *text); diff != "" {
			t.Error(diff)
		}
		if binary.Text || !binary.Out || l.text(binary.Body) != "\x00\x01\x02" {
			t.Errorf("%+v", binary)
		}
	}
}

func value(fs []audit.Field, name string) string {
	for _, f := range fs {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// A request that only looks like one for a WebSocket is turned away, on record.
func TestNoWebSocket(t *testing.T) {
	l := newLab(t)
	r := request(t, "GET", "http://a.example/", nil)
	r.Header.Set("Upgrade", "websocket")
	got := do(t, l.client(t), r)
	x := l.wait(t, 1)[0].Exchange
	if got.code != http.StatusUpgradeRequired || x.Status != got.code || l.text(x.Reply) != got.body {
		t.Errorf("%+v: %+v", got, x)
	}
}

// A message that is cut off says so.
func TestHalfMessage(t *testing.T) {
	l := newLab(t)
	ws := dialWebSocket(t, l.client(t), "ws://a.example/")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, err := ws.Writer(ctx, websocket.MessageBinary)
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 200_000) // more than the client holds back, and does not shrink
	rand.Read(random)
	w.Write(random)
	ws.CloseNow()
	if m := l.wait(t, 2)[1].Message; m.Body.Error == "" {
		t.Errorf("%+v", m)
	}
}
