// The conformance suite plays the network: one JSON object a line on the standard streams.
package main

import (
	"encoding/json"
	"errors"
	"os"
	"sync"
)

// Signal is one message between peers. Only the type of its payload matters to the host.
type Signal struct {
	PeerID  string          `json:"peerId"`
	Topic   string          `json:"topic"`
	Payload json.RawMessage `json:"payload"`
}

type object = map[string]interface{}

func main() {
	var mutex sync.Mutex
	output, lastID, pending := json.NewEncoder(os.Stdout), 0, map[int]chan error{}
	host := &Host{Send: func(signal Signal) error {
		mutex.Lock()
		lastID++
		done := make(chan error, 1)
		pending[lastID] = done
		sent := object{"id": lastID, "peerId": signal.PeerID, "topic": signal.Topic, "payload": signal.Payload}
		_ = output.Encode(object{"send": sent})
		mutex.Unlock()
		return <-done
	}}
	if err := host.Start("12D3KooWGoExampQeHost11", os.Args[1:]); err != nil {
		panic(err)
	}
	mutex.Lock()
	_ = output.Encode(object{"ready": true})
	mutex.Unlock()
	input := json.NewDecoder(os.Stdin)
	for {
		var line struct {
			Arrives      *Signal
			Sent, Failed int
			Stop         bool
		}
		if input.Decode(&line) != nil {
			os.Exit(1)
		}
		mutex.Lock()
		if done := pending[line.Sent]; done != nil {
			done <- nil
		} else if done := pending[line.Failed]; done != nil {
			done <- errors.New("no such peer")
		}
		mutex.Unlock()
		if line.Arrives != nil {
			host.Receive(*line.Arrives)
		}
		if line.Stop {
			go func() {
				host.Stop()
				os.Exit(0)
			}()
		}
	}
}
