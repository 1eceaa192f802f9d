package goopcall

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/settings"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/signals"
)

// timings are shorter in tests.
type timings struct {
	// watch is how soon a changed goop.json, and peers that came and went, are noticed.
	watch time.Duration
	// pause is the first one after a crash.
	pause time.Duration
	// grace is how long calls count as possible while a plugin that died is replaced. A shorter gap would only make the sign at
	// the peers flicker.
	grace time.Duration
	// initialize is much more than the second that the plugin needs, for a slow disk or a busy machine.
	initialize time.Duration
	// leave is more than the 0.7 s that a hang-up takes.
	leave rpc.LeaveTimes
	// hangup is how long Close waits for hang-ups, because unreachable peers must not delay the host.
	hangup time.Duration
}

var defaultTimings = timings{
	watch:      2 * time.Second,
	pause:      time.Second,
	grace:      2 * time.Second,
	initialize: 30 * time.Second,
	leave:      rpc.LeaveTimes{Shutdown: 3 * time.Second, Exit: 2 * time.Second},
	hangup:     3 * time.Second,
}

// Adapter runs one plugin for a host. It is an http.Handler for the pages of the host, below Prefix.
type Adapter struct {
	options   Options
	timings   timings
	settings  *settings.Store
	publisher *publisher
	pages     *pages
	channels  *channels
	signals   *signals.Switch
	rescue    *rescue

	cancel context.CancelFunc
	done   chan struct{}
	// hangups are closed when they are done. They belong to the supervisor.
	hangups []<-chan struct{}
	// wake interrupts the supervisor: the settings have changed, or a restart was asked for.
	wake chan struct{}

	mutex      sync.Mutex
	session    *session
	hasRestart bool
	isFirst    bool
	// version is that of the last plugin that has started.
	version string
}

// Start starts the plugin in the background, and returns at once. It ends with ctx or Close. Nothing that is wrong with the plugin
// or the settings stops the host; see State.
func Start(ctx context.Context, options Options) *Adapter {
	return start(ctx, options, defaultTimings)
}

func start(ctx context.Context, options Options, timings timings) *Adapter {
	options = options.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	a := &Adapter{
		options:  options,
		timings:  timings,
		settings: settings.Open(options.ConfigFile, options.Log),
		channels: newChannels(),
		rescue:   &rescue{},
		cancel:   cancel,
		done:     make(chan struct{}),
		wake:     make(chan struct{}, 1),
		isFirst:  true,
	}
	a.pages = newPages(a)
	a.publisher = newPublisher(options.Label, timings.grace, a.pages.broadcastState)
	a.signals = signals.Subscribe(options.Signals)
	go a.supervise(ctx)
	return a
}

// State tells whether calls are possible.
func (a *Adapter) State() State { return a.publisher.state() }

// OnState calls receive with the present state and after each change, one call at a time. A slow receiver misses states between,
// never the last one. A host passes the state on to its peers, who then see whether this user can be called.
func (a *Adapter) OnState(receive func(State)) (cancel func()) { return a.publisher.listen(receive) }

// PeersChanged makes the plugin learn at once about peers that came, went or changed.
func (a *Adapter) PeersChanged() {
	if current := a.current(); current != nil {
		current.sendContacts()
	}
}

// SettingsChanged makes the adapter read ConfigFile at once. Without it, a change is noticed within two seconds.
func (a *Adapter) SettingsChanged() { a.applyFile() }

// ChangeSettings changes settings by the host's names, such as video_disabled, and writes them to ConfigFile. It changes all of
// them or none.
func (a *Adapter) ChangeSettings(values map[string]any) error {
	change := map[string]json.RawMessage{}
	for name, value := range values {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		change[name] = raw
	}
	return a.changeSettings(change)
}

// Restart starts the plugin again. A plugin that runs is ended first, with its calls.
func (a *Adapter) Restart() {
	a.mutex.Lock()
	a.hasRestart = true
	a.mutex.Unlock()
	a.wakeUp()
}

// Close ends the plugin in order: calls are hung up first. It returns when no process is left. It is idempotent.
func (a *Adapter) Close() {
	a.cancel()
	<-a.done
}

// Done is closed when the adapter has ended.
func (a *Adapter) Done() <-chan struct{} { return a.done }

func (a *Adapter) wakeUp() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// current is the session whose plugin is ready, or nil.
func (a *Adapter) current() *session {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.session
}

func (a *Adapter) setCurrent(current *session) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.session = current
}

// takeRestart tells whether a restart was asked for since the last time.
func (a *Adapter) takeRestart() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	asked := a.hasRestart
	a.hasRestart = false
	return asked
}

