// Package signals carries the messages of calls between the plugin and the host's node, in order in both directions.
package signals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
)

const (
	topicPrefix = "call:"
	// Goop² sends such messages to itself.
	loopbackPrefix = "call:loopback:"
	typeRequest    = "call-request"
	typeHangup     = "call-hangup"
	// The plugin waits 6 s for the answer to signal.send.
	answerTime = 5 * time.Second
	// A plugin with so many unanswered deliveries is stuck. Further messages are dropped.
	maxDeliveries = 512
	// Messages held while the plugin starts, which takes about a second.
	maxHeld = 256
	// Far above the plugin's own limit for one call, because the plugin waits for the answers.
	maxWaiting = 1024
	// A plugin has one call at a time and refuses the others at once.
	maxCalls = 256

	codePeerUnreachable = 1402
	codeMethodNotFound  = -32601
	codeInvalidParams   = -32602
)

var (
	peerPattern  = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{8,128}$`)
	topicPattern = regexp.MustCompile(`^call:.{1,250}$`)

	errReplaced = errors.New("a hang-up replaced the message")
	errTooMany  = errors.New("too many messages wait")
)

// Signal is one message of a call, in either direction.
type Signal struct {
	Peer, Topic string
	Payload     json.RawMessage
}

// Node is the host's way to its peers.
type Node interface {
	Send(ctx context.Context, peerID, topic string, payload any) (messageID string, err error)
	SubscribeTopic(prefix string, receive func(from, topic string, payload any)) (cancel func())
}

// IsPeerID tells whether a text can be a peer's id.
func IsPeerID(text string) bool { return peerPattern.MatchString(text) }

func (s Signal) key() string { return s.Peer + " " + s.Topic }

// kind is the payload's type, or empty.
func (s Signal) kind() string {
	var payload struct{ Type string }
	_ = json.Unmarshal(s.Payload, &payload) // A payload without a type is neither a request nor a hang-up.
	return payload.Type
}

// outgoing is a message that waits or is being sent.
type outgoing struct {
	Signal
	done func(error)
}

// Relay carries the signals of one plugin process, in order in both directions. It hangs up for a plugin that has died, because
// the peers would wait for it.
type Relay struct {
	node Node
	log  func(level, line string)

	mutex sync.Mutex
	conn  *rpc.Conn
	// held is nil once the plugin takes messages.
	held       []Signal
	isStarted  bool
	isEnded    bool
	deliveries int
	dropped    int
	calls      map[string]Signal
	// lanes has one entry for each topic of a peer on which a message is being sent.
	lanes   map[string][]outgoing
	waiting int
}

// NewRelay belongs to one plugin process. Resumed are calls of a dead plugin that this one resumes.
func NewRelay(node Node, log func(level, line string), resumed []Signal) *Relay {
	r := &Relay{node: node, log: log, calls: map[string]Signal{}, lanes: map[string][]outgoing{}}
	for _, call := range resumed {
		r.calls[call.key()] = call
	}
	return r
}

// Begin delivers what was held, and everything from now on.
func (r *Relay) Begin(conn *rpc.Conn) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.conn, r.isStarted = conn, true
	for _, one := range r.held {
		r.deliver(one)
	}
	r.held = nil
}

// receive takes each message of a peer.
func (r *Relay) receive(one Signal) {
	if strings.HasPrefix(one.Topic, loopbackPrefix) || !topicPattern.MatchString(one.Topic) ||
		!peerPattern.MatchString(one.Peer) || !isObject(one.Payload) {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	switch {
	case r.isEnded:
	case r.isStarted:
		r.deliver(one)
	case len(r.held) < maxHeld:
		r.held = append(r.held, one)
	default:
		r.drop("the plugin is still starting")
	}
}

// deliver needs the mutex. The order of the requests is the order of arrival, and no answer is waited for.
func (r *Relay) deliver(one Signal) {
	if r.deliveries >= maxDeliveries {
		r.drop("the plugin answers no deliveries")
		return
	}
	switch one.kind() {
	case typeRequest:
		r.remember(one)
	case typeHangup:
		delete(r.calls, one.key())
	}
	r.deliveries++
	params := contract.SignalDeliverParams{From: one.Peer, Topic: one.Topic, Payload: one.Payload}
	r.conn.Go("signal.deliver", params, func(json.RawMessage, error) {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.deliveries--
	})
}

// drop logs each power of ten only, so that a flood does not fill the log. It needs the mutex.
func (r *Relay) drop(why string) {
	r.dropped++
	for power := 1; power <= r.dropped; power *= 10 {
		if power == r.dropped {
			r.log("warn", fmt.Sprintf("%d signals dropped: %s", r.dropped, why))
		}
	}
}

// Serve answers a request of the plugin.
func (r *Relay) Serve(conn *rpc.Conn, id json.RawMessage, method string, raw json.RawMessage) {
	if method != "signal.send" {
		conn.Fail(id, codeMethodNotFound, "methodNotFound", "this host has no method "+method)
		return
	}
	var params contract.SignalSendParams
	err := json.Unmarshal(raw, &params)
	if err != nil || !peerPattern.MatchString(params.PeerID) || !topicPattern.MatchString(params.Topic) ||
		!isObject(params.Payload) {
		conn.Fail(id, codeInvalidParams, "invalidParams", "expected a peer's id, a topic that begins with call:, and an object")
		return
	}
	r.Send(Signal{params.PeerID, params.Topic, params.Payload}, func(err error) {
		if err != nil {
			conn.Fail(id, codePeerUnreachable, "peerUnreachable", err.Error())
			return
		}
		conn.Reply(id, nil)
	})
}

// Send queues a message behind the others of its topic and peer. A hang-up replaces the messages that have not left.
func (r *Relay) Send(one Signal, done func(error)) {
	var replaced []outgoing
	r.mutex.Lock()
	isHangup := one.kind() == typeHangup
	if isHangup {
		delete(r.calls, one.key())
	} else {
		r.remember(one)
	}
	lane, isBusy := r.lanes[one.key()]
	if isHangup {
		replaced, lane = lane, nil
		r.waiting -= len(replaced)
	}
	isFull := r.waiting >= maxWaiting && !isHangup
	if !isFull {
		r.lanes[one.key()] = append(lane, outgoing{one, done})
		r.waiting++
	}
	r.mutex.Unlock()
	for _, old := range replaced {
		old.done(errReplaced)
	}
	if isFull {
		done(errTooMany)
	} else if !isBusy {
		go r.drain(one.key())
	}
}

// drain sends the messages of one lane, one after the other, until none waits.
func (r *Relay) drain(key string) {
	for {
		r.mutex.Lock()
		lane := r.lanes[key]
		if len(lane) == 0 {
			delete(r.lanes, key)
			r.mutex.Unlock()
			return
		}
		next := lane[0]
		r.lanes[key] = lane[1:]
		r.waiting--
		r.mutex.Unlock()
		next.done(r.sendNow(next.Signal))
	}
}

// sendNow returns within answerTime, also when the host's Send does not.
func (r *Relay) sendNow(one Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	sent := make(chan error, 1)
	go func() {
		defer cancel()
		_, err := r.node.Send(ctx, one.Peer, one.Topic, one.Payload)
		sent <- err
	}()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-sent:
		return err
	default:
		return fmt.Errorf("the peer has not acknowledged the message within %v", answerTime)
	}
}

// Ended notes a call that the plugin has ended.
func (r *Relay) Ended(peer, call string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.calls, Signal{Peer: peer, Topic: topicPrefix + call}.key())
}

// HandOver exempts a call from the hang-up, because the next plugin resumes it.
func (r *Relay) HandOver(call string) []Signal {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var handed []Signal
	for key, one := range r.calls {
		if one.Topic == topicPrefix+call {
			handed = append(handed, one)
			delete(r.calls, key)
		}
	}
	return handed
}

// End hangs up every open call, because the plugin has died. The returned channel is closed when all hang-ups have been
// acknowledged or have failed.
func (r *Relay) End() <-chan struct{} {
	r.mutex.Lock()
	r.isEnded = true
	calls := r.calls
	r.calls, r.held = map[string]Signal{}, nil
	r.mutex.Unlock()
	var sent sync.WaitGroup
	for _, call := range calls {
		sent.Add(1)
		call.Payload = json.RawMessage(`{"type":"call-hangup","reason":"hostGone"}`)
		topic := call.Topic
		r.Send(call, func(err error) {
			defer sent.Done()
			if err != nil {
				r.log("warn", fmt.Sprintf("%s was not hung up: %v", topic, err))
			}
		})
	}
	done := make(chan struct{})
	go func() {
		sent.Wait()
		close(done)
	}()
	return done
}

// remember needs the mutex.
func (r *Relay) remember(one Signal) {
	if len(r.calls) < maxCalls {
		one.Payload = nil
		r.calls[one.key()] = one
	}
}

func isObject(payload json.RawMessage) bool {
	return strings.HasPrefix(strings.TrimLeft(string(payload), " \t\r\n"), "{")
}
