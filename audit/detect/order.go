package detect

import (
	"iter"

	"telltale/audit"
)

// inOrder looks at each exhibit, n at a time, and calls take for each scene in
// the order of the exhibits. worker makes what one worker looks with. The
// workers live as long as there is work: their stacks have grown once, then.
func inOrder(exhibits iter.Seq2[audit.Exhibit, error], n int, worker func() func(audit.Exhibit, error) scene, take func(scene)) {
	type task struct {
		exhibit audit.Exhibit
		err     error
		result  chan scene
	}
	tasks := make(chan task)
	results := make(chan chan scene, n) // that nobody waits for yet
	for range n {
		look := worker()
		go func() {
			for t := range tasks {
				t.result <- look(t.exhibit, t.err)
			}
		}()
	}
	go func() {
		defer close(results)
		defer close(tasks)
		for ex, err := range exhibits {
			t := task{ex, err, make(chan scene, 1)}
			results <- t.result
			tasks <- t
		}
	}()
	for result := range results {
		take(<-result)
	}
}