// supervise runs one plugin after the other until the context ends.
func (a *Adapter) supervise(ctx context.Context) {
	defer close(a.done)
	defer a.end()
	go a.watch(ctx)
	crashes := &crashes{firstPause: a.timings.pause}
	var resumed *resumption
	for ctx.Err() == nil {
		if !a.settings.IsEnabled() {
			a.show(phaseOff, "", "")
			a.sleep(ctx, 0)
			crashes.forget()
			continue
		}
		died, err := a.runPlugin(ctx, resumed)
		resumed = nil
		if ctx.Err() != nil {
			a.rescue.forget() // No other plugin can resume the call.
		}
		if died {
			resumed = a.pluginDied(err)
		}
		switch {
		case ctx.Err() != nil || err == nil || resumed != nil:
			// The host ends, the settings need another start, or a call goes on.
		case !died:
			a.giveUp(ctx, err.Error())
			crashes.forget()
		default:
			pause, mayRestart := crashes.add(time.Now())
			if !mayRestart {
				a.giveUp(ctx, "the call plugin ended too often; the last time "+err.Error())
				crashes.forget()
				continue
			}
			a.options.Log("error", "the call plugin ended: "+err.Error()+"; it is started again in "+pause.String())
			a.show(phaseStopped, "The call plugin ended and is started again.", err.Error())
			a.sleep(ctx, pause)
		}
	}
}

// end runs when the supervisor ends.
func (a *Adapter) end() {
	late := time.After(a.timings.hangup)
	for _, one := range a.hangups {
		select {
		case <-one:
		case <-late:
		}
	}
	a.signals.Close()
	a.pages.close()
	a.publisher.update(func(page *pageState) {
		page.Plugin = pluginState{State: phaseStopped, Why: "The host is ending."}
		page.Availability, page.Signalling = nil, nil
	})
	a.publisher.close()
}

// giveUp waits until the settings change or a restart is asked for.
func (a *Adapter) giveUp(ctx context.Context, why string) {
	a.options.Log("error", "calls are not possible: "+why)
	a.show(phaseStopped, "Calls are not possible: "+why+".", why)
	a.sleep(ctx, 0)
}

// sleep returns after the pause, or when the adapter is woken. Zero sleeps until then.
func (a *Adapter) sleep(ctx context.Context, pause time.Duration) {
	var after <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-ctx.Done():
	case <-a.wake:
		a.takeRestart()
	case <-after:
	}
}

func (a *Adapter) show(phase, why, lastLine string) {
	a.publisher.update(func(page *pageState) {
		page.Plugin = pluginState{State: phase, Why: why, LastLine: lastLine}
		page.Availability, page.Signalling = nil, nil
	})
}

// pluginDied decides whether another plugin resumes the call of a dead one.
func (a *Adapter) pluginDied(err error) *resumption {
	resumed := a.rescue.pluginDied()
	last := a.signals.Detach(resumed != nil)
	if resumed != nil {
		if last != nil {
			resumed.calls = last.HandOver(resumed.callID)
		}
		a.options.Log("warn", "the call plugin ended in a call: "+err.Error()+"; another one resumes the call")
		a.publisher.replacing()
	}
	a.hangUp(last)
	return resumed
}

// hangUp ends the calls that no plugin carries on. The adapter's end waits for it.
func (a *Adapter) hangUp(last *signals.Relay) {
	if last != nil {
		a.hangups = append(a.hangups, last.End())
	}
}

// watch notices a changed file and changed peers that nobody reported.
func (a *Adapter) watch(ctx context.Context) {
	ticker := time.NewTicker(a.timings.watch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			a.applyFile()
			a.PeersChanged()
		}
	}
}

// applyFile passes changed settings on to the plugin.
func (a *Adapter) applyFile() {
	before, oldProblem := a.settings.PluginPath()
	changed := a.settings.Reload()
	after, problem := a.settings.PluginPath()
	if problem != nil && problem != oldProblem {
		a.options.Log("error", problem.Error())
	}
	if len(changed) > 0 {
		a.apply(changed)
	}
	isRepaired := oldProblem != nil && problem == nil
	if (isRepaired || before != after) && a.current() == nil {
		a.wakeUp()
	}
}

// apply passes a change on that is stored already.
func (a *Adapter) apply(changed map[string]json.RawMessage) {
	if _, isChanged := changed[settings.Enabled]; isChanged {
		a.wakeUp()
	}
	current := a.current()
	if current == nil {
		return
	}
	update := settings.ForPlugin(changed, current.deviceList())
	if len(update) > 0 {
		current.updateSettings(update, func(err error) {
			if err != nil {
				a.options.Log("warn", "the changed settings were refused: "+err.Error())
			}
		})
	}
}

// changeSettings lets the plugin check the change before it is stored.
func (a *Adapter) changeSettings(change map[string]json.RawMessage) error {
	if err := settings.Check(change); err != nil {
		return err
	}
	if current := a.current(); current != nil {
		update := settings.ForPlugin(change, current.deviceList())
		if len(update) > 0 {
			ctx, cancel := context.WithTimeout(context.Background(), requestTime)
			defer cancel()
			refused := make(chan error, 1)
			current.updateSettings(update, func(err error) { refused <- err })
			select {
			case err := <-refused:
				if err != nil {
					return err
				}
			case <-ctx.Done():
				return errors.New("the call plugin has not answered")
			}
		}
	}
	if err := a.settings.Save(change); err != nil {
		return err
	}
	if _, isChanged := change[settings.Enabled]; isChanged {
		a.wakeUp()
	}
	return nil
}
