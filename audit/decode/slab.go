package decode

// slabSize is how many items are got from the heap at a time.
const slabSize = 512

// A slab hands out short lists. An exhibit has thousands of trails, which live
// about as long as it does.
type slab[T any] struct{ free []T }

// with returns a new list of old and one more item. Appending to it copies it.
func (s *slab[T]) with(old []T, item T) []T {
	n := len(old) + 1
	if n > len(s.free) {
		s.free = make([]T, max(n, slabSize))
	}
	list := s.free[:n:n]
	s.free = s.free[n:]
	copy(list, old)
	list[n-1] = item
	return list
}
