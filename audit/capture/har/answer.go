package har

import (
	"strings"

	"telltale/audit"
)

// answers returns the parts of an entry's answer.
func (e entry) answers() []part {
	address := string(e.Request.URL)
	common := audit.Exhibit{Time: e.started(), URL: address, Method: e.Request.Method, Host: host(address), Status: e.Response.Status}
	var parts []part
	add := func(name string, data []byte, err error) {
		if len(data) > 0 {
			p := part{Exhibit: common, data: data, err: err}
			p.Part = name
			parts = append(parts, p)
		}
	}
	for _, f := range e.Response.Headers {
		name, value := audit.AnswerField(string(f.Name), string(f.Value))
		add(name, []byte(value), nil)
	}
	body, err := []byte(e.Response.Content.Text), error(nil)
	if strings.EqualFold(e.Response.Content.Encoding, "base64") {
		body, err = unbase64(e.Response.Content.Text)
	}
	add("answer.body", body, err)
	return parts
}
