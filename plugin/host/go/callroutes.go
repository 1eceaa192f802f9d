package goopcall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
)

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
	a.mutex.Lock()
	version := a.version
	a.mutex.Unlock()
	raw, _ := json.Marshal(map[string]any{ // Its parts came from JSON.
		"title": "Voice and video calls", "version": version, "schema": schema, "values": a.settings.Values(), "restartNeeded": restart,
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

// maxChannels limits what a page can fill with calls whose end goes unnoticed. One call at a time is usual.
const maxChannels = 64

// channels maps the channel ids that pages choose to the call ids that the plugin chooses.
type channels struct {
	mutex sync.Mutex
	calls map[string]string
}

func newChannels() *channels { return &channels{calls: map[string]string{}} }

func (c *channels) set(channel, call string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.calls) >= maxChannels {
		c.calls = map[string]string{}
	}
	c.calls[channel] = call
}

// callOf returns the channel itself for an incoming call, whose channel id is its call id.
func (c *channels) callOf(channel string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if call, isKnown := c.calls[channel]; isKnown {
		return call
	}
	return channel
}

func (c *channels) channelOf(call string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for channel, one := range c.calls {
		if one == call {
			return channel
		}
	}
	return call
}

func (c *channels) forget(call string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for channel, one := range c.calls {
		if one == call {
			delete(c.calls, channel)
		}
	}
}
