package goopcall

import (
	"context"
	"encoding/json"
	"sync"
)

// refusal tells a caller that nobody can be called here.
var refusal = json.RawMessage(`{"type":"call-hangup","reason":"videoDisabled"}`)

// maxRefusals limits the refusals that are being sent at once.
const maxRefusals = 16

// signalling passes the messages of peers on to the plugin that runs. It subscribes once for its whole life.
type signalling struct {
	signals Signals
	cancel  func()
	// refusing has a place for each refusal that is being sent.
	refusing chan struct{}

	mutex sync.Mutex
	relay *relay
	// isHolding is true while one plugin replaces another, which resumes a call.
	isHolding bool
	held      []signal
}

func subscribe(signals Signals) *signalling {
	s := &signalling{signals: signals, refusing: make(chan struct{}, maxRefusals)}
	s.cancel = signals.SubscribeTopic(topicPrefix, s.receive)
	return s
}

func (s *signalling) receive(from, topic string, payload any) {
	if from == "" {
		return // The host's own message.
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return // It did not come from JSON, so it is not a peer's.
	}
	one := signal{from, topic, raw}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.relay != nil:
		s.relay.receive(one)
	case s.isHolding && len(s.held) < maxHeld:
		s.held = append(s.held, one)
	case one.kind() == typeRequest:
		s.refuse(one)
	}
}

// refuse answers a caller while no plugin runs, who would otherwise wait for a minute.
func (s *signalling) refuse(one signal) {
	select {
	case s.refusing <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-s.refusing }()
		ctx, cancel := context.WithTimeout(context.Background(), answerTime)
		defer cancel()
		_, _ = s.signals.Send(ctx, one.peer, one.topic, refusal) // A caller that cannot be reached gives up by itself.
	}()
}

func (s *signalling) attach(next *relay) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.held {
		next.receive(one)
	}
	s.relay, s.isHolding, s.held = next, false, nil
}

// detach returns the relay of the plugin that ended, or nil. Hold keeps what arrives for the next one.
func (s *signalling) detach(hold bool) *relay {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.relay
	s.relay, s.isHolding = nil, hold
	if !hold {
		s.held = nil
	}
	return last
}

func (s *signalling) close() {
	s.cancel()
	s.detach(false)
}
