package goopcall

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	ossignal "os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test's own program plays the plugin and the host that is killed, when this variable is set.
const roleVariable = "GOOP_CALL_TEST_ROLE"

const (
	peerA    = "12D3KooWPeerNumber1abcde"
	observer = "12D3KooWWatcher111abcdef"
	selfID   = "12D3KooWHost1111abcdefgh"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	switch {
	case role == "":
		os.Exit(m.Run())
	case strings.HasPrefix(role, "host"):
		playHost(role)
	default:
		playPlugin(role)
	}
}

// fake is a plugin that answers as the real one does, and reports every message that it gets to the peer observer.
type fake struct {
	role   string
	output *json.Encoder
	nextID int
	// resumes is set when a call is resumed.
	resumes bool
}

// The roles: "plugin" is well-behaved. The others differ in one point.
const (
	rolePlugin   = "plugin"
	roleVersion  = "plugin of another version"
	roleRefuses  = "plugin that refuses the versions"
	roleCrashes  = "plugin that crashes at its start"
	roleFatal    = "plugin that crashes when it resumes a call"
	roleStuck    = "plugin that does not leave"
	roleSilent   = "plugin that answers nothing"
	roleFamily   = "plugin with a child"
	roleDaemon   = "plugin with a child of another group that holds its pipes"
	roleDisabled = "plugin that knows no device"
)

func playPlugin(role string) {
	f := &fake{role: role, output: json.NewEncoder(os.Stdout)}
	if role == roleCrashes {
		fmt.Fprintln(os.Stderr, `{"level":"error","source":"main","message":"no engine"}`)
		os.Exit(7)
	}
	if role == roleStuck {
		ossignal.Ignore()
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var message struct {
			ID     json.RawMessage
			Method string
			Params json.RawMessage
		}
		if json.Unmarshal(input.Bytes(), &message) != nil || role == roleSilent {
			continue
		}
		if message.Method != "" {
			f.report(message.Method, message.Params)
			f.handle(message.ID, message.Method, message.Params)
		}
	}
	if role == roleStuck || role == roleSilent {
		time.Sleep(time.Hour)
	}
}

func (f *fake) write(fields map[string]any) {
	fields["jsonrpc"] = "2.0"
	_ = f.output.Encode(fields)
}

func (f *fake) notify(method string, params any) {
	f.write(map[string]any{"method": method, "params": params})
}

func (f *fake) send(peer, topic string, payload any) {
	f.nextID++
	f.write(map[string]any{"id": f.nextID, "method": "signal.send", "params": map[string]any{
		"peerId": peer, "topic": topic, "payload": payload,
	}})
}

func (f *fake) report(method string, params json.RawMessage) {
	if len(params) == 0 {
		params = json.RawMessage("null")
	}
	f.send(observer, fmt.Sprintf("call:%d", f.nextID), map[string]any{"type": "report", "method": method, "params": params})
}

func (f *fake) handle(id json.RawMessage, method string, params json.RawMessage) {
	answer := func(result any) { f.write(map[string]any{"id": id, "result": result}) }
	switch method {
	case "initialize":
		f.initialize(id, params)
	case "initialized":
		f.notify("signalling.changed", map[string]any{"state": "ready", "addresses": []string{}})
		f.notify("availability.changed", map[string]any{"videoDisabled": false})
		if f.resumes {
			f.persist("reconnecting")
			f.send(peerA, "call:c1", map[string]string{"type": "call-reconnect"})
			f.persist("connected")
		}
	case "devices.list":
		answer(devices())
	case "settings.update":
		f.updateSettings(id, params)
	case "call.start":
		answer(map[string]string{"callId": "c1"})
		f.send(peerA, "call:c1", map[string]string{"type": "call-request"})
		f.persist("connected")
	case "call.list":
		answer(map[string]any{"calls": []any{callInfo("connected")}})
	case "call.hangup":
		f.send(peerA, "call:c1", map[string]string{"type": "call-hangup"})
		answer(nil)
		f.notify("call.ended", map[string]any{"callId": "c1", "peerId": peerA, "reason": "hungUp", "endedBy": "local", "durationMs": 1})
	case "call.stats":
		// A page makes the plugin die.
		os.Exit(3)
	case methodSubscribe:
		answer(map[string]string{"stream": "s1"})
		f.frame(1)
	case methodAcknowledge:
		f.frame(2)
	case "shutdown":
		if f.role != roleStuck {
			answer(nil)
		}
	case "exit":
		if f.role != roleStuck {
			os.Exit(0)
		}
	default:
		if len(id) > 0 {
			answer(nil)
		}
	}
}

func (f *fake) initialize(id, params json.RawMessage) {
	version := 2
	if f.role == roleVersion {
		version = 3
	}
	if f.role == roleRefuses {
		f.write(map[string]any{"id": id, "error": map[string]any{
			"code": 1001, "message": "this plugin speaks version 9, the host speaks 1, 2",
			"data": map[string]string{"name": "unsupportedProtocolVersion"},
		}})
		return
	}
	if f.role == roleFamily || f.role == roleDaemon {
		child := exec.Command("sleep", "3600")
		if f.role == roleDaemon {
			child.Stdout, child.Stderr, child.SysProcAttr = os.Stdout, os.Stderr, &syscall.SysProcAttr{Setsid: true}
		}
		_ = child.Start()
		f.send(observer, "call:child", map[string]any{"type": "report", "method": "child", "params": child.Process.Pid})
	}
	var given struct{ Resume string }
	_ = json.Unmarshal(params, &given)
	if given.Resume != "" && f.role == roleFatal {
		os.Exit(9)
	}
	f.write(map[string]any{"id": id, "result": map[string]any{
		"protocolVersion": version, "plugin": map[string]string{"name": "fake", "version": "1.0.0"}, "mode": "native",
		"settings": map[string]any{}, "pid": os.Getpid(),
	}})
	f.send(observer, "call:pid", map[string]any{"type": "report", "method": "pid", "params": os.Getpid()})
	f.resumes = given.Resume != ""
}

