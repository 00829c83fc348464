package detect

import (
	"iter"

	"telltale/audit"
)

// inOrder calls look for each exhibit, n at a time, and take for each scene in
// the order of the exhibits.
func inOrder(exhibits iter.Seq2[audit.Exhibit, error], n int, look func(audit.Exhibit, error) scene, take func(scene)) {
	results := make(chan chan scene, n) // that nobody waits for yet
	go func() {
		defer close(results)
		busy := make(chan struct{}, n)
		for ex, err := range exhibits {
			busy <- struct{}{}
			result := make(chan scene, 1)
			results <- result
			go func() {
				result <- look(ex, err)
				<-busy
			}()
		}
	}()
	for result := range results {
		take(<-result)
	}
}
