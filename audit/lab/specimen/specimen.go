// Package specimen holds the lab's positive controls: software that leaks on
// purpose, so that an audit which finds nothing elsewhere is known to be able
// to find something.
//
// The specimens are written anew after the public teardown of the browsers and
// phones of the 2020 case: its events, properties, identifiers and envelopes.
// One is invented, because no report has what it must show: "sealed", whose
// host stands below .example, which nobody can register. They speak to the lab alone. Each asks http://telltale.lab/ for a proof that
// it knows the secret of the case ([Gate]), and sends nothing without it; the
// name does not exist in the public DNS.
package specimen

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// A Specimen is one piece of software that leaks.
type Specimen struct {
	Name  string
	About string // one sentence
	Kind  Kind
	// Claims is the built-in claims file with what the vendor said.
	Claims string

	incognito bool     // an extension that sends in private mode too
	files     []string // patterns of the extension's files
}

// A Kind says how a specimen is run.
type Kind string

// The kinds.
const (
	Extension Kind = "extension" // loaded into a browser, see Specimen.Unpack
	Program   Kind = "program"   // runs by itself, see Specimen.Run
)

// mint are the files of both mint specimens.
var mint = []string{"mint/*"}

var specimens = []Specimen{
	{
		Name: "mint-2020", Kind: Extension, Claims: "mint-2020", incognito: true, files: mint,
		About: "A browser that sends every address and every search, in private mode too, with an id that never changes.",
	},
	{
		Name: "mint-2020-fixed", Kind: Extension, Claims: "mint-2020", files: mint,
		About: "The same browser with the switch of May 2020 set so that nothing is sent in private mode; all else is as before.",
	},
	{
		Name: "miui-2020", Kind: Program, Claims: "miui-2020",
		About: "A phone that sends which folders, apps, screens and settings its user opens, with the id of the device.",
	},
	{
		Name: "sealed", Kind: Extension, Claims: "browser-baseline", incognito: true, files: []string{"sealed/*", "mint/lab.js"},
		About: "An invented browser that encrypts every address it sends, with a key that is nowhere in the traffic; for --probe.",
	},
}

// All returns the specimens.
func All() []Specimen { return slices.Clone(specimens) }

// Find returns the specimen of that name.
func Find(name string) (Specimen, bool) {
	i := slices.IndexFunc(specimens, func(s Specimen) bool { return s.Name == name })
	if i < 0 {
		return Specimen{}, false
	}
	return specimens[i], true
}

// A Persona is the identity that is planted in a specimen: what a real phone
// would know about itself and its user.
type Persona struct {
	AndroidID    string `json:"android_id"` // 16 hexadecimal digits
	Account      string `json:"account"`
	Maker        string `json:"maker"`
	Model        string `json:"model"`
	OSVersion    string `json:"os_version"`
	AppVersion   string `json:"app_version"`
	MIUIVersion  string `json:"miui_version"`
	Language     string `json:"language"`
	Region       string `json:"region"` // such as DE
	Carrier      string `json:"carrier"`
	NetworkType  string `json:"network_type"`
	ScreenWidth  int    `json:"screen_width"`
	ScreenHeight int    `json:"screen_height"`
}

//go:embed mint/*.js mint/manifest.json sealed/*.js sealed/manifest.json
var extensions embed.FS

// config is lab.json, which makes the embedded files able to ask for a proof.
type config struct {
	Token     string  `json:"token"`
	Incognito bool    `json:"incognito"`
	Persona   Persona `json:"persona"`
}

// Unpack writes the extension to a folder that is new or empty.
func (s Specimen) Unpack(dir string, lab Lab, p Persona) error {
	if s.Kind != Extension {
		return fmt.Errorf("specimen %s is a %s and no extension; run it", s.Name, s.Kind)
	}
	if err := lab.check(); err != nil {
		return err
	}
	if err := s.copyTo(dir); err != nil {
		return fmt.Errorf("specimen %s: %w", s.Name, err)
	}
	b, err := json.MarshalIndent(config{lab.Token, s.incognito, p}, "", "  ")
	if err != nil {
		return fmt.Errorf("specimen %s: %w", s.Name, err)
	}
	return os.WriteFile(filepath.Join(dir, "lab.json"), b, 0o600)
}

// copyTo puts the extension's files into one folder.
func (s Specimen) copyTo(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, pattern := range s.files {
		names, err := fs.Glob(extensions, pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := copyNew(filepath.Join(dir, path.Base(name)), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyNew writes an embedded file to a place where there is none.
func copyNew(to, name string) error {
	b, err := extensions.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // below the folder of a profile
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
