package goopcall

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/streams"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/websocket"
)

const (
	// pageProtocol is the WebSocket subprotocol of the page scripts.
	pageProtocol = "goop-call.v1"
	// The largest message of a page is a settings change.
	maxPageMessage = 64 << 10
	// A page with so much unread data has stopped. Frames alone stay far below, because of their credit.
	maxPageQueue = 32 << 20
	maxPages     = 64

	codeParseError     = -32700
	codeMethodNotFound = -32601
	codeInvalidParams  = -32602
	codeInvalidRequest = -32600
	codeInternalError  = -32603

	methodSubscribe   = "frames.subscribe"
	methodUnsubscribe = "frames.unsubscribe"
	methodAcknowledge = "frames.ack"
)

// pageMethods are the requests that a page may send to the plugin. It must not start or end it.
var pageMethods = map[string]bool{
	"settings.update": true, "contacts.list": true, "devices.list": true, "call.start": true, "call.accept": true,
	"call.reject": true, "call.hangup": true, "call.setMicrophone": true, "call.setCamera": true, "call.useDevice": true,
	"call.list": true, "call.stats": true, "call.snapshot": true, methodSubscribe: true, methodUnsubscribe: true,
}

// pages connects the open pages with the plugin. Pages stay connected while one plugin ends and the next one starts.
type pages struct {
	adapter *Adapter

	mutex      sync.Mutex
	open       map[*page]bool
	isClosed   bool
	packageDir string
}

func newPages(a *Adapter) *pages { return &pages{adapter: a, open: map[*page]bool{}} }

func (p *pages) usePackage(folder string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.packageDir = folder
}

func (p *pages) folder() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.packageDir
}

func (p *pages) broadcast(method string, params json.RawMessage) {
	text, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "method": method, "params": params})
	if err != nil {
		return // The params came from JSON.
	}
	for _, one := range p.all() {
		one.send(text)
	}
}

func (p *pages) broadcastState(state pageState) {
	raw, _ := json.Marshal(state) // It has only texts, and what came from JSON.
	p.broadcast("host.state", raw)
}

func (p *pages) all() []*page {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	list := make([]*page, 0, len(p.open))
	for one := range p.open {
		list = append(list, one)
	}
	return list
}

// close ends the connections of all pages.
func (p *pages) close() {
	p.mutex.Lock()
	p.isClosed = true
	p.mutex.Unlock()
	for _, one := range p.all() {
		one.socket.Close()
	}
}

// page is the WebSocket of one open page.
type page struct {
	pages  *pages
	socket *websocket.Conn
	viewer *streams.Viewer
}

// serve carries the messages of one page until it closes.
func (p *pages) serve(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	isRefused := p.isClosed || len(p.open) >= maxPages
	p.mutex.Unlock()
	if isRefused {
		http.Error(w, "no more pages", http.StatusServiceUnavailable)
		return
	}
	socket, err := websocket.Accept(w, r, pageProtocol, websocket.Limits{MaxMessage: maxPageMessage, MaxQueue: maxPageQueue})
	if err != nil {
		return
	}
	one := &page{pages: p, socket: socket}
	one.viewer = &streams.Viewer{Frame: func(_ string, line []byte) { one.send(line) }}
	greeting, _ := json.Marshal(p.adapter.publisher.page()) // It has only texts, and what came from JSON.
	p.mutex.Lock()
	p.open[one] = true
	p.mutex.Unlock()
	one.write(map[string]any{"method": "host.state", "params": json.RawMessage(greeting)})
	defer one.leave()
	for {
		text, err := socket.Read()
		if err != nil {
			return
		}
		one.receive(text)
	}
}

// leave unsubscribes the page's streams, so that the plugin stops encoding for it.
func (p *page) leave() {
	p.pages.mutex.Lock()
	delete(p.pages.open, p)
	p.pages.mutex.Unlock()
	p.socket.Close()
	if current := p.pages.adapter.current(); current != nil {
		for _, stream := range current.streams.Release(p.viewer) {
			current.unsubscribe(stream)
		}
	}
}

func (s *session) unsubscribe(stream string) {
	s.streams.Forget(stream)
	// The stream may have ended with its call.
	s.conn.Go(methodUnsubscribe, map[string]string{"stream": stream}, func(json.RawMessage, error) {})
}

func (p *page) send(text []byte) {
	_ = p.socket.Send(text) // A page that does not read loses its connection, and its reader notices.
}

func (p *page) write(message map[string]any) {
	message["jsonrpc"] = "2.0"
	text, err := json.Marshal(message)
	if err != nil {
		return // Everything here came from JSON, or is a text.
	}
	p.send(text)
}

