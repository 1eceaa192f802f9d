package goopcall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
)

// Paths below which an Adapter answers.
const (
	// Prefix has the routes that Goop²'s pages know.
	Prefix = "/api/call/"
	// PagePrefix has the scripts of a page, and their link to the plugin.
	PagePrefix = "/goop-call/"
)

// The largest body is a settings change.
const maxBody = 64 << 10

// httpError becomes an answer with this status, and the message as plain text.
type httpError struct {
	status  int
	message string
}

func (e *httpError) Error() string { return e.message }

var errNoSession = &httpError{http.StatusNotFound, "session not found"}

// request is a request of a page to the running plugin.
type request struct {
	*http.Request
	w http.ResponseWriter
	// rest is the path after the route's name.
	rest string
	*session
}

// route answers with a value that becomes JSON, or with nothing when it has answered already.
type route struct {
	method string
	answer func(*Adapter, *request) (any, error)
	// isFree routes answer also while no plugin runs.
	isFree bool
}

var routes map[string]route

func init() {
	routes = map[string]route{
		"mode":         {http.MethodGet, (*Adapter).answerMode, true},
		"active":       {http.MethodGet, (*Adapter).answerActive, true},
		"debug":        {http.MethodGet, (*Adapter).answerDebug, true},
		"start":        {http.MethodPost, (*Adapter).answerStart, false},
		"accept":       {http.MethodPost, (*Adapter).answerAccept, false},
		"hangup":       {http.MethodPost, (*Adapter).answerHangup, false},
		"toggle-audio": {http.MethodPost, (*Adapter).answerToggleAudio, false},
		"toggle-video": {http.MethodPost, (*Adapter).answerToggleVideo, false},
		"video":        {http.MethodGet, (*Adapter).answerVideo, false},
		"selfvideo":    {http.MethodGet, (*Adapter).answerSelfVideo, false},
		"media":        {http.MethodGet, (*Adapter).refuseWebM, false},
		"self":         {http.MethodGet, (*Adapter).refuseWebM, false},
		"loopback":     {http.MethodPost, (*Adapter).answerLoopback, true},
		"settings":     {"", (*Adapter).answerSettings, true},
	}
}

// Register adds both paths to a server's routes.
func (a *Adapter) Register(mux *http.ServeMux) {
	mux.Handle(Prefix, a)
	mux.Handle(PagePrefix, a)
}

// ServeHTTP answers requests below Prefix and PagePrefix. Only pages of the same origin, under a name that always means this
// machine, are answered.
func (a *Adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := a.respond(w, r)
	if err != nil {
		status := http.StatusInternalServerError
		var failure *httpError
		if errors.As(err, &failure) {
			status = failure.status
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, err.Error(), status)
		return
	}
	if answer != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(answer) // The page may have left.
	}
}

func (a *Adapter) respond(w http.ResponseWriter, r *http.Request) (any, error) {
	if why := foreign(r); why != "" {
		return nil, &httpError{http.StatusForbidden, why}
	}
	if strings.HasPrefix(r.URL.Path, PagePrefix) {
		return nil, a.answerPage(w, r, strings.TrimPrefix(r.URL.Path, PagePrefix))
	}
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	name, rest, _ := strings.Cut(path, "/")
	found, isKnown := routes[name]
	if !isKnown || !strings.HasPrefix(r.URL.Path, Prefix) {
		return nil, &httpError{http.StatusNotFound, "404 page not found"}
	}
	if found.method != "" && r.Method != found.method {
		return nil, &httpError{http.StatusMethodNotAllowed, "method not allowed"}
	}
	current := a.current()
	if current == nil && !found.isFree {
		return nil, &httpError{http.StatusServiceUnavailable, a.State().Reason}
	}
	return found.answer(a, &request{Request: r, w: w, rest: strings.TrimSuffix(rest, "/"), session: current})
}

