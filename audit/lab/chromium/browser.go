package chromium

import (
	"context"
	"errors"
	"fmt"
	"time"

	devtools "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/extensions"
	"github.com/chromedp/chromedp"

	"telltale/audit/lab"
	"telltale/audit/lab/stage"
	"telltale/claims"
)

// A browser is a Chromium that runs.
type browser struct {
	first context.Context // the context that owns the process
	tab   context.Context // the window that the steps happen in
	free  func()
}

// open connects, loads the specimen and waits for the first tab.
func (b *browser) open(ctx context.Context, d *Driver, s lab.Start) error {
	if err := b.launch(ctx); err != nil {
		return fmt.Errorf("%s did not start: %w", d.Path, err)
	}
	if s.Specimen != "" {
		yes := true
		p := extensions.LoadUnpackedParams{Path: s.Specimen, EnableInIncognito: &yes}
		if _, err := cdp.Call(b.tab, b.root(), extensions.LoadUnpacked, p); err != nil {
			return fmt.Errorf("loading the specimen into the browser: %w", err)
		}
	}
	if s.Mode == claims.Private && d.ContextMode {
		b.tab, _ = chromedp.NewContext(b.tab, chromedp.WithNewBrowserContext())
		if err := b.launch(ctx); err != nil {
			return fmt.Errorf("opening a private window: %w", err)
		}
	}
	return b.allowDownloads(s)
}

// launch opens b.tab, and starts the process if it is the first. chromedp ties
// the life of a tab to the context of the first call, so that call gets the
// tab's own and the time limit stands beside it.
func (b *browser) launch(ctx context.Context) error {
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(b.tab) }()
	t := time.NewTimer(startTimeout)
	defer t.Stop()
	select {
	case err := <-started:
		return err
	case <-t.C:
		return fmt.Errorf("no answer within %s", startTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *browser) root() cdp.Session { return chromedp.FromContext(b.tab).Browser }

func (b *browser) allowDownloads(s lab.Start) error {
	_, err := cdp.Call(b.tab, b.root(), devtools.SetDownloadBehavior, devtools.SetDownloadBehaviorParams{
		Behavior:         devtools.SetDownloadBehaviorBehaviorAllow,
		DownloadPath:     downloads(s),
		BrowserContextID: chromedp.FromContext(b.tab).BrowserContextID,
	})
	if err != nil {
		return fmt.Errorf("allowing downloads: %w", err)
	}
	return nil
}

// pageTimeout bounds one page; the sites are local.
const pageTimeout = 30 * time.Second

// Do does one action in the browser's window.
func (b *browser) Do(ctx context.Context, a lab.Action) error {
	switch a.Verb {
	case lab.Idle:
		return sleep(ctx, a.For)
	case lab.Visit, lab.Search:
		return b.within(ctx, chromedp.Navigate(a.URL))
	case lab.Probe:
		if err := b.within(ctx, chromedp.Navigate(a.URL)); err != nil {
			return err
		}
		return sleep(ctx, a.For)
	case lab.Read:
		return b.read(ctx, a)
	case lab.SignIn:
		return b.within(ctx,
			chromedp.Navigate(a.URL),
			chromedp.SendKeys(stage.EmailField, a.Text),
			chromedp.Click(stage.SubmitButton),
			chromedp.WaitVisible(stage.WelcomeText))
	case lab.Download:
		// A download ends the navigation without a page; that is no failure.
		err := b.within(ctx, chromedp.Navigate(a.URL))
		var load *chromedp.LoadError
		if errors.As(err, &load) && load.ErrorText == "net::ERR_ABORTED" {
			return nil
		}
		return err
	case lab.Type:
		return lab.Unable{Why: "DevTools cannot type into the address bar of a browser without a screen"}
	default:
		return lab.Unable{Why: "a browser cannot " + string(a.Verb)}
	}
}

func (b *browser) read(ctx context.Context, a lab.Action) error {
	if err := b.within(ctx, chromedp.Navigate(a.URL)); err != nil {
		return err
	}
	const scrolls = 4
	for range scrolls {
		if err := sleep(ctx, a.For/scrolls); err != nil {
			return err
		}
		if err := b.within(ctx, scroll); err != nil {
			return err
		}
	}
	return nil
}

func scroll(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	_, err := chromedp.Evaluate[any]("window.scrollBy(0, 300); null")(ctx, t)
	return chromedp.Void{}, err
}

// Picture returns what the window shows.
func (b *browser) Picture(ctx context.Context) ([]byte, error) {
	var png []byte
	err := b.within(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		var err error
		png, err = chromedp.CaptureScreenshot()(ctx, t)
		return chromedp.Void{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("taking a picture of the window: %w", err)
	}
	return png, nil
}

// closeTimeout is how long a browser may take to save its profile.
const closeTimeout = 15 * time.Second

// Close asks the browser to close, and ends it if it does not.
func (b *browser) Close(context.Context) error {
	defer b.free()
	root, cancel := context.WithTimeout(b.first, closeTimeout)
	defer cancel()
	if err := chromedp.Cancel(root); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("closing the browser: %w", err)
	}
	return nil
}

// within runs steps in the tab until they are done, the time of a page is over
// or ctx ends.
func (b *browser) within(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) error {
	tab, cancel := context.WithTimeout(b.tab, pageTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := chromedp.Do(tab, steps...)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the browser did not answer within %s", pageTimeout)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
