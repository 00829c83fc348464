package main

import "github.com/spf13/cobra"

const exportHelp = `export writes what a case has captured in the formats of other tools.

  har     HTTP archive 1.2: Chrome's network panel, Firefox, proxies
  warc    web archive 1.1 (ISO 28500); with a name that ends in .gz compressed
  pcapng  packets with the keys to their TLS: Wireshark, tshark

An export is the raw traffic with every personal value in it, so that it must
be asked for with --reveal. Packets are made anew: a case has requests and
answers, not the packets that carried them. What a format has no place for is
counted on standard error.

The same case gives the same bytes. "telltale import" reads all three back.`

func newExport(e *env) *cobra.Command {
	var o formatting
	c := &cobra.Command{
		Use:   "export CASE",
		Short: "write a case's traffic in the formats of other tools",
		Long:  exportHelp,
		Example: `  telltale export cases/phone --format har --reveal -o phone.har
  telltale export cases/phone --format pcapng --reveal -o phone.pcapng`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return o.run(e, args[0])
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "`FORMAT` to write: "+exportNames())
	f.StringVarP(&o.out, "out", "o", "", "write to `FILE`, which must be new; - is standard output")
	f.BoolVar(&o.reveal, "reveal", false, "write captured values in clear: an export has no others")
	return c
}
