package goopcall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/launch"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/signals"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/streams"
)

const (
	// The contract answers every request within 15 s.
	requestTime = 20 * time.Second
)

// session is one plugin process.
type session struct {
	adapter *Adapter
	process *rpc.Process
	conn    *rpc.Conn
	relay   *signals.Relay
	streams *streams.Streams

	// listing keeps the order of the lists of contacts, the last of which is in contacts.
	listing  sync.Mutex
	contacts string

	mutex   sync.Mutex
	devices *contract.DeviceList
	// endings are closed when their call ends.
	endings map[chan struct{}]string
	// sentDevices are the device settings that the plugin received last, as JSON.
	sentDevices string
}

// runPlugin returns when the plugin has ended. Died is true when nobody asked it to; the error is then how it ended. Otherwise an
// error is a reason not to try again.
func (a *Adapter) runPlugin(ctx context.Context, resumed *resumption) (died bool, err error) {
	a.showStarting(resumed)
	path, problem := a.settings.PluginPath()
	if problem != nil {
		a.giveUpCalls(resumed)
		return false, problem
	}
	command, err := launch.Command(a.options.Command, path)
	var s *session
	if err == nil {
		a.pages.usePackage(a.packageDir(command))
		s, err = a.startSession(command, resumed)
	}
	if err != nil {
		a.giveUpCalls(resumed)
		return false, err
	}
	defer s.streams.Close()
	defer a.setCurrent(nil)
	result, err := s.initialize(ctx, resumed)
	if err != nil {
		return s.failedStart(err)
	}
	s.begin(result)
	for {
		select {
		case <-s.process.Exited():
			return true, errors.New(howEnded(s.process))
		case <-ctx.Done():
		case <-a.wake:
			if a.settings.IsEnabled() && !a.takeRestart() {
				continue
			}
		}
		s.stop()
		return false, nil
	}
}

func (a *Adapter) packageDir(command []string) string {
	if a.options.PackageDir != "" {
		return a.options.PackageDir
	}
	return launch.PackageDir(command)
}

// giveUpCalls hangs up the calls that no plugin can resume.
func (a *Adapter) giveUpCalls(resumed *resumption) {
	a.signals.Detach(false)
	if resumed != nil {
		a.hangUp(signals.NewRelay(a.options.Signals, a.options.Log, resumed.calls))
	}
}

func (a *Adapter) showStarting(resumed *resumption) {
	a.publisher.update(func(page *pageState) {
		page.Plugin = pluginState{State: phaseStarting}
		if resumed != nil {
			page.Plugin.Resumes = resumed.callID
		}
		page.Availability, page.Signalling, page.RestartNeeded = nil, nil, nil
	})
}

func (a *Adapter) startSession(command []string, resumed *resumption) (*session, error) {
	var calls []signals.Signal
	if resumed != nil {
		calls = resumed.calls
	}
	s := &session{adapter: a, relay: signals.NewRelay(a.options.Signals, a.options.Log, calls), streams: streams.New(),
		endings: map[chan struct{}]string{}}
	// The first line can arrive before Start has returned.
	isReady := make(chan struct{})
	process, err := rpc.Start(command, a.options.Environment, a.timings.leave, rpc.Handler{
		Request: func(id json.RawMessage, method string, params json.RawMessage) {
			<-isReady
			s.relay.Serve(s.conn, id, method, params)
		},
		Notification: func(method string, params json.RawMessage) {
			<-isReady
			s.notified(method, params)
		},
		Frame: s.streams.Route,
		Fault: func(why string) { a.options.Log("warn", why) },
	}, a.logLine)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be started: %w", command[0], launch.Cause(err))
	}
	s.process, s.conn = process, process.Conn
	a.signals.Attach(s.relay)
	close(isReady)
	return s, nil
}

// logEntry is a line of the plugin's log.
type logEntry struct{ Level, Source, Message string }

// parseLog returns another line as the message of a warning, such as what Node or a library writes.
func parseLog(line string) logEntry {
	var entry logEntry
	if json.Unmarshal([]byte(line), &entry) != nil || entry.Message == "" {
		return logEntry{"warn", "output", line}
	}
	return entry
}

func (a *Adapter) logLine(line string) {
	entry := parseLog(line)
	a.options.Log(entry.Level, entry.Source+": "+entry.Message)
}

// howEnded has the last line of the plugin's log, where it tells about a fault.
func howEnded(process *rpc.Process) string {
	line := process.LastLine()
	entry := parseLog(line)
	if line == "" || (entry.Level != "error" && entry.Level != "warn") {
		return process.Why()
	}
	return process.Why() + "; its last line: " + entry.Message
}

