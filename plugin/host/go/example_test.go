package goopcall_test

import (
	"context"
	"net/http"

	goopcall "github.com/goop-call-plugin/goop-call-plugin/plugin/host/go"
)

// messages stands for the host's message queue, such as the mq.Manager of Goop².
type messages struct{ goopcall.Signals }

// presence stands for what the host tells its peers about itself.
type presence struct{}

func (presence) setVideoDisabled(bool) {}

func Example() {
	ctx, node, mux := context.Background(), presence{}, http.NewServeMux()
	var mqMgr messages
	calls := goopcall.Start(ctx, goopcall.Options{
		SelfID:  "12D3KooWMyownPeer11",
		Signals: mqMgr,
		Peers: func() []goopcall.Peer {
			return []goopcall.Peer{{ID: "12D3KooWBobsPeer111", Label: "Bob", Reachable: true}}
		},
		ConfigFile: "/home/alice/.goop2/goop.json",
		DataDir:    "/home/alice/.goop2/calls",
	})
	defer calls.Close()
	calls.Register(mux)
	calls.OnState(func(state goopcall.State) { node.setVideoDisabled(!state.Possible) })
}
