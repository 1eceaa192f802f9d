package goopcall

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
)

// graceTime is how long calls count as possible while a plugin that died is replaced. A shorter gap would only make the sign
// at the peers flicker.
const graceTime = 2 * time.Second

// State tells whether the user can make and receive calls.
type State struct {
	// Running tells that the plugin has started. Calls may be impossible all the same, because the user switched them off.
	Running bool
	// Possible is the opposite of the videoDisabled of a host's presence.
	Possible bool
	// Reason is a sentence for people. It is empty when calls are possible.
	Reason string
}

// Phases of the plugin, as pages know them.
const (
	phaseStarting = "starting"
	phaseReady    = "ready"
	phaseStopped  = "stopped"
	phaseOff      = "off"
)

// pluginState is part of pageState.
type pluginState struct {
	State    string `json:"state"`
	Resumes  string `json:"resumes,omitempty"`
	Why      string `json:"why,omitempty"`
	LastLine string `json:"lastLine,omitempty"`
}

// pageState is what pages get with each change, as the notification host.state.
type pageState struct {
	Label         string                            `json:"label"`
	Plugin        pluginState                       `json:"plugin"`
	Signalling    *contract.SignallingChangedParams `json:"signalling,omitempty"`
	Settings      json.RawMessage                   `json:"settings,omitempty"`
	Availability  *contract.Availability            `json:"availability,omitempty"`
	RestartNeeded []string                          `json:"restartNeeded,omitempty"`
	Mode          contract.Mode                     `json:"mode,omitempty"`
}

// calls tells whether calls are possible in this state.
func (p pageState) calls() State {
	state := p.possible()
	state.Running = p.Plugin.State == phaseReady
	return state
}

func (p pageState) possible() State {
	switch {
	case p.Plugin.State == phaseOff:
		return State{Reason: "Calls are switched off in the settings."}
	case p.Plugin.State == phaseStopped:
		return State{Reason: p.Plugin.Why}
	case p.Plugin.State == phaseStarting || p.Availability == nil || p.Signalling == nil:
		return State{Reason: "The call plugin is starting."}
	case p.Mode != contract.ModeNative:
		return State{Reason: "The page makes the calls."}
	case p.Availability.VideoDisabled:
		return State{Reason: textOf(p.Availability.Why, "Calls are switched off.")}
	case p.Signalling.State != contract.SignallingStateReady:
		return State{Reason: textOf(p.Signalling.Why, "The call plugin is not connected.")}
	}
	return State{Possible: true}
}

func textOf(text *string, instead string) string {
	if text == nil || *text == "" {
		return instead
	}
	return *text
}

// publisher keeps the state, and passes each change on.
type publisher struct {
	onPage func(pageState)

	// updating keeps the order of the states that pages get.
	updating  sync.Mutex
	mutex     sync.Mutex
	current   pageState
	published State
	// graceUntil is when the replacement of a dead plugin counts as failed. Zero without one.
	graceUntil time.Time
	timer      *time.Timer
	listeners  map[int]*listener
	lastID     int
}

// A listener runs in a goroutine of its own, so that a slow one delays nobody. It gets the newest state and may miss others.
type listener struct {
	wake chan struct{}
	stop chan struct{}
}

func newPublisher(label string, onPage func(pageState)) *publisher {
	initial := pageState{Label: label, Plugin: pluginState{State: phaseStarting}}
	return &publisher{onPage: onPage, current: initial, published: initial.calls(), listeners: map[int]*listener{}}
}

func (p *publisher) page() pageState {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.current
}

func (p *publisher) state() State {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.published
}

func (p *publisher) update(change func(*pageState)) {
	p.updating.Lock()
	defer p.updating.Unlock()
	p.mutex.Lock()
	change(&p.current)
	page := p.current
	p.publish()
	p.mutex.Unlock()
	p.onPage(page)
}

// replacing keeps the published state for a short time, because another plugin starts at once.
func (p *publisher) replacing() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.published.Possible || p.timer != nil {
		return
	}
	p.graceUntil = time.Now().Add(graceTime)
	p.timer = time.AfterFunc(graceTime, func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.endGrace()
		p.publish()
	})
}

func (p *publisher) endGrace() {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer, p.graceUntil = nil, time.Time{}
}

// publish needs the mutex.
func (p *publisher) publish() {
	next := p.current.calls()
	isStarting := p.current.Plugin.State == phaseStarting || p.current.Availability == nil || p.current.Signalling == nil
	if !p.graceUntil.IsZero() {
		isFinal := p.current.Plugin.State == phaseStopped || p.current.Plugin.State == phaseOff
		if isStarting && !isFinal {
			return
		}
		p.endGrace()
	}
	if next == p.published {
		return
	}
	p.published = next
	for _, one := range p.listeners {
		one.notify()
	}
}

func (l *listener) notify() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (p *publisher) listen(receive func(State)) (cancel func()) {
	one := &listener{wake: make(chan struct{}, 1), stop: make(chan struct{})}
	one.notify()
	p.mutex.Lock()
	p.lastID++
	id := p.lastID
	p.listeners[id] = one
	p.mutex.Unlock()
	go func() {
		var last *State
		for {
			select {
			case <-one.stop:
				return
			case <-one.wake:
			}
			if state := p.state(); last == nil || *last != state {
				last = &state
				receive(state)
			}
		}
	}()
	return func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if p.listeners[id] != nil {
			delete(p.listeners, id)
			close(one.stop)
		}
	}
}

// close stops all listeners, after each had a chance to hear the last state.
func (p *publisher) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.endGrace()
	for id, one := range p.listeners {
		delete(p.listeners, id)
		close(one.stop)
	}
}
