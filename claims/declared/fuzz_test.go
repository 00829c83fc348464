package declared_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"howett.net/plist"

	"telltale/claims"
	"telltale/claims/declared"
)

var placed = regexp.MustCompile(`^f:( byte \d+|\d+:\d+|) ?`)

// Whatever a declaration holds, it is refused with a place in it, or becomes a
// claims file that is read as it was written.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"data_safety.csv", "PrivacyInfo.xcprivacy", "binary.xcprivacy"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := declared.Read("f", data, options)
		if err != nil {
			if !placed.MatchString(err.Error()) {
				t.Errorf("no place: %v", err)
			}
			return
		}
		var b bytes.Buffer
		if err := file.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := claims.Read("again", &b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, again); diff != "" {
			t.Error(diff)
		}
	})
}

// What our readers take, another reader of property lists takes as well, and
// reads the same.
func FuzzPlist(f *testing.F) {
	for _, name := range []string{"PrivacyInfo.xcprivacy", "binary.xcprivacy"} {
		f.Add(sample(f, name))
	}
	for _, v := range []any{"ä語\U0001F600", []any{true, 1, 2.5, []byte{1}, time.Unix(0, 0)}, map[string]any{"k": map[string]any{"": "&<"}}} {
		for _, format := range []int{plist.XMLFormat, plist.BinaryFormat} {
			b, err := plist.Marshal(v, format)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := declared.PlistXML
		if bytes.HasPrefix(data, []byte("bplist0")) {
			read = declared.PlistBinary
		}
		got, err := read(data)
		if err != nil {
			return
		}
		want, err := second(data)
		if err != nil {
			t.Skip(err) // it is stricter with what no manifest has, such as dates
		}
		if diff := cmp.Diff(want, plain(got)); diff != "" {
			t.Errorf("-theirs +ours\n%s", diff)
		}
	})
}

// second is the other reader's opinion. It panics on some broken input.
func second(data []byte) (v any, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("it panicked")
		}
	}()
	_, err = plist.Unmarshal(data, &v)
	return theirs(v), err
}

// theirs and plain bring both to one form: texts, truth values, lists,
// dictionaries, and "other".
func theirs(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = theirs(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = theirs(e)
		}
		return l
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	case bool:
		return v
	default:
		return "other"
	}
}

func plain(v any) any {
	switch v := v.(type) {
	case declared.Dictionary:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = plain(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = plain(e)
		}
		return l
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	case bool:
		return v
	default:
		return "other"
	}
}
