package goopcall

import (
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/signals"
)

// A plugin that crashes without a call is started again after 1 s, 2 s, 4 s and so on, and given up after this many crashes in
// crashWindow.
const (
	maxCrashes  = 5
	crashWindow = 10 * time.Minute
)

// crashes counts how often the plugin ended by itself without a call.
type crashes struct {
	firstPause time.Duration
	times      []time.Time
}

func (c *crashes) forget() { c.times = nil }

// add returns the pause before the next start, and whether there shall be one.
func (c *crashes) add(now time.Time) (time.Duration, bool) {
	var recent []time.Time
	for _, one := range c.times {
		if now.Sub(one) < crashWindow {
			recent = append(recent, one)
		}
	}
	c.times = append(recent, now)
	return c.firstPause << (len(c.times) - 1), len(c.times) <= maxCrashes
}

// resumption is what the next plugin needs to continue a call.
type resumption struct {
	snapshot, callID string
	calls            []signals.Signal
}

// maxDeaths in a row in one call are a call that kills plugins, which is given up.
const maxDeaths = 2

// rescue keeps the last calls.persisted.
type rescue struct {
	mutex  sync.Mutex
	last   *resumption
	deaths int
}

func (r *rescue) persisted(params contract.CallsPersistedParams) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.last = nil
	if params.Snapshot != nil && params.CallID != nil {
		r.last = &resumption{snapshot: *params.Snapshot, callID: *params.CallID}
	}
}

func (r *rescue) changed(phase contract.CallPhase) {
	if phase == contract.CallPhaseConnected {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.deaths = 0
	}
}

// ended also comes from a plugin that could not read its snapshot.
func (r *rescue) ended(callID string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.last != nil && r.last.callID == callID {
		r.last = nil
	}
}

// forget belongs to a plugin that ends on purpose.
func (r *rescue) forget() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.last, r.deaths = nil, 0
}

// pluginDied keeps the snapshot, because the next plugin may die before it persists one.
func (r *rescue) pluginDied() *resumption {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.last == nil {
		return nil
	}
	r.deaths++
	if r.deaths > maxDeaths {
		r.last, r.deaths = nil, 0
		return nil
	}
	copied := *r.last
	return &copied
}
