package signals

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// slowNode tells when it begins to send, and waits.
type slowNode struct {
	begin, free chan struct{}
	sent        []string
}

func (n *slowNode) Send(_ context.Context, _, _ string, payload any) (string, error) {
	select {
	case n.begin <- struct{}{}:
	case <-n.free:
	}
	<-n.free
	n.sent = append(n.sent, Signal{Payload: payload.(json.RawMessage)}.kind())
	return "", nil
}

func (n *slowNode) SubscribeTopic(string, func(from, topic string, payload any)) (cancel func()) {
	return func() {}
}

func TestAHangUpReplacesMessagesThatHaveNotLeft(t *testing.T) {
	node := &slowNode{begin: make(chan struct{}), free: make(chan struct{})}
	r := NewRelay(node, func(string, string) {}, nil)
	results := make(chan error, 3)
	for _, kind := range []string{typeRequest, "call-offer", typeHangup} {
		payload := json.RawMessage(`{"type":"` + kind + `"}`)
		r.Send(Signal{"12D3KooWPeerNumber1abcde", "call:c1", payload}, func(err error) { results <- err })
		if kind == typeRequest {
			<-node.begin
		}
	}
	if err := <-results; err != errReplaced {
		t.Errorf("the offer has %v, expected %v", err, errReplaced)
	}
	close(node.free)
	for range []int{0, 1} {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if kinds := node.sent; strings.Join(kinds, " ") != "call-request call-hangup" {
		t.Errorf("the peer got %v", kinds)
	}
}
