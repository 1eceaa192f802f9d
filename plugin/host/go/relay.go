package goopcall

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
	maxCalls    = 256
	maxContacts = 4096

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

// signal is one message of a call, in either direction.
type signal struct {
	peer, topic string
	payload     json.RawMessage
}

func (s signal) key() string { return s.peer + " " + s.topic }

// kind is the payload's type, or empty.
func (s signal) kind() string {
	var payload struct{ Type string }
	_ = json.Unmarshal(s.payload, &payload) // A payload without a type is neither a request nor a hang-up.
	return payload.Type
}

// outgoing is a message that waits or is being sent.
type outgoing struct {
	signal
	done func(error)
}

// relay carries the signals of one plugin process, in order in both directions. It hangs up for a plugin that has died, because
// the peers would wait for it.
type relay struct {
	signals Signals
	log     func(level, line string)

	mutex sync.Mutex
	conn  *rpc.Conn
	// held is nil once the plugin takes messages.
	held       []signal
	isStarted  bool
	isEnded    bool
	deliveries int
	dropped    int
	calls      map[string]signal
	// lanes has one entry for each topic of a peer on which a message is being sent.
	lanes   map[string][]outgoing
	waiting int
}

func newRelay(signals Signals, log func(level, line string), resumed []signal) *relay {
	r := &relay{signals: signals, log: log, calls: map[string]signal{}, lanes: map[string][]outgoing{}}
	for _, call := range resumed {
		r.calls[call.key()] = call
	}
	return r
}

// begin delivers what was held, and everything from now on.
func (r *relay) begin(conn *rpc.Conn) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.conn, r.isStarted = conn, true
	for _, one := range r.held {
		r.deliver(one)
	}
	r.held = nil
}

// receive takes each message of a peer.
func (r *relay) receive(one signal) {
	if strings.HasPrefix(one.topic, loopbackPrefix) || !topicPattern.MatchString(one.topic) ||
		!peerPattern.MatchString(one.peer) || !isObject(one.payload) {
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
func (r *relay) deliver(one signal) {
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
	params := contract.SignalDeliverParams{From: one.peer, Topic: one.topic, Payload: one.payload}
	r.conn.Go("signal.deliver", params, func(json.RawMessage, error) {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.deliveries--
	})
}

// drop logs each power of ten only, so that a flood does not fill the log. It needs the mutex.
func (r *relay) drop(why string) {
	r.dropped++
	for power := 1; power <= r.dropped; power *= 10 {
		if power == r.dropped {
			r.log("warn", fmt.Sprintf("%d signals dropped: %s", r.dropped, why))
		}
	}
}

// serve answers a request of the plugin.
func (r *relay) serve(conn *rpc.Conn, id json.RawMessage, method string, raw json.RawMessage) {
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
	r.send(signal{params.PeerID, params.Topic, params.Payload}, func(err error) {
		if err != nil {
			conn.Fail(id, codePeerUnreachable, "peerUnreachable", err.Error())
			return
		}
		conn.Reply(id, nil)
	})
}

// send queues a message behind the others of its topic and peer. A hang-up replaces the messages that have not left.
func (r *relay) send(one signal, done func(error)) {
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
func (r *relay) drain(key string) {
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
		next.done(r.sendNow(next.signal))
	}
}

// sendNow returns within answerTime, also when the host's Send does not.
func (r *relay) sendNow(one signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	sent := make(chan error, 1)
	go func() {
		defer cancel()
		_, err := r.signals.Send(ctx, one.peer, one.topic, one.payload)
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

// ended notes a call that the plugin has ended.
func (r *relay) ended(peer, call string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.calls, signal{peer: peer, topic: topicPrefix + call}.key())
}

// handOver exempts a call from the hang-up, because the next plugin resumes it.
func (r *relay) handOver(call string) []signal {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var handed []signal
	for key, one := range r.calls {
		if one.topic == topicPrefix+call {
			handed = append(handed, one)
			delete(r.calls, key)
		}
	}
	return handed
}

// end hangs up every open call, because the plugin has died. The returned channel is closed when all hang-ups have been
// acknowledged or have failed.
func (r *relay) end() <-chan struct{} {
	r.mutex.Lock()
	r.isEnded = true
	calls := r.calls
	r.calls, r.held = map[string]signal{}, nil
	r.mutex.Unlock()
	var sent sync.WaitGroup
	for _, call := range calls {
		sent.Add(1)
		call.payload = json.RawMessage(`{"type":"call-hangup","reason":"hostGone"}`)
		topic := call.topic
		r.send(call, func(err error) {
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
func (r *relay) remember(one signal) {
	if len(r.calls) < maxCalls {
		one.payload = nil
		r.calls[one.key()] = one
	}
}

func isObject(payload json.RawMessage) bool {
	return strings.HasPrefix(strings.TrimLeft(string(payload), " \t\r\n"), "{")
}

// contacts are the peers in the contract's form.
func contacts(peers []Peer) contract.ContactsSetParams {
	list := []contract.Contact{}
	for _, one := range peers {
		if len(list) < maxContacts && peerPattern.MatchString(one.ID) {
			list = append(list, contract.Contact{
				PeerID: one.ID, Label: one.Label, Addresses: []string{}, Reachable: one.Reachable, VideoDisabled: one.VideoDisabled,
			})
		}
	}
	return contract.ContactsSetParams{Contacts: list}
}
