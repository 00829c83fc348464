package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"telltale/claims"
	"telltale/collect"
	"telltale/collect/protect"
)

const collectHelp = `collect takes what the SDKs of Sensors Analytics send, and keeps a claims file.

SDKs need no change: give them http://ADDRESS/sa as the address of the server.
Each record passes three gates before anything is written: form and tracking
plan, consent and mode, protection. What a claims file asserts is enforced; the
collector does not start if it cannot enforce all of it, and says what it cannot.

200 is answered when what is kept is on disk. Settings are flags, variables of
the environment or keys of a file; see ` + "`telltale collect config`" + `. docs/collect.md says
what is kept, what that protects from, and what it trusts.`

func newCollect(e *env) *cobra.Command {
	cfg := &collectConfig{}
	var file string
	c := &cobra.Command{
		Use:   "collect",
		Short: "collect telemetry from unmodified SDKs, and keep a claims file",
		Long:  collectHelp,
		Example: `  telltale collect --claims collect-example --data shop
  telltale collect --claims vendor.yaml --data shop --listen :8106 --tls-cert cert.pem --tls-key key.pem --region eu`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cfg.fill(c.Flags(), file, e.getenv); err != nil {
				return err
			}
			return runCollect(c.Context(), e, cfg)
		},
	}
	cfg.flags(c.Flags())
	c.Flags().StringVar(&file, "config", "", "read settings from a `FILE`")
	c.AddCommand(newCollectConfig(e), newCollectExport(e), newCollectSubject(e), newCollectPlan(e))
	for _, sub := range c.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return c
}

func newCollectConfig(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "print a file with all settings, what they are for and their defaults",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg := &collectConfig{}
			cfg.flags(newFlagSet())
			return cfg.print(e.stdout)
		},
	}
}

// check says what is wrong with settings that do not fit each other.
func (c *collectConfig) check() error {
	switch {
	case c.Claims == "":
		return usagef("no claims file; give one with --claims, for instance collect-example")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return usagef("--tls-cert and --tls-key go together")
	case c.Flush <= 0 || c.Epoch <= 0 || c.EraseIn <= 0 || c.Window <= 0 || c.Rounding <= 0:
		return usagef("--flush, --epoch, --erase-within, --dedup-window and --round-time are times above 0")
	case c.MaxBody < 1024 || c.MaxEvents < 1 || c.Conns < 1:
		return usagef("--max-body is 1024 at least, --max-events and --max-connections 1")
	case c.Epsilon < 1 || c.Delta < 1 || c.Delta > 30 || c.Values < 1 || c.Values > 1000:
		return usagef("--epsilon is 1 at least, --delta 1 to 30, --values 1 to 1000")
	case c.Rate < 0 || c.RateAddr < 0:
		return usagef("--rate and --rate-client are not negative")
	}
	return nil
}

// policyOf returns the policy of a claims file, or says what the collector
// cannot enforce.
func (c *collectConfig) policyOf(file claims.File) (*protect.Policy, error) {
	policy, refused := protect.NewPolicy(file, protect.Setup{
		TLS: c.TLSCert != "" || c.Proxy, Operator: c.Operator, Country: c.Country,
	})
	errs := make([]error, len(refused))
	for i, r := range refused {
		errs[i] = r
	}
	if len(errs) > 0 {
		return nil, usagef("not started: %w", errors.Join(errs...))
	}
	policy.Rounding = c.Rounding
	return policy, nil
}

func runCollect(ctx context.Context, e *env, c *collectConfig) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	file, text, err := readPlan(c.Claims, c.Plan)
	if err != nil {
		return err
	}
	policy, err := c.policyOf(file)
	if err != nil {
		return err
	}
	folder, err := openFolder(c.Data)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if _, err := folder.remember(c.Window, policy, hex.EncodeToString(sum[:])); err != nil {
		return errors.Join(err, folder.close())
	}
	plan := collect.NewPlan(*file.Schema)
	p, err := openPipeline(ctx, e, c, folder, promise{policy, plan})
	if err != nil {
		return errors.Join(fmt.Errorf("opening %s: %w", c.Data, err), folder.close())
	}
	s := &collectServer{env: e, config: c, pipeline: p, plan: plan, file: file, claims: text}
	return s.run(ctx)
}
