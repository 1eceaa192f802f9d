// Command goop-call-conformance is a host for the conformance suite, which plays its network and its plugin:
//
//	goop-call-plugin conformance -- goop-call-conformance
//
// The plugin's program is the last argument. The network's messages cross the standard streams, one JSON object a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"sync"

	goopcall "github.com/goop-call-plugin/goop-call-plugin/plugin/host/go"
)

// message is one message between peers.
type message struct {
	PeerID  string          `json:"peerId"`
	Topic   string          `json:"topic"`
	Payload json.RawMessage `json:"payload"`
}

// network is the host's node, which the suite plays.
type network struct {
	mutex   sync.Mutex
	output  *json.Encoder
	lastID  int
	pending map[int]chan error
	receive func(from, topic string, payload any)
}

func (n *network) write(fields map[string]any) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	_ = n.output.Encode(fields) // Without the suite the input ends too.
}

// Send waits for the acknowledgement, which may never come.
func (n *network) Send(ctx context.Context, peerID, topic string, payload any) (string, error) {
	answered := make(chan error, 1)
	n.mutex.Lock()
	n.lastID++
	id := n.lastID
	n.pending[id] = answered
	n.mutex.Unlock()
	n.write(map[string]any{"send": map[string]any{"id": id, "peerId": peerID, "topic": topic, "payload": payload}})
	select {
	case err := <-answered:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// SubscribeTopic knows one subscriber.
func (n *network) SubscribeTopic(_ string, receive func(from, topic string, payload any)) (cancel func()) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.receive = receive
	return func() {}
}

func (n *network) settle(id int, err error) {
	n.mutex.Lock()
	answered := n.pending[id]
	delete(n.pending, id)
	n.mutex.Unlock()
	if answered != nil {
		answered <- err
	}
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("expected the plugin's program")
	}
	node := &network{output: json.NewEncoder(os.Stdout), pending: map[int]chan error{}}
	calls := goopcall.Start(context.Background(), goopcall.Options{
		SelfID: "12D3KooWGoAdapter1abcdefg", Signals: node, Command: os.Args[1:],
	})
	var once sync.Once
	calls.OnState(func(state goopcall.State) {
		if state.Running {
			once.Do(func() { node.write(map[string]any{"ready": true}) })
		}
	})
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 16<<20)
	for input.Scan() {
		var line struct {
			Arrives      *message
			Sent, Failed int
			Stop         bool
		}
		if err := json.Unmarshal(input.Bytes(), &line); err != nil {
			log.Fatalf("expected a message of the suite: %v", err)
		}
		switch {
		case line.Arrives != nil:
			node.receive(line.Arrives.PeerID, line.Arrives.Topic, line.Arrives.Payload)
		case line.Sent > 0:
			node.settle(line.Sent, nil)
		case line.Failed > 0:
			node.settle(line.Failed, errors.New("no such peer"))
		case line.Stop:
			go func() {
				calls.Close()
				os.Exit(0)
			}()
		}
	}
	calls.Close()
	os.Exit(1)
}
