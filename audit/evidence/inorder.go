package evidence

import (
	"iter"
	"sync"
)

// InOrder does jobs with several workers and yields what comes of them in the
// order of the jobs. It holds some jobs for each worker, never all.
func InOrder[J, R any](jobs iter.Seq[J], workers int, do func(J) R) iter.Seq[R] {
	type task struct {
		job  J
		done chan R
	}
	return func(yield func(R) bool) {
		work, order, stop := make(chan task), make(chan task, 4*workers), make(chan struct{})
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(stop)
		wg.Go(func() {
			defer close(order)
			defer close(work)
			for job := range jobs {
				t := task{job, make(chan R, 1)}
				select {
				case order <- t:
				case <-stop:
					return
				}
				select {
				case work <- t:
				case <-stop:
					return
				}
			}
		})
		for range workers {
			wg.Go(func() {
				for t := range work {
					t.done <- do(t.job)
				}
			})
		}
		for t := range order {
			if !yield(<-t.done) {
				return
			}
		}
	}
}