func (p *page) receive(text []byte) {
	var message struct {
		ID     json.RawMessage
		Method string
		Params json.RawMessage
	}
	if err := json.Unmarshal(text, &message); err != nil {
		p.fail(nil, &rpc.Error{Code: codeParseError, Message: "not JSON: " + err.Error()}, "parseError")
		return
	}
	if len(message.Params) == 0 {
		message.Params = json.RawMessage("{}")
	}
	switch {
	case message.Method == "":
		p.fail(nil, &rpc.Error{Code: codeInvalidRequest, Message: "expected a method"}, "invalidRequest")
	case len(message.ID) == 0:
		p.notify(message.Method, message.Params)
	default:
		p.request(message.ID, message.Method, message.Params)
	}
}

// notify takes only the acknowledgements of the page's own frames. Another page's would spend their credit.
func (p *page) notify(method string, params json.RawMessage) {
	current := p.pages.adapter.current()
	var acknowledged contract.FramesAckParams
	if method != methodAcknowledge || current == nil || json.Unmarshal(params, &acknowledged) != nil {
		return
	}
	if current.streams.IsOwner(acknowledged.Stream, p.viewer) {
		current.conn.Notify(method, acknowledged)
	}
}

func (p *page) request(id json.RawMessage, method string, params json.RawMessage) {
	if p.requestOfHost(id, method, params) {
		return
	}
	if !pageMethods[method] {
		p.fail(id, &rpc.Error{Code: codeMethodNotFound, Message: "a page may not call " + method}, "methodNotFound")
		return
	}
	current := p.pages.adapter.current()
	if current == nil {
		p.fail(id, &rpc.Error{Code: codeInternalError, Message: p.pages.adapter.State().Reason}, "internalError")
		return
	}
	switch method {
	case methodSubscribe:
		p.subscribe(current, id, params)
		return
	case methodUnsubscribe:
		var stream struct{ Stream string }
		_ = json.Unmarshal(params, &stream) // The plugin checks the params, and its error names the field.
		if current.streams.IsOwner(stream.Stream, p.viewer) {
			current.streams.Forget(stream.Stream)
		}
	}
	current.conn.Go(method, params, func(result json.RawMessage, err error) { p.answer(id, result, err) })
}

func (p *page) subscribe(current *session, id, params json.RawMessage) {
	current.streams.Claim()
	current.conn.Go(methodSubscribe, params, func(result json.RawMessage, err error) {
		var answer contract.FramesSubscribeResult
		if err == nil {
			err = json.Unmarshal(result, &answer)
		}
		// The page must know the stream before its first frame.
		current.streams.Settle(answer.Stream, p.viewer, func() { p.answer(id, result, err) })
		select {
		case <-p.socket.Done():
			if answer.Stream != "" {
				current.unsubscribe(answer.Stream)
			}
		default:
		}
	})
}

// requestOfHost answers the requests that concern the host itself. It returns false for others.
func (p *page) requestOfHost(id json.RawMessage, method string, params json.RawMessage) bool {
	a := p.pages.adapter
	switch method {
	case "host.settings":
		p.answer(id, a.describeSettings(), nil)
	case "host.changeSettings":
		var change struct{ Values map[string]json.RawMessage }
		_ = json.Unmarshal(params, &change) // Without values nothing changes.
		go func() {
			err := a.changeSettings(change.Values)
			if err != nil {
				p.fail(id, &rpc.Error{Code: codeInvalidParams, Message: err.Error()}, nameInvalidParams)
				return
			}
			p.answer(id, a.describeSettings(), nil)
		}()
	case "host.restart":
		state := a.publisher.page()
		if state.Plugin.State == phaseStopped || len(state.RestartNeeded) > 0 {
			a.Restart()
		}
		p.answer(id, json.RawMessage("null"), nil)
	default:
		return false
	}
	return true
}

func (p *page) answer(id, result json.RawMessage, err error) {
	if err == nil {
		p.write(map[string]any{"id": id, "result": result})
		return
	}
	failure, isOfPlugin := err.(*rpc.Error)
	if !isOfPlugin {
		p.fail(id, &rpc.Error{Code: codeInternalError, Message: err.Error()}, "internalError")
		return
	}
	p.write(map[string]any{"id": id, "error": failure})
}

func (p *page) fail(id json.RawMessage, failure *rpc.Error, name string) {
	failure.Data, _ = json.Marshal(map[string]string{"name": name})
	if id == nil {
		id = json.RawMessage("null")
	}
	p.write(map[string]any{"id": id, "error": failure})
}
