package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// A collectConfig is all that can be set of the collector. Each field is a
// flag, a variable of the environment (TELLTALE_COLLECT_, then the name in
// capitals with _ for -) and a key of the configuration file, of the same name; a flag
// wins over the environment, and that over the file.
type collectConfig struct {
	Claims   string `name:"claims" help:"claims FILE with a tracking plan (schema), or the name of a built-in one"`
	Plan     string `name:"plan" help:"claims FILE to take the tracking plan from, if it stands beside the claims"`
	Data     string `name:"data" default:"collected" help:"DIR that everything is kept in"`
	Listen   string `name:"listen" default:"127.0.0.1:8106" help:"ADDRESS to listen at"`
	Region   string `name:"region" help:"NAME of the region that the collector is in; each record has it"`
	Country  string `name:"country" help:"country that the collector and its data are in, two capital letters"`
	Operator string `name:"operator" help:"organisation that operates the collector"`

	TLSCert   string `name:"tls-cert" help:"FILE with the certificate chain, in PEM"`
	TLSKey    string `name:"tls-key" help:"FILE with the private key, in PEM"`
	Proxy     bool   `name:"behind-tls-proxy" help:"a proxy that ends TLS stands before: take the client's address from X-Forwarded-For, and refuse what did not come over TLS"`
	AdminFile string `name:"admin-token-file" help:"FILE with the token for everything but ingestion (default admin.token in the data folder, made if missing)"`

	Projects  []string `name:"project" help:"project that is served, NAME or NAME=TOKEN; may be repeated (default the project default)"`
	MaxBody   int64    `name:"max-body" default:"2097152" help:"bytes of a request"`
	MaxEvents int64    `name:"max-events" default:"500" help:"records of a request"`
	Rate      int64    `name:"rate" default:"0" help:"records a second that a project may send (0: no limit)"`
	RateAddr  int64    `name:"rate-client" default:"2000" help:"records a second that one client address may send (0: no limit)"`
	Conns     int64    `name:"max-connections" default:"4096" help:"connections at a time"`
	MaxLog    int64    `name:"max-log" default:"4294967296" help:"bytes of the log that may wait for the store; then 503"`
	MinFree   int64    `name:"min-free" default:"268435456" help:"bytes that must stay free on the disk; then 503"`

	MaxAge   time.Duration `name:"max-age" default:"240h" help:"events that are older are not taken"`
	MaxAhead time.Duration `name:"max-ahead" default:"1h" help:"events that are further ahead are not taken"`
	Window   time.Duration `name:"dedup-window" default:"168h" help:"time in which copies of an event are told"`
	Flush    time.Duration `name:"flush" default:"5s" help:"time after which what is in the log goes to the store"`
	Epoch    time.Duration `name:"epoch" default:"24h" help:"time after which counts are released"`
	EraseIn  time.Duration `name:"erase-within" default:"1h" help:"time within which what was withdrawn is gone"`
	Rounding time.Duration `name:"round-time" default:"1m" help:"times of events are rounded down to this"`

	Epsilon int64 `name:"epsilon" default:"1000" help:"privacy budget of counts, thousandths of ε, for a project, a kind and an epoch"`
	Delta   int64 `name:"delta" default:"8" help:"δ of counts, as the exponent: 8 is δ = 1e-8"`
	Values  int64 `name:"values" default:"4" help:"values of a kind that a user can count for in an epoch"`

	SDKDisable   bool     `name:"sdk-disable" help:"tell native SDKs to stop (disableSDK in their remote configuration)"`
	SDKBlacklist []string `name:"sdk-blacklist" help:"EVENT that native SDKs must not send; may be repeated"`
	SDKAutoTrack int64    `name:"sdk-auto-track" default:"-1" help:"bits of automatic events of native SDKs: 1 start, 2 end, 4 click, 8 screen; -1: as built"`
	SealKey      string   `name:"seal-key" help:"FILE with an RSA or EC private key in PEM: native SDKs are given its public half, to seal what they send"`
	SealVersion  int64    `name:"seal-version" default:"1" help:"number of the sealing key (pkv)"`
	StaticKeys   []string `name:"static-key" help:"key of the JavaScript plugin AesEncryption, ID=BASE64; may be repeated"`
}

