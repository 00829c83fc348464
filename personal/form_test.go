package personal_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"telltale/personal"
)

// name writes a match as a row of the tables below.
func name(m personal.Match, ok bool) string {
	switch {
	case !ok:
		return ""
	case m.Likely():
		return m.Form.Name
	default:
		return m.Form.Name + "?"
	}
}

// Numbers with a checksum or a structure are told, likely ones without "?".
func TestRecognise(t *testing.T) {
	for _, c := range []struct{ field, value, want string }{
		{"imei", "490154203237518", "IMEI"},
		{"", "490154203237518", "IMEI?"},
		{"$imei", "49-015420-323751-8", "IMEI"},
		{"imei", "490154203237519", ""},
		{"imeisv", "4901542032375123", "IMEI without check digit"},
		{"", "4901542032375123", ""},
		{"imei", "111111111111119", ""},
		{"meid", "AF0123450ABCDEC", "MEID"},
		{"meid", "AF0123450ABCDED", ""},
		{"meid", "AF0123450ABCDE", "MEID without check digit"},
		{"meid", "293608736500703710", "MEID"},
		{"iccid", "8949110120000320450", "ICCID"},
		{"iccid", "8949110120000320451", ""},
		{"imsi", "310150123456789", "IMSI"},
		{"", "310150123456789", ""},
		{"", "4111111111111111", ""},
		{"", "5105 1051 0510 5100", ""},
		{"", "4012888888881881", "card number?"},
		{"card_number", "4012-8888-8888-1881", "card number"},
		{"card_number", "4012888888881882", ""},
		{"", "DE89370400440532013000", "IBAN"},
		{"", "GB29 NWBK 6016 1331 9268 19", "IBAN"},
		{"", "DE88370400440532013000", ""},
		{"", "DE8937040044053201300", ""},
		{"", "k7f3q9w2@post.example", "e-mail address"},
		{"", "a.b+c@mail.post.example", "e-mail address"},
		{"", "logo@2x.png", ""},
		{"", "left-pad@1.3.0", ""},
		{"", "a..b@post.example", ""},
		{"", "@post.example", ""},
		{"", "a@b@post.example", ""},
		{"", "00:1a:2b:3c:4d:5e", "hardware address"},
		{"", "00-1A-2B-3C-4D-5E", "hardware address"},
		{"", "00:1a:2b-3c:4d:5e", ""},
		{"", "001a2b3c4d5e", ""},
		{"mac", "001a2b3c4d5e", "hardware address of any kind"},
		{"mac", "02:00:00:00:00:00", ""},
		{"", "06:1a:2b:3c:4d:5e", ""}, // given out locally
		{"", "20:26:11:21:04:00", ""}, // a date
		{"", "01:00:5e:00:00:fb", ""}, // a group
		{"bssid", "06:1a:2b:3c:4d:5e", "Wi-Fi access point"},
		{"bssid", "02:00:00:00:00:00", ""},
		{"ssid", "Home sweet home", "Wi-Fi name?"},
		{"ssid", "<unknown ssid>", ""},
		{"android_id", "4f2a9c1e77b0d3a5", "ANDROID_ID"},
		{"", "4f2a9c1e77b0d3a5", ""},
		{"androidId", "9774d56d682e549c", ""},
		{"gps_adid", "38400000-8cf0-11bd-b23e-10b96e40000d", "advertising id"},
		{"gps_adid", "00000000-0000-0000-0000-000000000000", ""},
		{"session", "38400000-8cf0-11bd-b23e-10b96e40000d", ""},
		{"serialno", "R58M12ABCDE", "serial number?"},
		{"", "R58M12ABCDE", ""},
		{"", "+491701234567", "phone number?"},
		{"phone", "+49 170 1234567", "phone number"},
		{"phone", "0170 1234567", "phone number as dialled"},
		{"", "+9991701234567", ""}, // no country has 999
		{"", "+0100", ""},
		{"lat", "48.13743", "latitude"},
		{"lat", "48.1", ""},
		{"lat", "148.13743", ""},
		{"lng", "148.13743", "longitude"},
		{"", "48.13743", ""},
		{"location", "48.13743,11.57549", "position"},
		{"client_ip", "192.0.2.7", "IP address?"},
		{"client_ip", "127.0.0.1", ""},
	} {
		if got := name(personal.Recognise(c.field, c.value)); got != c.want {
			t.Errorf("%s=%s: got %q, want %q", c.field, c.value, got, c.want)
		}
	}
}