// failedStart ends a plugin that did not initialize. A plugin that answered shall not be tried again.
func (s *session) failedStart(err error) (died bool, why error) {
	s.process.Kill()
	<-s.process.Exited()
	var refusal *rpc.Error
	switch {
	case errors.Is(err, rpc.ErrClosed):
		return true, fmt.Errorf("it did not start: %s", howEnded(s.process))
	}
	s.adapter.signals.Detach(false)
	s.adapter.hangUp(s.relay)
	switch {
	case errors.As(err, &refusal):
		return false, fmt.Errorf("the call plugin refused to start: %s", refusal.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return false, fmt.Errorf("the call plugin has not answered within %v", s.adapter.timings.initialize)
	}
	return false, fmt.Errorf("the call plugin cannot be used: %w", err)
}

func (s *session) begin(result contract.InitializeResult) {
	a := s.adapter
	raw, _ := json.Marshal(result.Settings) // It was read from JSON.
	s.conn.Notify("initialized", struct{}{})
	s.sendContacts()
	s.relay.Begin(s.conn)
	a.mutex.Lock()
	a.version = result.Plugin.Version
	a.mutex.Unlock()
	a.setCurrent(s)
	a.publisher.update(func(page *pageState) {
		page.Plugin, page.Mode, page.Settings = pluginState{State: phaseReady}, result.Mode, raw
	})
	a.options.Log("info", fmt.Sprintf("%s %s runs as process %d", result.Plugin.Name, result.Plugin.Version, s.process.PID))
	s.conn.Go("devices.list", struct{}{}, func(raw json.RawMessage, err error) {
		if err == nil {
			s.setDevices(raw)
		}
	})
}

// stop ends the plugin in order, and carries signals until it has ended, because it hangs up during shutdown.
func (s *session) stop() {
	a := s.adapter
	a.rescue.forget()
	s.process.Stop()
	a.signals.Detach(false)
	a.hangUp(s.relay)
}

func (s *session) notified(method string, params json.RawMessage) {
	a := s.adapter
	switch method {
	case "calls.persisted":
		read(a, method, params, a.rescue.persisted)
		return // The snapshot is for the next plugin only.
	case "call.changed":
		read(a, method, params, func(call contract.CallInfo) { a.rescue.changed(call.Phase) })
	case "call.ended":
		read(a, method, params, func(end contract.CallEndedParams) {
			a.rescue.ended(end.CallID)
			s.relay.Ended(end.PeerID, end.CallID)
			a.channels.forget(end.CallID)
			s.callEnded(end.CallID)
		})
	case "signalling.changed":
		read(a, method, params, func(changed contract.SignallingChangedParams) {
			a.publisher.update(func(page *pageState) { page.Signalling = &changed })
		})
	case "availability.changed":
		read(a, method, params, func(changed contract.Availability) {
			a.publisher.update(func(page *pageState) { page.Availability = &changed })
		})
	case "devices.changed":
		s.setDevices(params)
	case "frame", "charts.recorded":
		return
	}
	a.pages.broadcast(method, params)
}

// untilEnded returns a channel that is closed when the call ends.
func (s *session) untilEnded(call string) (ended <-chan struct{}, forget func()) {
	ending := make(chan struct{})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.endings[ending] = call
	return ending, func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.endings, ending)
	}
}

func (s *session) callEnded(call string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for ending, one := range s.endings {
		if one == call {
			close(ending)
			delete(s.endings, ending)
		}
	}
}

// read logs and skips params that do not fit the contract.
func read[T any](a *Adapter, method string, raw json.RawMessage, use func(T)) {
	var params T
	if err := json.Unmarshal(raw, &params); err != nil {
		a.options.Log("warn", fmt.Sprintf("%s was skipped: %v", method, err))
		return
	}
	use(params)
}

// maxContacts is the contract's limit.
const maxContacts = 4096

// contacts are the peers in the contract's form.
func contacts(peers []Peer) contract.ContactsSetParams {
	list := []contract.Contact{}
	for _, one := range peers {
		if len(list) < maxContacts && signals.IsPeerID(one.ID) {
			list = append(list, contract.Contact{
				PeerID: one.ID, Label: one.Label, Addresses: []string{}, Reachable: one.Reachable, VideoDisabled: one.VideoDisabled,
			})
		}
	}
	return contract.ContactsSetParams{Contacts: list}
}

// sendContacts sends the peers when they have changed.
func (s *session) sendContacts() {
	s.listing.Lock()
	defer s.listing.Unlock()
	params := contacts(s.adapter.options.Peers())
	raw, _ := json.Marshal(params) // It has only texts and booleans.
	if s.contacts != string(raw) {
		s.contacts = string(raw)
		s.conn.Notify("contacts.set", params)
	}
}

func (s *session) deviceList() *contract.DeviceList {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.devices
}

// setDevices also applies a stored device whose id could not be found before.
func (s *session) setDevices(raw json.RawMessage) {
	var devices contract.DeviceList
	if json.Unmarshal(raw, &devices) != nil {
		return
	}
	all := s.adapter.settings.ForPlugin(&devices)
	wanted := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		if value, isSet := all[one.Setting]; isSet && one.Device != "" {
			wanted[one.Setting] = value
		}
	}
	text, _ := json.Marshal(wanted) // It was read from JSON.
	s.mutex.Lock()
	s.devices = &devices
	isSame := s.sentDevices == string(text)
	s.sentDevices = string(text)
	s.mutex.Unlock()
	if isSame || len(wanted) == 0 {
		return
	}
	s.updateSettings(wanted, func(err error) {
		if err != nil {
			s.adapter.options.Log("warn", "the stored devices were refused: "+err.Error())
		}
	})
}

// updateSettings calls done when the plugin has answered, and shows pages what is in force.
func (s *session) updateSettings(change map[string]json.RawMessage, done func(error)) {
	s.conn.Go("settings.update", map[string]any{"settings": change}, func(raw json.RawMessage, err error) {
		var answer struct {
			Settings      json.RawMessage
			RestartNeeded []string
		}
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err == nil {
			s.adapter.publisher.update(func(page *pageState) {
				page.Settings = answer.Settings
				page.RestartNeeded = merged(page.RestartNeeded, answer.RestartNeeded)
			})
		}
		done(withHostNames(err))
	})
}