// settings yields the fields of a configuration with what is said of them.
func (c *collectConfig) settings(yield func(s setting) bool) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if !yield(setting{tag.Get("name"), tag.Get("default"), tag.Get("help"), v.Field(i).Addr().Interface()}) {
			return
		}
	}
}

// A setting is a field of a configuration.
type setting struct {
	name, standard, help string
	at                   any // a pointer to the field
}

// env returns the name of the variable.
func (s setting) env() string {
	return "TELLTALE_COLLECT_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// usage returns the help with what pflag takes for the name of the value quoted.
func (s setting) usage() string {
	for _, word := range []string{"FILE", "DIR", "ADDRESS", "NAME=TOKEN", "NAME", "EVENT", "ID=BASE64"} {
		if strings.Contains(s.help, word) {
			return strings.Replace(s.help, word, "`"+word+"`", 1)
		}
	}
	return s.help
}

// flags adds a flag for each setting, with its default.
func (c *collectConfig) flags(f *pflag.FlagSet) {
	for s := range c.settings {
		switch at := s.at.(type) {
		case *string:
			f.StringVar(at, s.name, s.standard, s.usage())
		case *bool:
			f.BoolVar(at, s.name, false, s.usage())
		case *[]string:
			f.StringArrayVar(at, s.name, nil, s.usage())
		case *int64:
			f.Int64Var(at, s.name, 0, s.usage())
		case *time.Duration:
			f.DurationVar(at, s.name, 0, s.usage())
		}
		if s.standard != "" {
			flag := f.Lookup(s.name)
			if err := flag.Value.Set(s.standard); err != nil {
				panic(fmt.Sprintf("the default of --%s: %v", s.name, err)) // a test makes the flags
			}
			flag.DefValue = flag.Value.String()
		}
	}
}

// fill sets what no flag has set, from the environment or the file.
func (c *collectConfig) fill(f *pflag.FlagSet, file string, getenv func(string) string) error {
	said, err := readSettings(file)
	if err != nil {
		return err
	}
	for s := range c.settings {
		values, inFile := said[s.name]
		delete(said, s.name)
		source := "the key " + s.name + " of " + file
		if text := getenv(s.env()); text != "" {
			values, inFile, source = []string{text}, true, s.env()
			if _, list := s.at.(*[]string); list {
				values = strings.Fields(text)
			}
		}
		if !inFile || f.Changed(s.name) {
			continue
		}
		for _, v := range values {
			if err := f.Set(s.name, v); err != nil {
				return usagef("%s: %w", source, err)
			}
		}
	}
	for name := range said {
		return usagef("%s has an unknown key %q; `telltale collect config` shows them all", file, name)
	}
	return nil
}

// readSettings reads a file of settings: YAML, name and value, or a list of values.
func readSettings(file string) (map[string][]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, usageError{err}
	}
	var raw map[string]any
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return nil, usagef("%s: %s; write a name and a value a line", file, line)
	}
	said := make(map[string][]string)
	for name, v := range raw {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, item := range list {
			said[name] = append(said[name], fmt.Sprint(item))
		}
	}
	return said, nil
}

// print writes the settings as a file of them, with what each is for.
func (c *collectConfig) print(w io.Writer) error {
	for s := range c.settings {
		value := reflect.ValueOf(s.at).Elem().Interface()
		switch v := value.(type) {
		case string:
			value = fmt.Sprintf("%q", v)
		case []string:
			value = "[" + strings.Join(v, ", ") + "]"
		}
		if _, err := fmt.Fprintf(w, "# %s\n# environment: %s\n%s: %v\n\n", s.help, s.env(), s.name, value); err != nil {
			return err
		}
	}
	return nil
}
