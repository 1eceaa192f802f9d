package goopcall

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// logBook keeps what an adapter has logged.
type logBook struct {
	mutex sync.Mutex
	lines []string
}

func (l *logBook) add(level, line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, level+": "+line)
}

func (l *logBook) errors() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	found := []string{}
	for _, line := range l.lines {
		if strings.HasPrefix(line, "error: ") {
			found = append(found, line)
		}
	}
	return found
}

var testTimings = timings{
	watch: 50 * time.Millisecond, pause: time.Millisecond, grace: 20 * time.Second, initialize: 20 * time.Second,
	leave: defaultTimings.leave, hangup: 3 * time.Second,
}

// stage is an adapter with a fake plugin and a fake network.
type stage struct {
	*Adapter
	network *network
	log     *logBook
	states  chan State
}

func startStage(t *testing.T, role string, change func(*Options), limits timings) *stage {
	t.Helper()
	s := &stage{network: newNetwork(), log: &logBook{}, states: make(chan State, 1024)}
	options := Options{
		SelfID: selfID, Signals: s.network, Command: []string{os.Args[0]}, Environment: environment(role), Log: s.log.add,
	}
	if change != nil {
		change(&options)
	}
	s.Adapter = start(context.Background(), options, limits)
	s.OnState(func(state State) { s.states <- state })
	t.Cleanup(s.Close)
	return s
}

// until waits for a state.
func (s *stage) until(t *testing.T, what string, fits func(State) bool) State {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case state := <-s.states:
			if fits(state) {
				return state
			}
		case <-deadline:
			t.Fatalf("the state is %+v, expected %s; log:\n%s", s.State(), what, strings.Join(s.log.lines, "\n"))
		}
	}
}

func isPossible(state State) bool { return state.Possible }

func isStopped(state State) bool {
	return !state.Running && strings.HasPrefix(state.Reason, "Calls are not possible")
}

func TestCallsArePossibleOnceThePluginSaysSo(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	if state := s.State(); !state.Running || state.Reason != "" {
		t.Fatalf("unexpected state: %+v", state)
	}
	if errors := s.log.errors(); len(errors) > 0 {
		t.Fatalf("unexpected errors: %v", errors)
	}
}

