package decode

import (
	"bytes"
	"mime"
	"strconv"
	"strings"

	"telltale/audit"
)

// maxStartLine is how far the first line of a message is looked for.
const maxStartLine = 8 << 10

// maxMIMEHeader is how long the header of a mail may be.
const maxMIMEHeader = 64 << 10

// isRawMessage wants the text of a message: a request or an answer of HTTP/1
// (RFC 9112) by its first line, or mail (RFC 5322) by a field that says how
// its body is written and an empty line before that.
func isRawMessage(in layer) bool {
	if len(in.data) < minRun || !headerNames[in.data[0]] || in.step == "request.header" {
		return false
	}
	return startLine(in.data) > 0 || isMIME(in.data)
}

// startLine returns the length of the first line of HTTP, 0 if there is none.
func startLine(data []byte) int {
	end := bytes.IndexByte(data[:min(len(data), maxStartLine)], '\n')
	if end < 0 {
		return 0
	}
	line := bytes.TrimRight(data[:end], "\r")
	if !isText(line) {
		return 0
	}
	if bytes.HasPrefix(line, []byte("HTTP/")) && len(line) > len("HTTP/1.1 200") && line[5]-'0' < 10 {
		return end + 1
	}
	method, _, _ := bytes.Cut(line, []byte(" "))
	version := bytes.LastIndex(line, []byte(" HTTP/"))
	if version <= len(method) || !isFieldName(method) || version+len(" HTTP/1.1") < len(line) {
		return 0
	}
	return end + 1
}

// isMIME reports whether data starts with the header of a mail or of another
// body as MIME writes them.
func isMIME(data []byte) bool {
	name, _, ok := bytes.Cut(data[:min(len(data), maxName)], []byte(":"))
	if !ok || !isFieldName(name) {
		return false
	}
	header, body := piece{data, audit.Span{End: len(data)}}.header()
	if len(body.data) == 0 || len(header.data) > maxMIMEHeader || !isText(header.data) ||
		!bytes.Contains(bytes.ToLower(header.data), []byte("content-t")) {
		return false
	}
	for line := range split(header.data, '\n') {
		name, _, ok := bytes.Cut(line.data, []byte(":"))
		folded := len(line.data) > 0 && (line.data[0] == ' ' || line.data[0] == '\t')
		if !folded && (!ok || !isFieldName(name)) {
			return false
		}
	}
	return true
}

// decodeRawMessage gives the target of a request as "message:target", the
// fields of the header, and the body as "message:body" without the encodings
// that the header says, apart from compression, which its content shows. What
// stands before the parts of a body is "message:preamble", what follows a body
// of a known length "message:rest".
func decodeRawMessage(in layer, emit func(part) bool) error {
	line := startLine(in.data)
	if line > 0 && !bytes.HasPrefix(in.data, []byte("HTTP/")) {
		target := requestTarget(in.data[:line])
		if !emit(part{"message:target", target.data, target.span}) {
			return nil
		}
	}
	header, body := piece{in.data, audit.Span{End: len(in.data)}}.from(line).header()
	if header.data == nil { // it breaks off in the header
		header, body = body, piece{span: audit.Span{Start: len(in.data), End: len(in.data)}}
	}
	if !decodeFields(header, emit) {
		return nil
	}
	body, rest := body.cutLength(header)
	if n := preamble(header, body.data); n > 0 {
		if !emit(part{"message:preamble", body.data[:n], audit.Span{Start: body.span.Start, End: body.span.Start + n}}) {
			return nil
		}
		body = body.from(n)
	}
	if emit(part{"message:body", undeclared(header, body.data), body.span}) {
		emit(part{"message:rest", rest.data, rest.span})
	}
	return nil
}

// requestTarget returns what stands between the method and the version.
func requestTarget(line []byte) piece {
	start := bytes.IndexByte(line, ' ') + 1
	end := max(start, bytes.LastIndex(line, []byte(" HTTP/")))
	return piece{line[start:end], audit.Span{Start: start, End: end}}
}

// cutLength cuts a body where its header says that it ends.
func (p piece) cutLength(header piece) (body, rest piece) {
	n, err := strconv.Atoi(headerValue(header, "Content-Length"))
	if err != nil || n <= 0 || n >= len(p.data) {
		return p, piece{span: audit.Span{Start: p.span.End, End: p.span.End}}
	}
	rest = p.from(n)
	return piece{p.data[:n], audit.Span{Start: p.span.Start, End: rest.span.Start}}, rest
}

// preamble returns how long the text is that stands before the first of many
// parts, which no program shows.
func preamble(header piece, body []byte) int {
	_, params, err := mime.ParseMediaType(headerValue(header, "Content-Type"))
	if err != nil || params["boundary"] == "" {
		return 0
	}
	return bytes.Index(body, []byte("\n--"+params["boundary"])) + 1
}

// headerValue returns the value of the first field with a name.
func headerValue(header piece, name string) string {
	for f := range fields(header) {
		if strings.EqualFold(string(f.name), name) {
			return string(f.value.data)
		}
	}
	return ""
}

// undeclared takes the encodings off that the header before a body says: that
// of the transfer (RFC 2045, section 6) and the charset.
func undeclared(header piece, body []byte) []byte {
	switch strings.ToLower(headerValue(header, "Content-Transfer-Encoding")) {
	case "base64":
		body = fromBase64(body)
	case "quoted-printable":
		body = unquotePrintable(body)
	}
	return transcode(charsetOf(headerValue(header, "Content-Type")), body)
}