func (f *fake) persist(phase string) {
	f.notify("call.changed", callInfo(phase))
	f.notify("calls.persisted", map[string]string{"snapshot": "snapshot of c1", "callId": "c1"})
}

func (f *fake) updateSettings(id, params json.RawMessage) {
	if f.role == roleDisabled && strings.Contains(string(params), "camera") {
		f.write(map[string]any{"id": id, "error": map[string]any{
			"code": codeInvalidParams, "message": "settings.camera is wrong",
			"data": map[string]any{"name": nameInvalidParams, "issues": []map[string]string{
				{"field": "settings.camera", "value": `"x"`, "expected": "a camera"},
			}},
		}})
		return
	}
	var given struct{ Settings map[string]any }
	_ = json.Unmarshal(params, &given)
	f.write(map[string]any{"id": id, "result": map[string]any{"settings": given.Settings, "restartNeeded": []string{}}})
	if isDisabled, isSet := given.Settings["videoDisabled"]; isSet {
		f.notify("availability.changed", map[string]any{"videoDisabled": isDisabled, "cause": "user", "why": "You switched calls off."})
	}
}

func (f *fake) frame(seq int) {
	f.notify("frame", json.RawMessage(fmt.Sprintf(
		`{"stream":"s1","seq":%d,"capturedAt":1,"width":1,"height":1,"dataUrl":"data:image/jpeg;n=%d;base64,/9j/2Q=="}`, seq, seq)))
}

func devices() map[string]any {
	return map[string]any{
		"cameras":     []map[string]any{{"id": "/dev/video0", "name": "Integrated Camera", "modes": []any{}}},
		"microphones": []any{}, "speakers": []any{},
	}
}

func callInfo(phase string) map[string]any {
	device := map[string]any{"state": "live"}
	return map[string]any{
		"callId": "c1", "peerId": peerA, "peerLabel": "", "direction": "outgoing", "media": "video", "phase": phase, "createdAt": 1,
		"local":  map[string]any{"microphone": device, "camera": device, "speaker": device, "mediaLevel": "video"},
		"remote": map[string]any{"microphone": "on", "camera": "on"}, "sending": map[string]any{"step": "full", "width": 1, "height": 1, "fps": 1},
		"showing": map[string]any{"step": "full"}, "quality": "good",
	}
}

// playHost starts an adapter, and ends in the way that its role names.
func playHost(role string) {
	fakes := newNetwork()
	calls := start(context.Background(), Options{
		SelfID: selfID, Signals: fakes, Command: []string{os.Args[0]}, Environment: environment(rolePlugin), Log: func(string, string) {},
	}, testTimings)
	fmt.Println(fakes.reported("pid"))
	if role == "host that panics" {
		panic("a fault of the host")
	}
	<-calls.Done()
}

// environment also saves the second that the race detector waits at a program's end.
func environment(role string) []string {
	return append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0")
}

// network is the host's node. It keeps what was sent, and acknowledges it.
type network struct {
	mutex   sync.Mutex
	sent    []sentMessage
	changed chan struct{}
	receive func(from, topic string, payload any)
	// fails makes Send fail for these peers.
	fails map[string]bool
}

type sentMessage struct {
	peer, topic string
	payload     map[string]any
}

func newNetwork() *network { return &network{changed: make(chan struct{}), fails: map[string]bool{}} }

func (n *network) Send(_ context.Context, peer, topic string, payload any) (string, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	one := sentMessage{peer: peer, topic: topic}
	if err := json.Unmarshal(raw, &one.payload); err != nil {
		return "", err
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.fails[peer] {
		return "", fmt.Errorf("no such peer")
	}
	n.sent = append(n.sent, one)
	close(n.changed)
	n.changed = make(chan struct{})
	return "", nil
}

func (n *network) SubscribeTopic(_ string, receive func(from, topic string, payload any)) (cancel func()) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.receive = receive
	return func() {}
}

// take waits for the first message that fits, and removes it.
func (n *network) take(fits func(sentMessage) bool) (sentMessage, bool) {
	deadline := time.After(20 * time.Second)
	for {
		n.mutex.Lock()
		for at, one := range n.sent {
			if fits(one) {
				n.sent = append(n.sent[:at:at], n.sent[at+1:]...)
				n.mutex.Unlock()
				return one, true
			}
		}
		changed := n.changed
		n.mutex.Unlock()
		select {
		case <-changed:
		case <-deadline:
			return sentMessage{}, false
		}
	}
}

// to returns what was sent to a peer on a topic so far.
func (n *network) to(peer, topic string) []string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	kinds := []string{}
	for _, one := range n.sent {
		if one.peer == peer && one.topic == topic {
			kinds = append(kinds, fmt.Sprint(one.payload["type"]))
		}
	}
	return kinds
}

// reported waits for a message that the fake plugin got, and returns its params.
func (n *network) reported(method string) any {
	one, _ := n.take(func(one sentMessage) bool { return one.peer == observer && one.payload["method"] == method })
	return one.payload["params"]
}