// Every form has a kind that is known, and words.
func TestForms(t *testing.T) {
	for _, f := range personal.Forms() {
		if f.Kind.Meaning() == "" || f.Name == "" || f.Checked == "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestDummy(t *testing.T) {
	if why, ok := personal.Dummy("9774D56D682E549C"); !ok || why == "" {
		t.Error("the ANDROID_ID of Android 2.2 is no dummy")
	}
	if _, ok := personal.Dummy("4f2a9c1e77b0d3a5"); ok {
		t.Error("any ANDROID_ID is a dummy")
	}
}

// The examples of RFC 9562, appendix A, with the time that it gives for them.
func TestUUID(t *testing.T) {
	at := time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC)
	for in, want := range map[string]personal.UUID{
		"C232AB00-9414-11EC-B3C8-9F6BDECED846":   {Version: 1, Time: at},
		"1EC9414C-232A-6B00-B3C8-9F6BDECED846":   {Version: 6, Time: at},
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F":   {Version: 7, Time: at},
		"{919108f7-52d1-4320-9bac-f847db4148a8}": {Version: 4},
		"c232ab009414 11ecb3c8":                  {},
		"c232ab00941411ecb3c8001a2b3c4d5e":       {Version: 1, Time: at, Node: "00:1a:2b:3c:4d:5e"},
		"00000000-0000-0000-0000-000000000000":   {},
		"919108f7-52d1-4320-9bac-f847db4148ag":   {},
	} {
		got, ok := personal.ReadUUID(in)
		if ok != (want != personal.UUID{}) || got.Version != want.Version || got.Node != want.Node || !got.Time.Equal(want.Time) {
			t.Errorf("%s: got %+v, want %+v", in, got, want)
		}
	}
}

// withCheck appends the check digit, found by trying all.
func withCheck(t interface{ Fatalf(string, ...any) }, field, digits, alphabet, form string) string {
	for _, c := range alphabet {
		if m, ok := personal.Recognise(field, digits+string(c)); ok && m.Form.Name == form {
			return digits + string(c)
		}
	}
	t.Fatalf("%s of %s: no check digit makes it valid", form, digits)
	return ""
}

// luhnSum is a second implementation of the sum that Luhn's check digit brings
// to a multiple of the base: by text, from the left.
func luhnSum(s string, base int) int {
	sum := 0
	for i := range s {
		d, _ := strconv.ParseInt(s[i:i+1], base, 0)
		if (len(s)-i)%2 == 0 {
			d *= 2
		}
		for _, c := range strconv.FormatInt(d, base) {
			v, _ := strconv.ParseInt(string(c), base, 0)
			sum += int(v)
		}
	}
	return sum % base
}

// A number with its check digit is found, and not after one digit was changed:
// that is what Luhn's digit is for.
func TestCheckDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]struct {
			field, form, head, alphabet string
			n, base                     int
		}{
			{"imei", "IMEI", "35", "0123456789", 14, 10},
			{"meid", "MEID", "a0", "0123456789abcdef", 14, 16},
			{"iccid", "ICCID", "8949", "0123456789", 18, 10},
			{"pan", "card number", "4", "0123456789", 15, 10},
		}).Draw(t, "form")
		head := c.head + "1234"
		rest := rapid.StringOfN(rapid.RuneFrom([]rune(c.alphabet)), c.n-len(head), c.n-len(head), -1).Draw(t, "digits")
		value := withCheck(t, c.field, head+rest, c.alphabet, c.form)
		if sum := luhnSum(value, c.base); sum != 0 {
			t.Fatalf("%s is found as %s, but its digits sum up to %d", value, c.form, sum)
		}
		at := rapid.IntRange(len(head), len(value)-1).Draw(t, "at")
		other := rapid.SampledFrom([]rune(c.alphabet)).Draw(t, "digit")
		changed := value[:at] + string(other) + value[at+1:]
		if m, ok := personal.Recognise(c.field, changed); changed != value && ok && m.Form.Name == c.form {
			t.Fatalf("%s is found as %s, like %s", changed, c.form, value)
		}
	})
}

