package specimen_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"telltale/audit/lab/specimen"
)

const token = "6d8f0f3c5f6a4b1e9c2d7a8b0e1f2a3c"

const (
	sensorsHost  = "sa.api.intl.miui.com"
	mistatHost   = "data.mistat.intl.xiaomi.com"
	oneTrackHost = "tracking.intl.miui.com"
)

func persona() specimen.Persona {
	return specimen.Persona{
		AndroidID: "9f3a6c1e5b7d2048", Account: "6620017345", Maker: "Xiaomi", Model: "Redmi Note 8",
		OSVersion: "9", AppVersion: "3.4.0", MIUIVersion: "V11.0.3.0", Language: "de", Region: "DE",
		Carrier: "o2 - de", NetworkType: "WIFI", ScreenWidth: 1080, ScreenHeight: 2340,
	}
}

func find(t *testing.T, name string) specimen.Specimen {
	t.Helper()
	s, ok := specimen.Find(name)
	if !ok {
		t.Fatalf("no specimen %s", name)
	}
	return s
}

// world answers at the gate with the token's proofs, and nothing elsewhere.
func world(token string) http.Handler {
	gate := specimen.Gate(token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == specimen.Host {
			gate.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func day() []specimen.Action {
	at := time.Date(2020, 4, 30, 8, 0, 0, 0, time.UTC)
	return []specimen.Action{
		{Kind: "behaviour/folder/open", Name: "folder-k3x9", Time: at},
		{Kind: "behaviour/gesture/swipe", Name: "left", Time: at.Add(time.Second)},
		{Kind: "behaviour/statusbar", Name: "expanded", Time: at.Add(2 * time.Second)},
		{Kind: "behaviour/settings", Name: "wifi", Time: at.Add(3 * time.Second)},
		{Kind: "behaviour/app/open", Name: "app-m2q7", Time: at.Add(4 * time.Second)},
		{Kind: "behaviour/dwell", Name: "screen-w5ab", Time: at.Add(5 * time.Second), Dwell: 1500 * time.Millisecond},
	}
}

// Everything that the user did arrives, with the id of the device.
func TestPhoneReports(t *testing.T) {
	p := newProxy(t, world(token))
	if err := find(t, "miui-2020").Run(t.Context(), p.client(t), specimen.Lab{Token: token}, persona(), day()); err != nil {
		t.Fatal(err)
	}
	type report struct{ event, name, device string }
	var got []report
	for _, r := range p.to(oneTrackHost) {
		var m struct {
			Event  string
			Device struct {
				AndroidID string `json:"android_id"`
			}
			Params map[string]string
		}
		if err := json.Unmarshal([]byte(r.body), &m); err != nil {
			t.Fatal(err)
		}
		for _, name := range m.Params {
			got = append(got, report{m.Event, name, m.Device.AndroidID})
		}
	}
	for _, r := range p.to(sensorsHost) {
		if want := "/sa?project=miui_system&r=DE"; r.url != want {
			t.Errorf("got %s, want %s", r.url, want)
		}
		for _, e := range unpack(t, r.body) {
			properties := e["properties"].(map[string]any)
			name, _ := properties["app"].(string)
			if e["event"] == "$AppViewScreen" {
				name, _ = properties["$screen_name"].(string)
				if properties["event_duration"] != 1.5 || e["time"] != 1588233605000.0 {
					t.Errorf("dwell %v at %v", properties["event_duration"], e["time"])
				}
			}
			got = append(got, report{e["event"].(string), name, properties["$device_id"].(string)})
		}
	}
	id := persona().AndroidID
	want := []report{
		{"folder_open", "folder-k3x9", id},
		{"swipe", "left", id},
		{"status_bar", "expanded", id},
		{"settings_page", "wifi", id},
		{"app_switch", "app-m2q7", id},
		{"$AppViewScreen", "screen-w5ab", id},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(report{})); diff != "" {
		t.Error(diff)
	}
}

// Without the lab around it the phone sends nothing but its question.
func TestPhoneIsSilentOutsideTheLab(t *testing.T) {
	wrong := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"proof":"`+strings.Repeat("00", sha256.Size)+`"}`)
	})
	moved := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == specimen.Host {
			http.Redirect(w, r, "http://elsewhere.example/?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		specimen.Gate(token).ServeHTTP(w, r)
	})
	for name, tt := range map[string]struct {
		world http.Handler
		token string
		asked int
		says  string
	}{
		"no token":            {world(token), "", 0, "no token"},
		"another lab's token": {world("ffff"), token, 1, "does not know the token"},
		"wrong proof":         {wrong, token, 1, "does not know the token"},
		"no gate":             {http.NotFoundHandler(), token, 1, "no proof"},
		"gate elsewhere":      {moved, token, 1, "no proof"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, tt.world)
			err := find(t, "miui-2020").Run(t.Context(), p.client(t), specimen.Lab{Token: tt.token}, persona(), day())
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want an error with %q", err, tt.says)
			}
			if got := len(p.to(specimen.Host)); got != tt.asked || len(p.requests) != tt.asked {
				t.Errorf("asked %d times, %d requests, want %d", got, len(p.requests), tt.asked)
			}
		})
	}
}

// A client that would reach a sink directly is not used at all.
func TestPhoneNeedsProxy(t *testing.T) {
	direct := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was made") }))
	t.Cleanup(direct.Close)
	target, err := url.Parse(direct.URL)
	if err != nil {
		t.Fatal(err)
	}
	onlyGate := func(r *http.Request) (*url.URL, error) {
		if r.URL.Host == specimen.Host {
			return target, nil
		}
		return nil, nil
	}
	for name, client := range map[string]*http.Client{
		"nil":            nil,
		"default":        http.DefaultClient,
		"own transport":  {Transport: &http.Transport{}},
		"some transport": {Transport: http.NewFileTransport(http.Dir("."))},
		"not all hosts":  {Transport: &http.Transport{Proxy: onlyGate}},
	} {
		err := find(t, "miui-2020").Run(t.Context(), client, specimen.Lab{Token: token}, persona(), day())
		if err == nil || !strings.Contains(err.Error(), "proxy") {
			t.Errorf("%s: got %v, want an error that names the proxy", name, err)
		}
	}
}

// A kind that the phone has no event for stops it before anything is sent.
func TestPhoneUnknownKind(t *testing.T) {
	p := newProxy(t, world(token))
	actions := append(day(), specimen.Action{Kind: "id/device/imei", Name: "x"})
	err := find(t, "miui-2020").Run(t.Context(), p.client(t), specimen.Lab{Token: token}, persona(), actions)
	if err == nil || !strings.Contains(err.Error(), "id/device/imei") || len(p.requests) != 0 {
		t.Errorf("%v, %d requests", err, len(p.requests))
	}
}

// The files of an extension hold no secret until they are unpacked for a lab.
func TestUnpack(t *testing.T) {
	for _, s := range specimen.All() {
		dir := filepath.Join(t.TempDir(), "extension")
		err := s.Unpack(dir, specimen.Lab{Token: token}, persona())
		if s.Kind == specimen.Program {
			if err == nil {
				t.Errorf("%s is a program and was unpacked", s.Name)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			Token     string
			Incognito bool
			Persona   specimen.Persona
		}
		if err := json.Unmarshal(b, &config); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(persona(), config.Persona); diff != "" {
			t.Error(diff)
		}
		if config.Token != token || config.Incognito != (s.Name != "mint-2020-fixed") {
			t.Errorf("%s: %s", s.Name, b)
		}
		if err := s.Unpack(dir, specimen.Lab{Token: token}, persona()); err == nil {
			t.Errorf("%s was unpacked over another", s.Name)
		}
		if err := s.Unpack(t.TempDir(), specimen.Lab{}, persona()); err == nil {
			t.Errorf("%s was unpacked without a token", s.Name)
		}
		if err := s.Run(t.Context(), nil, specimen.Lab{}, persona(), nil); err == nil {
			t.Errorf("%s is an extension and was run", s.Name)
		}
	}
}

// The gate proves a nonce of the right size with the token, and nothing else.
func FuzzGate(f *testing.F) {
	f.Add("", "n")
	f.Add(token, "9b1deb4d")
	f.Add(token, "")
	f.Add("k", strings.Repeat("x", 129))
	f.Fuzz(func(t *testing.T, token, nonce string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://"+specimen.Host+"/hello?nonce="+url.QueryEscape(nonce), nil)
		specimen.Gate(token).ServeHTTP(w, r)
		if wantProof := token != "" && nonce != "" && len(nonce) <= 128; !wantProof {
			if w.Code != http.StatusBadRequest {
				t.Fatalf("status %d, want 400", w.Code)
			}
			return
		}
		mac := hmac.New(sha256.New, []byte(token))
		io.WriteString(mac, nonce)
		want := `{"proof":"` + hex.EncodeToString(mac.Sum(nil)) + "\"}\n"
		if got := w.Body.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
