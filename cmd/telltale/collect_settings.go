package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"telltale/collect/protect"
)

// folderSettings are what a data folder remembers of the collectors that wrote
// it, because records that are there cannot be found without it.
type folderSettings struct {
	Window    time.Duration   `json:"dedup_window"`
	Rotations []time.Duration `json:"rotations"` // all that were in use
	Claims    string          `json:"claims_sha256"`
	K         int             `json:"k"` // the largest that was in use
}

// settings reads what the folder remembers; a new one remembers nothing.
func (f *folder) settings() (s folderSettings, err error) {
	data, err := os.ReadFile(f.path("settings.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("reading the settings of the data folder: %w", err)
	}
	return s, nil
}

// remember adds what is in use now.
func (f *folder) remember(window time.Duration, p *protect.Policy, claims string) (folderSettings, error) {
	s, err := f.settings()
	if err != nil {
		return s, err
	}
	s.Window, s.Claims, s.K = window, claims, max(s.K, p.K)
	if !slices.Contains(s.Rotations, p.Rotation) {
		s.Rotations = append(s.Rotations, p.Rotation)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return s, err
	}
	path := f.path("settings.json")
	out, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return s, fmt.Errorf("writing the settings of the data folder: %w", err)
	}
	_, err = out.Write(append(data, '\n'))
	if err = errors.Join(err, out.Sync(), out.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	return s, err
}