// What is wrong with the plugin or the settings is told once, and the host goes on.
func TestAPluginThatCannotRunIsToldOnceAndTheHostGoesOn(t *testing.T) {
	noJSON := filepath.Join(t.TempDir(), "goop.json")
	if err := os.WriteFile(noJSON, []byte("{ viewer: }"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "goop.json")
	text := `{"plugins":{"call":{"path":"/no/such/plugin"}}}`
	if err := os.WriteFile(missing, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		what, role, expected string
		change               func(*Options)
	}{
		{"a program that does not exist", rolePlugin, `"/no/such/program" cannot be started: no such file or directory`, func(o *Options) {
			o.Command = []string{"/no/such/program"}
		}},
		{"a path of the settings that does not exist", rolePlugin, `plugins.call.path is "/no/such/plugin"`, func(o *Options) {
			o.Command, o.ConfigFile = nil, missing
		}},
		{"another protocol version", roleVersion, "speaks version 3 of the protocol, expected one of [1 2]", nil},
		{"a refusal", roleRefuses, "this plugin speaks version 9", nil},
		{"settings that are no JSON", rolePlugin, noJSON + " is no settings file", func(o *Options) { o.ConfigFile = noJSON }},
	} {
		t.Run(one.what, func(t *testing.T) {
			s := startStage(t, one.role, one.change, testTimings)
			state := s.until(t, "no calls", isStopped)
			if !strings.Contains(state.Reason, one.expected) {
				t.Errorf("the reason is %q, expected %q in it", state.Reason, one.expected)
			}
			if errors := s.log.errors(); len(errors) != 1 || !strings.Contains(errors[0], one.expected) {
				t.Errorf("logged %q, expected one line with %q", errors, one.expected)
			}
			answer := get(t, s, "/api/call/mode")
			if !strings.Contains(answer, `"video_disabled":true`) || !strings.Contains(answer, `"mode":"native"`) {
				t.Errorf("mode is answered by %s", answer)
			}
			status, body := post(t, s, "/api/call/start", `{"remote_peer":"`+peerA+`"}`)
			if status != http.StatusServiceUnavailable || !strings.Contains(body, one.expected) {
				t.Errorf("start is answered by %d %s", status, body)
			}
			s.network.receive(peerA, "call:c7", map[string]any{"type": "call-request"})
			refused, _ := s.network.take(func(sent sentMessage) bool { return sent.topic == "call:c7" })
			if refused.payload["type"] != "call-hangup" || refused.payload["reason"] != "videoDisabled" {
				t.Errorf("the caller got %v", refused)
			}
		})
	}
}

func TestRepairedSettingsStartThePlugin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "goop.json")
	if err := os.WriteFile(path, []byte("no JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startStage(t, rolePlugin, func(o *Options) { o.ConfigFile = path }, testTimings)
	s.until(t, "no calls", isStopped)
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.until(t, "possible calls", isPossible)
}

func TestACallOutlivesTwentyKilledPlugins(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	if status, body := post(t, s, "/api/call/start", `{"remote_peer":"`+peerA+`","channel_id":"nc-1"}`); status != http.StatusOK {
		t.Fatalf("start is answered by %d %s", status, body)
	}
	for round := 0; round < 20; round++ {
		waitForCall(t, s)
		kill(t, s.network.reported("pid"))
		if _, isSent := s.network.take(func(one sentMessage) bool { return one.payload["type"] == "call-reconnect" }); !isSent {
			t.Fatalf("no plugin resumed the call in round %d; log:\n%s", round, strings.Join(s.log.lines, "\n"))
		}
	}
	waitForCall(t, s)
	if answer := get(t, s, "/api/call/active"); !strings.Contains(answer, `"channel_id":"nc-1"`) {
		t.Errorf("the page's channel is lost: %s", answer)
	}
	if kinds := s.network.to(peerA, "call:c1"); len(kinds) != 1 || kinds[0] != "call-request" {
		t.Errorf("the peer got %v, expected the request only", kinds)
	}
	select {
	case state := <-s.states:
		t.Errorf("the peers learned about %+v", state)
	default:
	}
	s.Close()
	if kinds := s.network.to(peerA, "call:c1"); kinds[len(kinds)-1] != "call-hangup" {
		t.Errorf("the peer got %v, expected a hang-up at the end", kinds)
	}
}

// waitForCall returns when the plugin's snapshot has arrived, which it sends before it is asked for its calls.
func waitForCall(t *testing.T, s *stage) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/call/active", nil))
		if strings.Contains(recorder.Body.String(), "connected") {
			return
		}
	}
	t.Fatal("the call is not there")
}

