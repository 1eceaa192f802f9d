package goopcall

import "sync"

// maxHeldFrames is the largest credit of a subscription: the plugin never has more unacknowledged frames.
const maxHeldFrames = 8

// A viewer takes the frames of a stream. Its function must not block.
type viewer struct {
	frame func(stream string, line []byte)
	// ended is called when the plugin has ended. It may be nil.
	ended func()
}

// streams maps each stream of frames to its viewer. A stream's first frames can arrive together with the answer that names it,
// before its viewer is known. They are held until then.
type streams struct {
	mutex   sync.Mutex
	viewers map[string]*viewer
	held    []heldFrame
	claims  int
}

type heldFrame struct {
	stream string
	line   []byte
}

func newStreams() *streams { return &streams{viewers: map[string]*viewer{}} }

// claim announces that frames.subscribe is sent. Each claim needs one settle.
func (s *streams) claim() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.claims++
}

// settle gives the stream to its viewer, and first calls answered. An empty stream is a refused claim.
func (s *streams) settle(stream string, owner *viewer, answered func()) {
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
			owner.frame(stream, one.line)
		} else {
			rest = append(rest, one)
		}
	}
	s.held = rest
	if s.claims == 0 {
		s.held = nil
	}
}

// route gives a line to the stream's viewer. Without one it is held, or dropped when no claim is open.
func (s *streams) route(stream string, line []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if owner := s.viewers[stream]; owner != nil {
		owner.frame(stream, line)
	} else if len(s.held) < s.claims*maxHeldFrames {
		s.held = append(s.held, heldFrame{stream, line})
	}
}

// isOwner is false for a stream that has ended.
func (s *streams) isOwner(stream string, one *viewer) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.viewers[stream] == one
}

func (s *streams) forget(stream string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.viewers, stream)
}

// release forgets a viewer that has gone, and returns its streams, which the caller must unsubscribe.
func (s *streams) release(one *viewer) []string {
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

// close tells every viewer that the plugin has ended.
func (s *streams) close() {
	s.mutex.Lock()
	viewers := s.viewers
	s.viewers, s.held = map[string]*viewer{}, nil
	s.mutex.Unlock()
	for _, one := range viewers {
		if one.ended != nil {
			one.ended()
		}
	}
}
