package specimen

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Host is the name under which the lab answers specimens. There is no such
// top-level domain, so that outside the lab nobody answers.
const Host = "telltale.lab"

// A Lab is what a specimen knows about the lab that it belongs to.
type Lab struct {
	Token string // secret of the case, hexadecimal
}

func (l Lab) check() error {
	if l.Token == "" {
		return errors.New("specimen: the lab has no token; give it the secret of the case")
	}
	return nil
}

// nonceLimit bounds what the gate proves; specimens send 32 bytes or fewer.
const nonceLimit = 128

// Gate is what the lab serves at http://telltale.lab/. The answer to
// GET /hello?nonce=N is {"proof": P}, where P is HMAC-SHA256 of the nonce in
// hexadecimal; the key is the text of the token.
func Gate(token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		nonce := r.URL.Query().Get("nonce")
		if token == "" || nonce == "" || len(nonce) > nonceLimit {
			http.Error(w, "no proof without a token and a nonce", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(hello{hex.EncodeToString(prove(token, nonce))})
	})
	return mux
}

// hello is the gate's answer.
type hello struct {
	Proof string `json:"proof"`
}

func prove(token, nonce string) []byte {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(nonce))
	return mac.Sum(nil)
}

// answerLimit bounds the gate's answer.
const answerLimit = 4 << 10

// enter makes the lab prove that it is there.
func (l Lab) enter(ctx context.Context, client *http.Client) error {
	if err := l.check(); err != nil {
		return err
	}
	nonce := rand.Text()
	target := url.URL{Scheme: "http", Host: Host, Path: "/hello", RawQuery: url.Values{"nonce": {nonce}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return fmt.Errorf("asking the lab for its proof: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the lab for its proof: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer hello
	if err := json.NewDecoder(io.LimitReader(res.Body, answerLimit)).Decode(&answer); err != nil {
		return fmt.Errorf("asking the lab for its proof: status %d and no proof: %w", res.StatusCode, err)
	}
	if proof, err := hex.DecodeString(answer.Proof); err != nil || !hmac.Equal(proof, prove(l.Token, nonce)) {
		return errors.New("asking the lab for its proof: it does not know the token; specimens run in their own lab only")
	}
	return nil
}