func TestACallThatKillsTwoPluginsIsGivenUp(t *testing.T) {
	s := startStage(t, roleFatal, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	post(t, s, "/api/call/start", `{"remote_peer":"`+peerA+`"}`)
	waitForCall(t, s)
	kill(t, s.network.reported("pid"))
	hangup, _ := s.network.take(func(one sentMessage) bool { return one.peer == peerA && one.payload["type"] == "call-hangup" })
	if hangup.payload["reason"] != "hostGone" {
		t.Fatalf("the peer got %+v", hangup)
	}
}

func TestAPluginThatCrashesWithoutACallIsStartedAgainButNotForEver(t *testing.T) {
	s := startStage(t, roleCrashes, nil, testTimings)
	state := s.until(t, "no calls", isStopped)
	if !strings.Contains(state.Reason, "exit status 7") || !strings.Contains(state.Reason, "no engine") {
		t.Errorf("the reason is %q", state.Reason)
	}
	starts := 0
	for _, line := range s.log.errors() {
		if strings.Contains(line, "it is started again") {
			starts++
		}
	}
	if starts != maxCrashes {
		t.Errorf("started again %d times, expected %d", starts, maxCrashes)
	}
}

func TestAKilledPluginIsReplaced(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	kill(t, s.network.reported("pid"))
	s.until(t, "no calls", func(state State) bool { return !state.Possible })
	s.until(t, "possible calls", isPossible)
}

func TestADeadPluginWhosePipesAreHeldIsReplaced(t *testing.T) {
	s := startStage(t, roleDaemon, nil, testTimings)
	child := s.network.reported("child")
	s.until(t, "possible calls", isPossible)
	kill(t, s.network.reported("pid"))
	s.until(t, "no calls", func(state State) bool { return !state.Possible })
	s.until(t, "possible calls", isPossible)
	s.Close()
	kill(t, child)
	kill(t, s.network.reported("child"))
}

func TestNoProcessIsLeft(t *testing.T) {
	quick := testTimings
	quick.leave.Shutdown, quick.leave.Exit, quick.initialize = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	t.Run("after Close", func(t *testing.T) {
		s := startStage(t, rolePlugin, nil, testTimings)
		pid := s.network.reported("pid")
		s.Close()
		expectNoProcess(t, pid)
	})
	t.Run("after the end of the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		net := newNetwork()
		calls := start(ctx, Options{SelfID: selfID, Signals: net, Command: []string{os.Args[0]}, Environment: environment(rolePlugin)}, testTimings)
		pid := net.reported("pid")
		cancel()
		<-calls.Done()
		expectNoProcess(t, pid)
	})
	t.Run("after Close of a plugin that does not leave", func(t *testing.T) {
		long := quick
		long.initialize = 20 * time.Second
		s := startStage(t, roleStuck, nil, long)
		pid := s.network.reported("pid")
		s.until(t, "possible calls", isPossible)
		s.Close()
		expectNoProcess(t, pid)
	})
	t.Run("of a plugin that does not answer", func(t *testing.T) {
		s := startStage(t, roleSilent, nil, quick)
		state := s.until(t, "no calls", isStopped)
		if !strings.Contains(state.Reason, "has not answered within") {
			t.Errorf("the reason is %q", state.Reason)
		}
	})
	t.Run("of the children of a killed plugin", func(t *testing.T) {
		s := startStage(t, roleFamily, nil, testTimings)
		child, pid := s.network.reported("child"), s.network.reported("pid")
		s.until(t, "possible calls", isPossible)
		kill(t, pid)
		s.until(t, "no calls", func(state State) bool { return !state.Possible })
		expectNoProcess(t, child)
	})
}

func TestTheEndIsTheLastState(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	s.Close()
	s.until(t, "the end", func(state State) bool { return state == State{Reason: "The host is ending."} })
}

func TestACallIsHungUpWhenTheHostEndsWithItsPlugin(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	post(t, s, "/api/call/start", `{"remote_peer":"`+peerA+`"}`)
	waitForCall(t, s)
	kill(t, s.network.reported("pid"))
	s.Close()
	if kinds := s.network.to(peerA, "call:c1"); kinds[len(kinds)-1] != "call-hangup" {
		t.Errorf("the peer got %v, expected a hang-up at the end", kinds)
	}
}

func TestAHostThatEndsLeavesNoPlugin(t *testing.T) {
	for _, role := range []string{"host that is killed", "host that panics"} {
		t.Run(role, func(t *testing.T) {
			host := exec.Command(os.Args[0])
			host.Env = environment(role)
			output, err := host.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := host.Start(); err != nil {
				t.Fatal(err)
			}
			var pid float64
			if _, err := fmt.Fscan(output, &pid); err != nil {
				t.Fatal(err)
			}
			if role == "host that is killed" {
				_ = host.Process.Kill()
			}
			_ = host.Wait()
			expectNoProcess(t, pid)
		})
	}
}

func kill(t *testing.T, pid any) {
	t.Helper()
	number, isNumber := pid.(float64)
	if !isNumber {
		t.Fatalf("the plugin's process is %v", pid)
	}
	if err := syscall.Kill(int(number), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// expectNoProcess waits until the process has ended. A zombie whose parent has gone counts as ended.
func expectNoProcess(t *testing.T, pid any) {
	t.Helper()
	number, isNumber := pid.(float64)
	if !isNumber {
		t.Fatalf("the plugin's process is %v", pid)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", int(number)))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Fatalf("process %v still runs", pid)
}

func get(t *testing.T, handler http.Handler, path string) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+path, nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("%s is answered by %d %s", path, recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

func post(t *testing.T, handler http.Handler, path, body string) (int, string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+path, strings.NewReader(body)))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}
