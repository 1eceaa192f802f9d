// Package goopcall attaches goop-call-plugin to a chat host that is written in Go, such as Goop².
//
// Start runs the plugin in a process of its own and keeps it running. The host gives a way to send and receive messages, and
// gets a handler for its pages and the answer to one question: are calls possible?
//
//	calls := goopcall.Start(ctx, goopcall.Options{
//		SelfID:     node.ID(),
//		Signals:    messages, // Send and SubscribeTopic
//		Peers:      func() []goopcall.Peer { … },
//		ConfigFile: "/home/alice/.goop2/goop.json",
//		DataDir:    "/home/alice/.goop2/calls",
//	})
//	defer calls.Close()
//	mux.Handle(goopcall.Prefix, calls)
//	calls.OnState(func(state goopcall.State) { node.SetVideoDisabled(!state.Possible) })
//
// A plugin that is missing, too old or broken never stops the host. Calls are then impossible, State and one line of the log
// tell why, and the handler answers with the same reason.
//
// The package uses the standard library only. It builds everywhere; the plugin runs on Linux.
package goopcall
