package goopcall

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
)

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
	case p.Plugin.State == phaseReady && p.Mode != contract.ModeNative:
		return State{Reason: "The page makes the calls."}
	case p.isStarting():
		return State{Reason: "The call plugin is starting."}
	case p.Availability.VideoDisabled:
		return State{Reason: textOf(p.Availability.Why, "Calls are switched off.")}
	case p.Signalling.State != contract.SignallingStateReady:
		return State{Reason: textOf(p.Signalling.Why, "The call plugin is not connected.")}
	}
	return State{Possible: true}
}

// isStarting is also true between the plugin's first answer and its first notifications.
func (p pageState) isStarting() bool {
	switch p.Plugin.State {
	case phaseStarting:
		return true
	case phaseReady:
		return p.Availability == nil || p.Signalling == nil || p.Signalling.State == contract.SignallingStateStarting
	}
	return false
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
	grace  time.Duration

	// updating keeps the order of the states that pages get.
	updating  sync.Mutex
	mutex     sync.Mutex
	current   pageState
	published State
	// replacement runs while a dead plugin is replaced, and ends when that takes too long. Nil otherwise.
	replacement *time.Timer
	listeners   map[int]*listener
	lastID      int
	isClosed    bool
}

// A listener runs in a goroutine of its own, so that a slow one delays nobody. It gets the newest state and may miss others.
type listener struct {
	wake chan struct{}
	stop chan struct{}
}

func newPublisher(label string, grace time.Duration, onPage func(pageState)) *publisher {
	initial := pageState{Label: label, Plugin: pluginState{State: phaseStarting}}
	return &publisher{onPage: onPage, grace: grace, current: initial, published: initial.calls(), listeners: map[int]*listener{}}
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
	if !p.published.Possible || p.replacement != nil {
		return
	}
	p.replacement = time.AfterFunc(p.grace, func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.replaced()
		p.publish()
	})
}

func (p *publisher) replaced() {
	if p.replacement != nil {
		p.replacement.Stop()
		p.replacement = nil
	}
}

// publish needs the mutex.
func (p *publisher) publish() {
	if p.replacement != nil && p.current.isStarting() {
		return
	}
	p.replaced()
	next := p.current.calls()
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
			state, isLast := p.newest()
			if last == nil || *last != state {
				last = &state
				receive(state)
			}
			if isLast {
				return
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

// newest tells whether no other state follows.
func (p *publisher) newest() (state State, isLast bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.published, p.isClosed
}

// close stops all listeners, which still get the last state.
func (p *publisher) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.isClosed = true
	p.replaced()
	p.publish()
	for _, one := range p.listeners {
		one.notify()
	}
}
