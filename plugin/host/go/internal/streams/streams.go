// Package streams gives the frames of the plugin to those who watch them.
package streams

import "sync"

// MaxCredit is the largest credit of a subscription: the plugin never has more unacknowledged frames.
const MaxCredit = 8

// Viewer takes the frames of a stream. Its function must not block.
type Viewer struct {
	Frame func(stream string, line []byte)
	// Ended is called when the plugin has ended. It may be nil.
	Ended func()
}

// Streams maps each stream of frames to its viewer. A stream's first frames can arrive together with the answer that names it,
// before its viewer is known. They are held until then.
type Streams struct {
	mutex   sync.Mutex
	viewers map[string]*Viewer
	held    []heldFrame
	claims  int
}

type heldFrame struct {
	stream string
	line   []byte
}

// New belongs to one plugin process.
func New() *Streams { return &Streams{viewers: map[string]*Viewer{}} }

// Claim announces that frames.subscribe is sent. Each claim needs one settle.
func (s *Streams) Claim() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.claims++
}

// Settle gives the stream to its viewer, and first calls answered. An empty stream is a refused claim.
func (s *Streams) Settle(stream string, owner *Viewer, answered func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.claims--
	answered()
	if stream != "" {
		s.viewers[stream] = owner
	}
	var rest []heldFrame
	for _, one := range s.held {
		if one.stream == stream {
			owner.Frame(stream, one.line)
		} else {
			rest = append(rest, one)
		}
	}
	s.held = rest
	if s.claims == 0 {
		s.held = nil
	}
}

// Route gives a line to the stream's viewer. Without one it is held, or dropped when no claim is open.
func (s *Streams) Route(stream string, line []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if owner := s.viewers[stream]; owner != nil {
		owner.Frame(stream, line)
	} else if len(s.held) < s.claims*MaxCredit {
		s.held = append(s.held, heldFrame{stream, line})
	}
}

// IsOwner is false for a stream that has ended.
func (s *Streams) IsOwner(stream string, one *Viewer) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.viewers[stream] == one
}

// Forget drops the frames of a stream that nobody watches any more.
func (s *Streams) Forget(stream string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.viewers, stream)
}

// Release forgets a viewer that has gone, and returns its streams, which the caller must unsubscribe.
func (s *Streams) Release(one *Viewer) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var released []string
	for stream, owner := range s.viewers {
		if owner == one {
			released = append(released, stream)
			delete(s.viewers, stream)
		}
	}
	return released
}

// Close tells every viewer that the plugin has ended.
func (s *Streams) Close() {
	s.mutex.Lock()
	viewers := s.viewers
	s.viewers, s.held = map[string]*Viewer{}, nil
	s.mutex.Unlock()
	for _, one := range viewers {
		if one.Ended != nil {
			one.Ended()
		}
	}
}
