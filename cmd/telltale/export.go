package main

import "github.com/spf13/cobra"

const exportHelp = `export makes a copy of a sealed case for others, or writes what a case has
captured in the formats of other tools.

Copies. --redact leaves out what may be personal: bodies, addresses beyond
their host, contents of header fields, values of seeds, pictures and the report,
and every hash of these. What is left still verifies against the same
signature, and nothing that was left out can be exchanged for something else, or
guessed. --show FINDING leaves the request that a finding stands in as it is,
with its body: so one leak can be shown to someone without all the others.

--for KEY encrypts the copy with age (age-encryption.org) for those who have
the key: age1…, an SSH key (ssh-ed25519 or ssh-rsa), or a file with such keys,
one a line. It is then one file, which ` + "`age -d -i KEY FILE | tar x`" + ` opens.
The case has to hold. That it was exported is written into its journal, signed
with your key. docs/evidence.md says exactly what a copy proves.

Formats. --format writes the raw traffic with every personal value in it, so
that it must be asked for with --reveal:

  har     HTTP archive 1.2: Chrome's network panel, Firefox, proxies
  warc    web archive 1.1 (ISO 28500); with a name that ends in .gz compressed
  pcapng  packets with the keys to their TLS: Wireshark, tshark

Packets are made anew: a case has requests and answers, not the packets that
carried them. What a format has no place for is counted on standard error. The
same case gives the same bytes. "telltale import" reads all three back.`

const exportExample = `  telltale export --redact cases/phone -o phone-for-the-vendor
  telltale export --redact --show f17 cases/phone -o f17-for-the-vendor
  telltale export --for age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p cases/phone -o phone.tar.age
  telltale export --redact --for regulator.keys cases/phone -o phone.tar.age
  telltale export --format har --reveal cases/phone -o phone.har
  telltale export --format pcapng --reveal cases/phone -o phone.pcapng`

// exporting are the flags of export.
type exporting struct {
	copying
	formatting
	out string
}

func newExport(e *env) *cobra.Command {
	var o exporting
	c := &cobra.Command{
		Use:     "export CASE -o OUT",
		Short:   "copy a case for others, or write it for other tools",
		Long:    exportHelp,
		Example: exportExample,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return o.run(e, args[0]) },
	}
	f := c.Flags()
	f.BoolVar(&o.redact, "redact", false, "leave out what may be personal")
	f.StringSliceVar(&o.show, "show", nil, "with --redact: leave the request as it is that this `FINDING` stands in, such as f17; may be repeated")
	f.StringArrayVar(&o.to, "for", nil, "encrypt for the holder of this `KEY`: age1…, ssh-ed25519 …, ssh-rsa …, or a file of such; may be repeated")
	f.StringVar(&o.format, "format", "", "`FORMAT` of another tool: "+exportNames())
	f.BoolVar(&o.reveal, "reveal", false, "with --format: write captured values in clear, as it has no others")
	f.StringVarP(&o.out, "out", "o", "", "new file or folder to write; with --format, - is standard output")
	keyFileFlag(c, &o.keyFile)
	return c
}

func (o exporting) run(e *env, dir string) error {
	o.copying.out, o.formatting.out = o.out, o.out
	switch {
	case o.format == "":
		return o.copying.run(e, dir)
	case o.redact || len(o.show)+len(o.to) > 0:
		return usagef("--format writes the traffic as it is; --redact, --show and --for make a copy of the case: do one after the other")
	default:
		return o.formatting.run(e, dir)
	}
}
