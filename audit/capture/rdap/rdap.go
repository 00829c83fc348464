// Package rdap asks registries who registered a domain, by the Registration
// Data Access Protocol (RFC 9082), and keeps what they answered.
//
// It talks to hosts outside the experiment, and so it is used only where a
// person asks for it. Every answer is kept as it came, with its address, its
// time and its hash, and nothing that is kept is asked again.
package rdap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// answerLimit is the size up to which an answer is read.
const answerLimit = 4 << 20

// An Answer is what a registry said of a domain.
type Answer struct {
	Domain string    `json:"domain"`
	URL    string    `json:"url"`
	Time   time.Time `json:"time"`
	Status int       `json:"status"`
	SHA256 string    `json:"sha256"` // hex, of Body
	Body   string    `json:"body"`   // JSON, as it came
}

// Source says which answer it is.
func (a Answer) Source() string {
	return fmt.Sprintf("registry: %s, asked at %s, SHA-256 %s", a.URL, a.Time.UTC().Format(time.RFC3339), a.SHA256)
}

// A Client asks registries. It is not safe for concurrent use.
type Client struct {
	HTTP      *http.Client
	Bootstrap string // address of the list of registries (RFC 9224)
	Now       func() time.Time

	registries map[string]string // address by top-level domain
}

// Ask returns the answer of the registry of a domain. A registry that does not
// know the domain gives an answer too, with its status. It fails if there is
// no registry, or no answer in JSON.
func (c *Client) Ask(ctx context.Context, domain string) (Answer, error) {
	base, err := c.registry(ctx, domain)
	if err != nil {
		return Answer{}, fmt.Errorf("asking who registered %s: %w", domain, err)
	}
	a := Answer{Domain: domain, URL: strings.TrimSuffix(base, "/") + "/domain/" + url.PathEscape(domain), Time: c.Now()}
	var body []byte
	if a.Status, body, err = c.get(ctx, a.URL); err == nil && (!json.Valid(body) || !utf8.Valid(body)) {
		err = fmt.Errorf("status %d, and the answer is no JSON", a.Status)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("asking %s who registered %s: %w", base, domain, err)
	}
	a.Body, a.SHA256 = string(body), hash(string(body))
	return a, nil
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// Kept reads answers that were kept, one JSON object a line. It fails at the
// first that is none, or whose hash is not that of its body.
func Kept(r io.Reader) ([]Answer, error) {
	var answers []Answer
	for dec := json.NewDecoder(r); ; {
		var a Answer
		err := dec.Decode(&a)
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err == nil && hash(a.Body) != a.SHA256 {
			err = errors.New("its hash is not that of its body")
		}
		if err != nil {
			return nil, fmt.Errorf("answer %d that was kept: %w", len(answers)+1, err)
		}
		answers = append(answers, a)
	}
}

// registry returns the address of the registry for a domain, by the longest
// ending that the list has.
func (c *Client) registry(ctx context.Context, domain string) (string, error) {
	if c.registries == nil {
		if err := c.bootstrap(ctx); err != nil {
			return "", err
		}
	}
	for name := domain; name != ""; _, name, _ = strings.Cut(name, ".") {
		if base := c.registries[name]; base != "" {
			return base, nil
		}
	}
	return "", errors.New("the list of registries has none for it")
}

// bootstrap reads the list of registries: pairs of the endings of names, and
// of addresses.
func (c *Client) bootstrap(ctx context.Context) error {
	status, body, err := c.get(ctx, c.Bootstrap)
	if err != nil {
		return fmt.Errorf("the list of registries: %w", err)
	}
	var list struct {
		Services [][][]string `json:"services"`
	}
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		return fmt.Errorf("the list of registries: status %d, %d bytes that are no such list", status, len(body))
	}
	c.registries = make(map[string]string)
	for _, s := range list.Services {
		if len(s) != 2 || len(s[1]) == 0 {
			continue
		}
		for _, ending := range s[0] {
			c.registries[strings.ToLower(ending)] = preferred(s[1])
		}
	}
	return nil
}

// preferred returns the first address with encryption, or else the first.
func preferred(addresses []string) string {
	for _, a := range addresses {
		if strings.HasPrefix(a, "https://") {
			return a
		}
	}
	return addresses[0]
}

func (c *Client) get(ctx context.Context, address string) (status int, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Accept", "application/rdap+json, application/json")
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	if err == nil && len(body) > answerLimit {
		err = fmt.Errorf("the answer is longer than %d bytes", answerLimit)
	}
	return resp.StatusCode, body, err
}
