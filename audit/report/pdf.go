package report

import (
	"errors"
	"io"
)

// errNoPrinter means that [Case.Print] is not set.
var errNoPrinter = errors.New("nothing here can print a page")

// writePDF prints the page.
func writePDF(w io.Writer, x *index) error {
	if x.Print == nil {
		return errNoPrinter
	}
	page, err := x.page()
	if err != nil {
		return err
	}
	pdf, err := x.Print(page)
	if err != nil {
		return err
	}
	_, err = w.Write(pdf)
	return err
}
