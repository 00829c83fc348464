package decode

import "testing"

// The name of a parameter or of a cookie is a value if data may stand in it.
func TestNamesAreValues(t *testing.T) {
	const name = "Sm9uYXMuV2ViZXIrbmV3czdReDJrZDlARXhhbXBsZS1NYWlsLnRlc3Q"
	for _, tt := range []struct {
		d    decoder
		in   layer
		want string
	}{
		{decoder{name: "form", gate: isForm, decode: decodeForm}, layer{data: []byte(name + "=1&v=2")}, "form-name:" + name},
		{decoder{name: "cookie", gate: isCookie, decode: decodeCookie}, layer{step: "header:Cookie", data: []byte("a=b; " + name + "=1")}, "cookie-name:" + name},
	} {
		got := ""
		err := tt.d.decode(tt.in, func(p part) bool {
			if string(p.data) == name && string(tt.in.data[p.span.Start:p.span.End]) == name {
				got = p.step
			}
			return true
		})
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.d.name, got, err, tt.want)
		}
	}
}
