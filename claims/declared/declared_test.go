package declared_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telltale/claims"
	"telltale/claims/declared"
	"telltale/personal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var options = declared.Options{
	Subject: claims.Subject{Name: "Sample", Version: "1.0", Publisher: "Vendor"},
	Source:  claims.Source{URL: "https://store.example/sample", Date: "2026-11-21"},
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each sample makes the claims file that lies beside it.
func TestRead(t *testing.T) {
	known := options
	known.Recipients = []string{"Vendor", "Hoster"}
	for name, c := range map[string]struct {
		file string
		opt  declared.Options
	}{
		"play.yaml":            {"data_safety.csv", options},
		"play-recipients.yaml": {"data_safety.csv", known},
		"apple.yaml":           {"PrivacyInfo.xcprivacy", options},
	} {
		file, err := declared.Read(c.file, sample(t, c.file), c.opt)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := file.Write(&b); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(filepath.Join("testdata", name), b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(sample(t, name)), b.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		read, err := claims.Read(name, &b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, read); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A manifest says the same as an XML and as a binary property list.
func TestBinaryManifest(t *testing.T) {
	want, err := declared.Read("x", sample(t, "PrivacyInfo.xcprivacy"), options)
	if err != nil {
		t.Fatal(err)
	}
	got, err := declared.Read("x", sample(t, "binary.xcprivacy"), options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is declared is promised nothing of; what is not, is.
func TestNeverWhatIsNotDeclared(t *testing.T) {
	const head = "Question ID (machine readable),Response ID (machine readable),Response value\n"
	for name, c := range map[string]struct {
		form  string
		never personal.Kind
		free  personal.Kind
	}{
		"nothing":  {"PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,false\n", "id/device", ""},
		"e-mail":   {"PSL_DATA_TYPES_PERSONAL,PSL_EMAIL,true\n", "contact/phone", "contact/email"},
		"one of 2": {"PSL_DATA_TYPES_LOCATION,PSL_APPROX_LOCATION,TRUE\n", "id/account", "place/coordinates"},
	} {
		file, err := declared.Read("form.csv", []byte("\xef\xbb\xbf"+head+c.form), options)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		never, ok := file.Statements[0].Asserts[0].Rule.(claims.Never)
		if !ok || !slices.Contains(never.Kinds, c.never) || c.free != "" && slices.Contains(never.Kinds, c.free) {
			t.Errorf("%s: %v", name, file.Statements[0].Asserts[0].Rule)
		}
	}
}

// Every kind of the table is one of ours, and every type stands there once.
func TestTypes(t *testing.T) {
	seen := make(map[string]bool)
	rows := 0
	for line := range strings.Lines(string(readFile(t, "types.txt"))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 || f[0] != "play" && f[0] != "apple" || seen[f[0]+f[1]] {
			t.Errorf("bad row %q", line)
			continue
		}
		seen[f[0]+f[1]] = true
		for k := range strings.SplitSeq(f[2], ",") {
			if k != "-" && personal.Kind(k).Meaning() == "" {
				t.Errorf("%s %s: %q is no kind", f[0], f[1], k)
			}
		}
	}
	if rows != 38+35 {
		t.Errorf("%d rows; Google's form has 38 types, Apple's list 35", rows)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is wrong is said with its place, and what to do.
func TestErrors(t *testing.T) {
	const head = "Question ID (machine readable),Response ID (machine readable),Response value\n"
	const plist = "<plist><dict>"
	for in, want := range map[string]string{
		"":               "f:1:1: neither a Data safety form (CSV) nor a privacy manifest",
		"hello":          "f:1:1: neither",
		head:             "f:1:1: neither",
		head + "a,b,c\n": "f:1:1: neither",
		head + "PSL_DATA_TYPES_PERSONAL,PSL_EMAIL,perhaps\n":                                                 `f:2:1: the answer to PSL_DATA_TYPES_PERSONAL is "perhaps"; write true, false or nothing`,
		head + "PSL_DATA_TYPES_PERSONAL,PSL_EMAIL\n":                                                         "f:2:1: a row of 2 cells; export the form again",
		head + "PSL_DATA_TYPES_PERSONAL,\"PSL\n":                                                             `f:2:30: no CSV: extraneous or missing " in quoted-field; export the form again`,
		head + "PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,false\nPSL_DATA_TYPES_PERSONAL,PSL_EMAIL,true\n": "f:3:1: PSL_EMAIL is ticked, and line 2 says that nothing is collected; correct one of the two",
		"<plist><string>a</string></plist>":                                                                  "f:1:1: neither",
		"<plist/>":                                                                                           "an empty property list",
		"<html></html>":                                                                                      "an element <html>",
		plist + "</dict></plist>":                                                                            "f:1:1: neither",
		plist + "<key>NSPrivacyTracking</key><string>no</string></dict></plist>":                             "f:1:1: NSPrivacyTracking is not true or false; correct the manifest",
		plist + "<key>NSPrivacyCollectedDataTypes</key><dict/></dict></plist>":                               "NSPrivacyCollectedDataTypes is not a list",
		plist + "<key>NSPrivacyCollectedDataTypes</key><array><true/></array></dict></plist>":                "NSPrivacyCollectedDataTypes is not a list of dictionaries",
		plist + "<key>NSPrivacyCollectedDataTypes</key><array><dict/></array></dict></plist>":                "NSPrivacyCollectedDataType is not the name of a data type",
		plist + "<key>a</key></dict></plist>":                                                                `no value for the key "a"`,
		plist + "<key>a</key><true/><key>a</key><true/></dict></plist>":                                      `a second key "a"`,
		plist + "<true/></dict></plist>":                                                                     "<true> where a <key> belongs",
		plist + "words</dict></plist>":                                                                       "text between elements",
		plist + "<key>a</key><string><b/></string></dict></plist>":                                           "<b> in <string>",
		"<!DOCTYPE p [<!ENTITY e \"x\">]><plist><dict><key>&e;</key><true/></dict></plist>":                  "no XML: ",
		"<plist>" + strings.Repeat("<array>", 40) + strings.Repeat("</array>", 40) + "</plist>":              "levels; correct the property list",
		"bplist00":                              "f: byte 8: the file breaks off; build the manifest again",
		"bplist00" + strings.Repeat("\x00", 40): "sizes of 0 and 0 bytes",
		strings.Repeat(" ", 1<<20+1):            "a declaration of more than 1048576 bytes",
	} {
		_, err := declared.Read("f", []byte(in), options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.80q: got %v want %s", in, err, want)
		}
	}
	if _, err := declared.Read("f", sample(t, "data_safety.csv"), declared.Options{}); err == nil || !strings.Contains(err.Error(), "makes no claims file") {
		t.Errorf("without a subject: %v", err)
	}
}

// Lists that hold one another, or the same list again and again, cost no more
// than their bytes.
func TestBinaryBombs(t *testing.T) {
	bomb := func(objects ...string) []byte {
		out, offsets := []byte("bplist00"), []byte(nil)
		for _, o := range objects {
			offsets = append(offsets, byte(len(out)))
			out = append(out, o...)
		}
		table := byte(len(out))
		out = append(out, offsets...)
		out = append(out, 0, 0, 0, 0, 0, 0, 1, 1)
		out = append(out, 0, 0, 0, 0, 0, 0, 0, byte(len(objects)))
		out = append(out, 0, 0, 0, 0, 0, 0, 0, 0)
		return append(out, 0, 0, 0, 0, 0, 0, 0, table)
	}
	lists := make([]string, 0, 40)
	for i := range 30 { // each has the next one ten times
		lists = append(lists, "\xaa"+strings.Repeat(string([]byte{byte(i + 1)}), 10))
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"holds itself": {bomb("\xa1\x00"), "object 0 holds itself"},
		"exponential":  {bomb(append(lists, "\x09")...), "neither"},
		"no key":       {bomb("\xd1\x01\x01", "\x09"), "a key that is no text"},
		"no object":    {bomb("\xa1\x07"), "no object 7"},
	} {
		_, err := declared.Read("f", c.data, options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v want %s", name, err, c.want)
		}
	}
}