// foreign tells why a request does not come from the host's own pages. Another site can send requests to this machine, and can
// point its own name at it. An address cannot be pointed elsewhere.
func foreign(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "localhost" && net.ParseIP(strings.Trim(host, "[]")) == nil {
		return "this server answers only to an address or localhost"
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		if err != nil || from.Host != r.Host {
			return "only the host's own pages may send requests"
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return ""
	}
	return "only the host's own pages may send requests"
}

// answerMode has first true once in a process, when no page can have left a call behind. The reason is not in Goop²'s own answer.
func (a *Adapter) answerMode(*request) (any, error) {
	a.mutex.Lock()
	isFirst := a.isFirst
	a.isFirst = false
	a.mutex.Unlock()
	state := a.State()
	return map[string]any{
		"mode": "native", "first": isFirst, "platform": runtime.GOOS,
		"video_disabled": !state.Possible, "reason": state.Reason,
	}, nil
}

// status is one call in Goop²'s form. The state is one of RTCPeerConnection.
type status struct {
	ChannelID  string `json:"channel_id"`
	RemotePeer string `json:"remote_peer"`
	IsOrigin   bool   `json:"is_origin"`
	PCState    string `json:"pc_state"`
	AudioOn    bool   `json:"audio_on"`
	VideoOn    bool   `json:"video_on"`
	Hung       bool   `json:"hung"`
}

func (a *Adapter) answerActive(r *request) (any, error) {
	if r.session == nil {
		return []status{}, nil
	}
	calls, err := r.list()
	list := []status{}
	for _, call := range calls {
		list = append(list, a.statusOf(call))
	}
	return list, err
}

func (a *Adapter) answerDebug(r *request) (any, error) {
	answer, err := a.answerActive(r)
	if err != nil {
		return nil, err
	}
	list := answer.([]status)
	return map[string]any{"session_count": len(list), "sessions": list}, nil
}

func (a *Adapter) statusOf(call contract.CallInfo) status {
	return status{
		ChannelID:  a.channels.channelOf(call.CallID),
		RemotePeer: call.PeerID,
		IsOrigin:   call.Direction == contract.DirectionOutgoing,
		PCState:    pcState(call.Phase),
		AudioOn:    isAudioOn(call),
		VideoOn:    isVideoOn(call),
	}
}

func (a *Adapter) answerStart(r *request) (any, error) {
	body, err := readBody(r.Request, "remote_peer")
	if err != nil {
		return nil, err
	}
	media := contract.MediaKindVideo
	if body["media_type"] == string(contract.MediaKindAudio) {
		media = contract.MediaKindAudio
	}
	var started contract.CallStartResult
	if err := r.call("call.start", contract.CallStartParams{PeerID: body["remote_peer"], Media: media}, &started); err != nil {
		return nil, err
	}
	channel := body["channel_id"]
	if channel == "" {
		channel = started.CallID
	} else {
		a.channels.set(channel, started.CallID)
	}
	return map[string]string{"status": "started", "channel_id": channel}, nil
}

func (a *Adapter) answerAccept(r *request) (any, error) {
	channel, call, err := a.channelOf(r)
	if err != nil {
		return nil, err
	}
	if err := r.call("call.accept", contract.CallAcceptParams{CallID: call}, nil); err != nil {
		return nil, err
	}
	return map[string]string{"status": "accepted", "channel_id": channel}, nil
}

func (a *Adapter) answerHangup(r *request) (any, error) {
	_, call, err := a.channelOf(r)
	if err != nil {
		return nil, err
	}
	err = r.call("call.hangup", contract.CallHangupParams{CallID: call}, nil)
	if isUnknownCall(err) {
		return map[string]string{"status": "not_found"}, nil
	}
	return map[string]string{"status": "hung_up"}, err
}

func (a *Adapter) answerToggleAudio(r *request) (any, error) {
	isOn, err := a.toggle(r, "call.setMicrophone", isAudioOn)
	return map[string]bool{"muted": !isOn}, err
}

func (a *Adapter) answerToggleVideo(r *request) (any, error) {
	isOn, err := a.toggle(r, "call.setCamera", isVideoOn)
	return map[string]bool{"disabled": !isOn}, err
}

func (a *Adapter) toggle(r *request, method string, isOn func(contract.CallInfo) bool) (bool, error) {
	_, id, err := a.channelOf(r)
	if err != nil {
		return false, err
	}
	call, err := r.find(id)
	if err != nil {
		return false, err
	}
	next := !isOn(call)
	return next, r.call(method, map[string]any{"callId": id, "on": next}, nil)
}

// channelOf reads the body's channel, and returns it with its call.
func (a *Adapter) channelOf(r *request) (channel, call string, err error) {
	body, err := readBody(r.Request, "channel_id")
	channel = body["channel_id"]
	return channel, a.channels.callOf(channel), err
}

// refuseWebM is clearer than an empty video.
func (a *Adapter) refuseWebM(r *request) (any, error) {
	if r.rest == "" {
		return nil, &httpError{http.StatusBadRequest, "missing channel id"}
	}
	return nil, &httpError{
		http.StatusNotImplemented,
		"WebM is not available. Show /api/call/video/{channel} in an <img>, or use frames.subscribe of the link.",
	}
}

// answerLoopback gives Goop²'s answers, whose loopback connection was never built.
func (a *Adapter) answerLoopback(r *request) (any, error) {
	switch {
	case strings.HasSuffix(r.rest, "/offer"):
		return map[string]string{"sdp": "", "status": "loopback SDP not implemented"}, nil
	case strings.HasSuffix(r.rest, "/ice"):
		return map[string]string{"status": "ok"}, nil
	}
	return nil, &httpError{http.StatusNotFound, "unknown loopback action"}
}

// answerSettings describes the settings, and changes those of the body.
func (a *Adapter) answerSettings(r *request) (any, error) {
	switch r.Method {
	case http.MethodGet:
		return a.describeSettings(), nil
	case http.MethodPost:
		var change map[string]json.RawMessage
		if err := json.NewDecoder(http.MaxBytesReader(r.w, r.Body, maxBody)).Decode(&change); err != nil {
			return nil, &httpError{http.StatusBadRequest, "invalid json: " + err.Error()}
		}
		if err := a.changeSettings(change); err != nil {
			return nil, &httpError{http.StatusBadRequest, err.Error()}
		}
		return a.describeSettings(), nil
	}
	return nil, &httpError{http.StatusMethodNotAllowed, "method not allowed"}
}

// describeSettings has the schema of each setting, and its value.
func (a *Adapter) describeSettings() json.RawMessage {
	schema := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		schema[one.Name] = json.RawMessage(one.Schema)
	}
	restart := a.publisher.page().RestartNeeded
	if restart == nil {
		restart = []string{}
	}
	raw, _ := json.Marshal(map[string]any{ // Its parts came from JSON.
		"title": "Voice and video calls", "version": "", "schema": schema, "values": a.settings.values(), "restartNeeded": restart,
	})
	return raw
}

