package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"telltale/collect/store"
	"telltale/collect/store/duckdb"
)

const collectExportHelp = `export writes the stored events of a collector's data folder.

They are the protected records: pseudonyms that change with each period, no
addresses, no ids. Each row is still about one user: an export is for the
operator, and whoever else it is given to can single out users of one period. The
collector may run; what is still in its log comes with the next export.`

func newCollectExport(e *env) *cobra.Command {
	var data, format, out string
	c := &cobra.Command{
		Use:     "export",
		Short:   "write the stored events as JSON Lines, CSV or Parquet",
		Long:    collectExportHelp,
		Example: `  telltale collect export --data shop --format csv >events.csv`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return exportCollected(c.Context(), e, data, format, out)
		},
	}
	c.Flags().StringVar(&data, "data", "collected", "data `DIR` of the collector")
	c.Flags().StringVar(&format, "format", "jsonl", "jsonl, csv or parquet")
	c.Flags().StringVarP(&out, "output", "o", "", "write to a `FILE` (default standard output)")
	return c
}

// exporters write rows in a format.
var exporters = map[string]func(w io.Writer, rows iter.Seq2[store.Row, error]) error{
	"jsonl":   exportJSON,
	"csv":     exportCSV,
	"parquet": exportParquet,
}

// exportCollected writes the events of a data folder.
func exportCollected(ctx context.Context, e *env, data, format, out string) (err error) {
	export, ok := exporters[format]
	if !ok {
		return usagef("--format %q: there are jsonl, csv and parquet", format)
	}
	if _, err := os.Stat(filepath.Join(data, "store")); err != nil {
		return usagef("%s is no data folder of a collector: %w", data, err)
	}
	s, err := duckdb.Read(ctx, filepath.Join(data, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	w := e.stdout
	if out != "" {
		f, err := os.OpenFile(out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the user names it
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w = f
	}
	b := bufio.NewWriter(w)
	if err := export(b, s.Rows(ctx)); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return b.Flush()
}

// exportJSON writes a line for each row; properties are an object in it.
func exportJSON(w io.Writer, rows iter.Seq2[store.Row, error]) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for r, err := range rows {
		if err != nil {
			return err
		}
		line := struct {
			store.Row

			Subject    string          `json:"subject,omitempty"` // more digits than a JSON number holds safely
			Properties json.RawMessage `json:"properties"`
		}{r, pseudonymText(r.Subject), json.RawMessage(r.Properties)}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// pseudonymText writes a pseudonym, "" for none.
func pseudonymText(s uint64) string {
	if s == 0 {
		return ""
	}
	return strconv.FormatUint(s, 16)
}

func exportCSV(w io.Writer, rows iter.Seq2[store.Row, error]) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"project", "event", "time", "subject", "period", "region", "browser", "browser_version", "properties"}); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := c.Write([]string{
			r.Project, r.Event, r.Time.UTC().Format(time.RFC3339), pseudonymText(r.Subject), strconv.FormatInt(r.Period, 10),
			r.Region, r.Browser, strconv.FormatInt(r.Version, 10), r.Properties,
		}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// A parquetRow is a row with the types of the file.
type parquetRow struct {
	Project    string    `parquet:"project,dict"`
	Event      string    `parquet:"event,dict"`
	Time       time.Time `parquet:"time,timestamp(millisecond)"`
	Subject    string    `parquet:"subject"`
	Period     int64     `parquet:"period"`
	Region     string    `parquet:"region,dict"`
	Browser    string    `parquet:"browser,dict"`
	Version    int64     `parquet:"browser_version"`
	Properties string    `parquet:"properties,json"`
}

func exportParquet(w io.Writer, rows iter.Seq2[store.Row, error]) error {
	p := parquet.NewGenericWriter[parquetRow](w, parquet.Compression(&parquet.Zstd))
	for r, err := range rows {
		if err != nil {
			return err
		}
		row := parquetRow{r.Project, r.Event, r.Time, pseudonymText(r.Subject), r.Period, r.Region, r.Browser, r.Version, r.Properties}
		if _, err := p.Write([]parquetRow{row}); err != nil {
			return err
		}
	}
	return p.Close()
}

// newFlagSet returns flags that nothing is parsed with.
func newFlagSet() *pflag.FlagSet { return pflag.NewFlagSet("", pflag.ContinueOnError) }
