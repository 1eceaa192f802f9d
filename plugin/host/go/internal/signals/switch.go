package signals

import (
	"context"
	"encoding/json"
	"sync"
)

// refusal tells a caller that nobody can be called here.
var refusal = json.RawMessage(`{"type":"call-hangup","reason":"videoDisabled"}`)

// maxRefusals limits the refusals that are being sent at once.
const maxRefusals = 16

// Switch passes the messages of peers on to the plugin that runs. It subscribes once for its whole life.
type Switch struct {
	node   Node
	cancel func()
	// refusing has a place for each refusal that is being sent.
	refusing chan struct{}

	mutex sync.Mutex
	relay *Relay
	// isHolding is true while one plugin replaces another, which resumes a call.
	isHolding bool
	held      []Signal
}

// Subscribe receives the messages of all calls from now on.
func Subscribe(node Node) *Switch {
	s := &Switch{node: node, refusing: make(chan struct{}, maxRefusals)}
	s.cancel = node.SubscribeTopic(topicPrefix, s.receive)
	return s
}

func (s *Switch) receive(from, topic string, payload any) {
	if from == "" {
		return // The host's own message.
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return // It did not come from JSON, so it is not a peer's.
	}
	one := Signal{from, topic, raw}
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
func (s *Switch) refuse(one Signal) {
	select {
	case s.refusing <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-s.refusing }()
		ctx, cancel := context.WithTimeout(context.Background(), answerTime)
		defer cancel()
		_, _ = s.node.Send(ctx, one.Peer, one.Topic, refusal) // A caller that cannot be reached gives up by itself.
	}()
}

// Attach gives the messages to the next plugin, with those that were kept for it.
func (s *Switch) Attach(next *Relay) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.held {
		next.receive(one)
	}
	s.relay, s.isHolding, s.held = next, false, nil
}

// Detach returns the relay of the plugin that ended, or nil. Hold keeps what arrives for the next one.
func (s *Switch) Detach(hold bool) *Relay {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.relay
	s.relay, s.isHolding = nil, hold
	if !hold {
		s.held = nil
	}
	return last
}

// Close ends the subscription.
func (s *Switch) Close() {
	s.cancel()
	s.Detach(false)
}