// remainder is a second implementation of IBAN's check: by decimal text.
func remainder(iban string) int {
	rest := 0
	for _, c := range iban[4:] + iban[:4] {
		v, _ := strconv.ParseInt(string(c), 36, 0)
		for _, d := range strconv.FormatInt(v, 10) {
			rest = (rest*10 + int(d-'0')) % 97
		}
	}
	return rest
}

func ibanOf(account string) string {
	return fmt.Sprintf("DE%02d%s", 98-remainder("DE00"+account), account)
}

func TestIBANDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := ibanOf(rapid.StringMatching(`[0-9]{18}`).Draw(t, "account"))
		if got := name(personal.Recognise("", value)); got != "IBAN" {
			t.Fatalf("%s: got %q", value, got)
		}
		at := rapid.IntRange(2, len(value)-1).Draw(t, "at")
		changed := value[:at] + rapid.StringMatching(`[0-9]`).Draw(t, "digit") + value[at+1:]
		if got := name(personal.Recognise("", changed)); changed != value && got == "IBAN" {
			t.Fatalf("%s is found, like %s", changed, value)
		}
	})
}

// FuzzRecognise holds what is found against second implementations, and a
// change of one digit against the checksum.
func FuzzRecognise(f *testing.F) {
	f.Add("imei", "490154203237518")
	f.Add("meid", "AF0123450ABCDEC")
	f.Add("", "DE89370400440532013000")
	f.Add("phone", "+49 170 1234567")
	f.Add("", "00:1a:2b:3c:4d:5e")
	f.Add("location", "48.13743,11.57549")
	f.Add("email", "k7f3q9w2@post.example")
	f.Fuzz(func(t *testing.T, field, value string) {
		m, ok := personal.Recognise(field, value)
		if !ok {
			return
		}
		if !m.Named && m.Form.Strength < personal.Checked {
			t.Errorf("%q has the weak form %s without a name", value, m.Form.Name)
		}
		bare := strings.NewReplacer(" ", "", "-", "", "/", "").Replace(value)
		switch m.Form.Name {
		case "IMEI", "ICCID", "card number":
			if luhnSum(bare, 10) != 0 {
				t.Errorf("%s %q has a wrong check digit", m.Form.Name, value)
			}
		case "MEID":
			if len(bare) == 15 && luhnSum(bare, 16) != 0 {
				t.Errorf("MEID %q has a wrong check digit", value)
			}
		case "IBAN":
			if remainder(bare) != 1 {
				t.Errorf("IBAN %q leaves %d", value, remainder(bare))
			}
		case "e-mail address":
			if strings.Count(value, "@") != 1 || strings.ContainsAny(value, " \t\r\n<>,;:\"") {
				t.Errorf("%q is no address", value)
			}
		}
	})
}

// Most values have no form.
func BenchmarkRecogniseNothing(b *testing.B) {
	values := []string{"https://www.news.example/2020/05/01/a-headline", "1795228589149", "page_load_event_start", "4f2a9c1e77b0d3a5", "en-US", "c232ab00-9414-41ec-b3c8-9f6bdeced846"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if m, ok := personal.Recognise("$properties", values[i%len(values)]); ok {
			b.Fatal(m)
		}
	}
}

// Every row of the embedded tables can be read, and names a form that exists.
func TestTables(t *testing.T) {
	known := make(map[string]bool)
	for _, f := range personal.Forms() {
		known[f.Name] = true
	}
	for file, check := range map[string]func([]string) bool{
		"countries.txt": func(f []string) bool {
			code, err1 := strconv.Atoi(f[0])
			low, err2 := strconv.Atoi(f[1])
			high, err3 := strconv.Atoi(f[2])
			return err1 == nil && err2 == nil && err3 == nil && low <= high && len(f[0])+high <= 15 && code > 0
		},
		"iban.txt": func(f []string) bool {
			n, err := strconv.Atoi(f[1])
			return err == nil && len(f[0]) == 2 && n >= 15 && n <= 34
		},
		"names.txt":   func(f []string) bool { return known[f[1]] && f[2] != "" },
		"dummies.txt": func(f []string) bool { return f[0] == strings.ToLower(f[0]) && f[1] != "" },
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) < 2 || !check(append(f, "", "")) {
				t.Errorf("%s: %q", file, line)
			}
		}
	}
}
