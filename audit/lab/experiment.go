package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"telltale/audit"
)

// An Experiment is a script and all that is needed to play it.
type Experiment struct {
	Arms    []audit.Arm
	Runs    int
	Script  Script
	Driver  Driver
	Network Network
	Record  func(audit.Event) error
	// Body keeps the pictures that are taken at the end of each start; nil:
	// none are.
	Body func() (audit.BodyWriter, error)
	Now  func() time.Time
	// Unpack writes the arm's specimen below dir and returns its folder; nil: no arm has one.
	Unpack func(arm audit.Arm, dir string) (string, error)
	// Progress is told each step that was done; nil: nobody is.
	Progress func(audit.Progress)
	Workers  int    // profiles at the same time, at least 1
	Scratch  string // folder for profiles; they are deleted after each run
	Offline  bool

	mu    sync.Mutex
	done  int
	total int
}

// Run plays the script. Arms of one target share a profile within a run; even
// runs take the arms in reverse order, so that no arm is always first. It
// returns the first error; what was captured until then is kept.
func (x *Experiment) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-x.Network.Failed():
			cancel(errStopped)
		case <-ctx.Done():
		}
	}()
	for _, actions := range x.Script {
		x.total += len(actions)
	}
	err := x.profiles(ctx, cancel)
	if netErr := x.Network.Err(); netErr != nil {
		return netErr
	}
	return err
}

// A profile is one target's one run: the arms that share a folder.
type profile struct {
	run  int
	arms []audit.Arm
}

func (x *Experiment) profiles(ctx context.Context, cancel context.CancelCauseFunc) error {
	work := make(chan profile)
	var wg sync.WaitGroup
	for range max(1, x.Workers) {
		wg.Go(func() {
			for p := range work {
				if err := x.play(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, p := range x.order() {
		select {
		case work <- p:
		case <-ctx.Done():
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

// order lists the profiles run by run, targets in the order of the arms.
func (x *Experiment) order() []profile {
	var profiles []profile
	for run := 1; run <= x.Runs; run++ {
		var targets []string
		for _, arm := range x.Arms {
			if t := arm.Target(); !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
		for _, t := range targets {
			arms := slices.DeleteFunc(slices.Clone(x.Arms), func(a audit.Arm) bool { return a.Target() != t })
			if run%2 == 0 {
				slices.Reverse(arms)
			}
			profiles = append(profiles, profile{run, arms})
		}
	}
	return profiles
}

func (x *Experiment) play(ctx context.Context, p profile) error {
	dir, err := os.MkdirTemp(x.Scratch, "profile-")
	if err != nil {
		return fmt.Errorf("making a profile folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	specimen := ""
	if x.Unpack != nil {
		if specimen, err = x.Unpack(p.arms[0], filepath.Join(dir, "specimen")); err != nil {
			return err
		}
	}
	for _, arm := range p.arms {
		for session := range x.Script.Sessions(arm.Name, p.run) {
			place := audit.Place{Arm: arm.Name, Run: p.run, Session: session + 1}
			start := Start{Profile: filepath.Join(dir, "profile"), Mode: arm.Mode, Specimen: specimen, Offline: x.Offline}
			if err := x.session(ctx, place, start); err != nil {
				return err
			}
		}
		last := audit.Place{Arm: arm.Name, Run: p.run, Session: x.Script.Sessions(arm.Name, p.run)}
		if err := x.Record(audit.Event{Time: x.Now(), Place: last, Step: &audit.Step{Action: audit.Done}}); err != nil {
			return err
		}
	}
	return nil
}

func (x *Experiment) session(ctx context.Context, place audit.Place, start Start) (err error) {
	link, err := x.Network.Join(place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.Close()) }()
	start.Proxy = link.URL()
	software, err := x.Driver.Start(ctx, start)
	if err != nil {
		return fmt.Errorf("starting the software for arm %s, run %d: %w", place.Arm, place.Run, err)
	}
	err = x.actions(ctx, place, software)
	if err == nil {
		err = x.picture(ctx, place, software)
	}
	closing := x.Record(audit.Event{Time: x.Now(), Place: place, Step: &audit.Step{Action: audit.Closing}})
	return errors.Join(err, closing, software.Close(context.WithoutCancel(ctx)))
}

func (x *Experiment) actions(ctx context.Context, place audit.Place, software Software) error {
	for _, a := range x.Script[place] {
		step := audit.Step{Action: string(a.Verb), Target: a.Target, Seeds: a.Seeds}
		started := x.Now()
		err := software.Do(ctx, a)
		if a.Verb == Probe {
			step.Length, step.Until = len(a.URL), x.Now()
		}
		var unable Unable
		switch {
		case errors.As(err, &unable):
			step.Skipped = unable.Why
		case err != nil:
			return fmt.Errorf("arm %s, run %d: %s %s: %w", place.Arm, place.Run, a.Verb, a.Target, err)
		}
		if err := x.Record(audit.Event{Time: started, Place: place, Step: &step}); err != nil {
			return err
		}
		x.tell(place, a)
	}
	return nil
}

// picture keeps what the software's user sees. Software that shows nothing has
// no picture, and a picture that cannot be taken is no failure of the run.
func (x *Experiment) picture(ctx context.Context, place audit.Place, software Software) error {
	s, ok := software.(Pictured)
	if !ok || x.Body == nil {
		return nil
	}
	taken := x.Now()
	png, cause := s.Picture(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w, err := x.Body()
	if err != nil {
		return err
	}
	if _, err := w.Write(png); err != nil {
		return err
	}
	body, err := w.Close(cause)
	if err != nil {
		return err
	}
	return x.Record(audit.Event{Time: taken, Place: place, Picture: &audit.Picture{Type: "image/png", Body: body}})
}

func (x *Experiment) tell(place audit.Place, a Action) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.done++
	if x.Progress != nil {
		x.Progress(audit.Progress{
			Done: x.done, Total: x.total,
			Message: fmt.Sprintf("%s, run %d: %s %s", place.Arm, place.Run, a.Verb, a.Target),
		})
	}
}