// call waits for the plugin's answer.
func (r *request) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	return r.conn.Call(ctx, method, params, result)
}

// list returns the sessions. An incoming call that still rings is none.
func (r *request) list() ([]contract.CallInfo, error) {
	var all contract.CallListResult
	if err := r.call("call.list", struct{}{}, &all); err != nil {
		return nil, err
	}
	var sessions []contract.CallInfo
	for _, call := range all.Calls {
		isRinging := call.Direction == contract.DirectionIncoming && isBeforeMedia(call.Phase)
		if call.Phase != contract.CallPhaseEnded && !isRinging {
			sessions = append(sessions, call)
		}
	}
	return sessions, nil
}

func (r *request) find(id string) (contract.CallInfo, error) {
	calls, err := r.list()
	if err != nil {
		return contract.CallInfo{}, err
	}
	for _, call := range calls {
		if call.CallID == id {
			return call, nil
		}
	}
	return contract.CallInfo{}, errNoSession
}

// readBody returns the body's texts. The needed ones must not be empty.
func readBody(r *http.Request, needed ...string) (map[string]string, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return nil, &httpError{http.StatusBadRequest, fmt.Sprintf("invalid json: expected %d bytes at most", maxBody)}
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, &httpError{http.StatusBadRequest, "invalid json: " + err.Error()}
	}
	texts := map[string]string{}
	for key, value := range body {
		if text, isText := value.(string); isText {
			texts[key] = text
		}
	}
	for _, name := range needed {
		if texts[name] == "" {
			return nil, &httpError{http.StatusBadRequest, "missing " + name}
		}
	}
	return texts, nil
}

// isUnknownCall is also true for an id that no call can have.
func isUnknownCall(err error) bool {
	var failure *rpc.Error
	if !errors.As(err, &failure) {
		return false
	}
	var data contract.ErrorData
	_ = json.Unmarshal(failure.Data, &data) // Without a name it is another error.
	return data.Name == "unknownCall" || data.Name == nameInvalidParams
}

func pcState(phase contract.CallPhase) string {
	switch phase {
	case contract.CallPhaseRequesting, contract.CallPhaseRinging:
		return "unknown"
	case contract.CallPhaseReconnecting:
		return "disconnected"
	case contract.CallPhaseEnded:
		return "closed"
	}
	return string(phase)
}

func isBeforeMedia(phase contract.CallPhase) bool {
	return phase == contract.CallPhaseRequesting || phase == contract.CallPhaseRinging
}

// isAudioOn is the state in which the call will begin, before it is accepted: no device is open until then.
func isAudioOn(call contract.CallInfo) bool {
	return isBeforeMedia(call.Phase) || isOpen(call.Local.Microphone)
}

func isVideoOn(call contract.CallInfo) bool {
	if isBeforeMedia(call.Phase) {
		return call.Media == contract.MediaKindVideo
	}
	return isOpen(call.Local.Camera)
}

func isOpen(device contract.DeviceState) bool {
	return device.State == "live" || device.State == "opening"
}
