// A complete host for goop-call-plugin, written from rpc-schema/README.md alone. suite.go runs it for the conformance suite.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const answerTime, leaveTime, maxUnanswered = 5 * time.Second, 2 * time.Second, 1000 // The plugin waits 6 s for an answer.
var peerID, callTopic = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{8,128}$`), regexp.MustCompile(`^call:.{1,250}$`)

type message struct {
	ID, Params, Result, Error json.RawMessage
	Method                    string
}

// Host embeds one plugin. Send sends over the host's own node and returns nil when the peer has acknowledged.
type Host struct {
	Send    func(Signal) error
	process *exec.Cmd
	stdin   io.WriteCloser
	mutex   sync.Mutex // Guards the writing and the fields below.
	lastID  int64
	answers map[int]chan message     // Of the open requests.
	calls   map[string]Signal        // The open calls, whose peers need a hang-up when the plugin dies.
	lanes   map[string]chan struct{} // Closed when the last message of a topic has left.
	ended   chan struct{}
}

func (h *Host) locked(do func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	do()
}

func (h *Host) tell(fields object) {
	fields["jsonrpc"] = "2.0"
	h.locked(func() { _ = json.NewEncoder(h.stdin).Encode(fields) }) // Fails for a dead plugin, whose end `read` sees.
}

func (h *Host) request(method string, params object) chan message {
	answer, id := make(chan message, 1), int(atomic.AddInt64(&h.lastID, 1))
	h.locked(func() { h.answers[id] = answer })
	h.tell(object{"id": id, "method": method, "params": params})
	return answer
}

func (h *Host) fail(id json.RawMessage, code int, name string) {
	h.tell(object{"id": id, "error": object{"code": code, "message": name, "data": object{"name": name}}})
}

func (h *Host) Start(selfID string, command []string) error {
	h.answers, h.calls = map[int]chan message{}, map[string]Signal{}
	h.lanes, h.ended = map[string]chan struct{}{}, make(chan struct{})
	h.process = exec.Command(command[0], command[1:]...)
	h.process.Stderr = os.Stderr
	h.stdin, _ = h.process.StdinPipe()
	stdout, _ := h.process.StdoutPipe()
	_ = h.process.Start() // Its output ends at once when it does not start.
	go h.read(bufio.NewReader(stdout))
	answer := <-h.request("initialize", object{"protocolVersions": []int{1, 2}, "host": object{"name": "example"},
		"identity": object{"label": selfID}, "carrier": object{"selfId": selfID}})
	if answer.Result == nil {
		return fmt.Errorf("initialize was refused: %s", answer.Error)
	}
	h.tell(object{"method": "initialized", "params": object{}})
	h.tell(object{"method": "contacts.set", "params": object{"contacts": []object{}}})
	return nil
}

func (h *Host) read(stdout *bufio.Reader) {
	for line, err := stdout.ReadBytes('\n'); err == nil; line, err = stdout.ReadBytes('\n') {
		var one message
		if json.Unmarshal(line, &one) == nil { // A native library may print to stdout.
			h.take(one)
		}
	}
	_ = h.process.Wait()
	var calls map[string]Signal
	h.locked(func() {
		calls, h.calls = h.calls, map[string]Signal{}
		for _, answer := range h.answers {
			close(answer)
		}
	})
	var hangUps sync.WaitGroup
	for _, call := range calls {
		hangUps.Add(1)
		call.Payload = json.RawMessage(`{"type":"call-hangup","reason":"hostGone"}`)
		h.relay(call, func(error) { hangUps.Done() })
	}
	hangUps.Wait()
	close(h.ended)
}

func (h *Host) take(one message) {
	var id int
	if one.Method != "" && one.ID != nil {
		h.serve(one)
	} else if one.Method == "call.ended" {
		var call struct{ PeerID, CallID string }
		_ = json.Unmarshal(one.Params, &call) // Wrong params name no call.
		h.locked(func() { delete(h.calls, call.PeerID+" call:"+call.CallID) })
	} else if one.Method == "" && json.Unmarshal(one.ID, &id) == nil {
		h.locked(func() {
			if answer := h.answers[id]; answer != nil {
				answer <- one
			}
			delete(h.answers, id)
		})
	}
}

func (h *Host) serve(one message) {
	var signal Signal
	err := json.Unmarshal(one.Params, &signal)
	if one.Method != "signal.send" {
		h.fail(one.ID, -32601, "methodNotFound")
	} else if err != nil || !strings.HasPrefix(string(signal.Payload), "{") || !peerID.MatchString(signal.PeerID) || !callTopic.MatchString(signal.Topic) {
		h.fail(one.ID, -32602, "invalidParams")
	} else {
		h.relay(signal, func(err error) {
			if err == nil {
				h.tell(object{"id": one.ID, "result": nil})
			} else {
				h.fail(one.ID, 1402, "peerUnreachable")
			}
		})
	}
}

// relay sends the messages of one topic to one peer one after the other. Other topics do not wait.
func (h *Host) relay(signal Signal, answer func(error)) {
	late, left := time.After(answerTime), make(chan struct{})
	key := h.track(signal, "")
	var before chan struct{}
	h.locked(func() { before, h.lanes[key] = h.lanes[key], left })
	go func() {
		defer close(left)
		if before != nil {
			<-before
		}
		sent := make(chan error, 1)
		go func() { sent <- h.Send(signal) }()
		select {
		case err := <-sent:
			answer(err)
		case <-late:
			answer(fmt.Errorf("the peer did not acknowledge"))
		}
	}()
}

// track keeps the open calls: every message but a hang-up opens one, or only the type given. It returns the topic's key.
func (h *Host) track(signal Signal, opensWith string) string {
	var payload struct{ Type string }
	_ = json.Unmarshal(signal.Payload, &payload) // Without a type it is neither a request nor a hang-up.
	key := signal.PeerID + " " + signal.Topic
	h.locked(func() {
		if payload.Type == "call-hangup" {
			delete(h.calls, key)
		} else if opensWith == "" || payload.Type == opensWith {
			h.calls[key] = signal
		}
	})
	return key
}

// Receive takes each message of a peer, with the sender that the connection has proved.
func (h *Host) Receive(signal Signal) {
	isFull := false
	h.locked(func() { isFull = len(h.answers) >= maxUnanswered })
	isCall := strings.HasPrefix(signal.Topic, "call:") && !strings.HasPrefix(signal.Topic, "call:loopback:")
	if isCall && !isFull {
		h.track(signal, "call-request")
		h.request("signal.deliver", object{"from": signal.PeerID, "topic": signal.Topic, "payload": signal.Payload})
	}
}

// Stop relays signals until the process has ended, because the plugin hangs up during `shutdown`.
func (h *Host) Stop() {
	time.AfterFunc(leaveTime, func() { _ = h.process.Process.Kill() })
	select {
	case <-h.request("shutdown", object{}):
	case <-h.ended:
	}
	h.tell(object{"method": "exit", "params": object{}})
	<-h.ended
}
