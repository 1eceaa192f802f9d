package goopcall

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browserPage is a page's end of the link.
type browserPage struct {
	t      *testing.T
	socket net.Conn
	reader *bufio.Reader
}

func openPage(t *testing.T, server *httptest.Server) *browserPage {
	t.Helper()
	address := server.Listener.Addr().String()
	socket, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	_, err = io.WriteString(socket, "GET /goop-call/link HTTP/1.1\r\nHost: "+address+"\r\nOrigin: http://"+address+
		"\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: goop-call.v1, token.\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(socket)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Sec-WebSocket-Protocol") != "goop-call.v1" {
		t.Fatalf("the link is answered by %s", answer.Status)
	}
	return &browserPage{t, socket, reader}
}

func (p *browserPage) write(text string) {
	p.t.Helper()
	if len(text) > 125 {
		p.t.Fatal("too long for this test")
	}
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	if _, err := p.socket.Write(frame); err != nil {
		p.t.Fatal(err)
	}
}

// read returns the next message that contains the text.
func (p *browserPage) read(wanted string) string {
	p.t.Helper()
	_ = p.socket.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		var head [2]byte
		if _, err := io.ReadFull(p.reader, head[:]); err != nil {
			p.t.Fatalf("%v; expected %q", err, wanted)
		}
		length := uint64(head[1])
		if head[1] == 126 {
			var more [2]byte
			_, _ = io.ReadFull(p.reader, more[:])
			length = uint64(binary.BigEndian.Uint16(more[:]))
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(p.reader, text); err != nil {
			p.t.Fatal(err)
		}
		if strings.Contains(string(text), wanted) {
			return string(text)
		}
	}
}

func serve(t *testing.T, s *stage) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	s.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestAPageCallsAndDrawsFrames(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	server := serve(t, s)
	one, other := openPage(t, server), openPage(t, server)
	one.read(`"state":"ready"`)
	one.write(`{"jsonrpc":"2.0","id":1,"method":"call.start","params":{"peerId":"` + peerA + `","media":"video"}}`)
	other.read(`"method":"call.changed"`)
	one.write(`{"jsonrpc":"2.0","id":"x","method":"frames.subscribe","params":{"callId":"c1","source":"remote"}}`)
	if answer := one.read(`"id":"x"`); !strings.Contains(answer, `"stream":"s1"`) {
		t.Fatalf("the answer is %s", answer)
	}
	one.read(`"seq":1`)
	// Another page's acknowledgement would bring frame 2.
	other.write(`{"jsonrpc":"2.0","method":"frames.ack","params":{"stream":"s1","seq":1}}`)
	other.write(`{"jsonrpc":"2.0","id":2,"method":"host.settings"}`)
	other.read(`"id":2`)
	one.write(`{"jsonrpc":"2.0","id":3,"method":"devices.list"}`)
	one.read(`"id":3`)
	one.write(`{"jsonrpc":"2.0","method":"frames.ack","params":{"stream":"s1","seq":1}}`)
	one.read(`"seq":2`)
	if acknowledged := s.network.reported(methodAcknowledge); acknowledged == nil {
		t.Error("the plugin got no acknowledgement")
	}
	_ = one.socket.Close()
	if unsubscribed := s.network.reported(methodUnsubscribe); unsubscribed == nil {
		t.Error("the stream of a closed page is still subscribed")
	}
}

func TestAPageCannotEndThePluginAndIsToldWhatIsWrong(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	page := openPage(t, serve(t, s))
	for _, one := range []struct{ sent, expected string }{
		{`{"id":1,"method":"shutdown"}`, "methodNotFound"},
		{`{"id":2,"method":"initialize","params":{}}`, "methodNotFound"},
		{`{"id":3,"method":"signal.deliver","params":{}}`, "methodNotFound"},
		{`{"id":3,"method":"call.shareScreen","params":{}}`, "methodNotFound"},
		{`{"id":3,"method":"screen.sources","params":{}}`, "methodNotFound"},
		{`no JSON`, "parseError"},
		{`{"id":4}`, "invalidRequest"},
		{`{"id":5,"method":"host.changeSettings","params":{"values":{"nonsense":1}}}`, "nonsense is no setting"},
		{`{"id":6,"method":"host.changeSettings","params":{"values":{"debugging":"yes"}}}`, "debugging is string, expected boolean"},
	} {
		page.write(one.sent)
		page.read(one.expected)
	}
}

func TestAPageStaysConnectedWhileThePluginIsReplaced(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	page := openPage(t, serve(t, s))
	page.write(`{"jsonrpc":"2.0","id":1,"method":"call.start","params":{"peerId":"` + peerA + `","media":"video"}}`)
	waitForCall(t, s)
	page.write(`{"jsonrpc":"2.0","id":2,"method":"call.stats","params":{"callId":"c1"}}`)
	page.read(`"state":"starting","resumes":"c1"`)
	page.read(`"state":"ready"`)
	page.read(`"phase":"connected"`)
}

func TestThePageForSettingsGetsSchemasAndValues(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	if status, body := post(t, s, "/api/call/settings", `{"video_disabled":true}`); status != http.StatusOK {
		t.Errorf("the change is answered by %d %s", status, body)
	}
	answer := get(t, s, "/api/call/settings")
	for _, expected := range []string{`"version":"1.0.0"`, `"video_disabled":true`, `"echo_cancellation":true`, `"title":"Switch calls off"`} {
		if !strings.Contains(answer, expected) {
			t.Errorf("the answer has no %s: %s", expected, answer)
		}
	}
	if status, body := post(t, s, "/api/call/settings", `{"nonsense":1}`); status != http.StatusBadRequest || body != "not changed: nonsense is no setting" {
		t.Errorf("a wrong change is answered by %d %s", status, body)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	for _, one := range []struct {
		what, host, header, value string
		expected                  int
	}{
		{"its own page", "127.0.0.1:8080", "Origin", "http://127.0.0.1:8080", http.StatusOK},
		{"no page", "localhost:8080", "", "", http.StatusOK},
		{"an address of the network", "[fe80::1]:8080", "", "", http.StatusOK},
		{"another name for this machine", "evil.example:8080", "", "", http.StatusForbidden},
		{"another site", "127.0.0.1:8080", "Origin", "http://evil.example", http.StatusForbidden},
		{"another port", "127.0.0.1:8080", "Origin", "http://127.0.0.1:9090", http.StatusForbidden},
		{"a page without an origin", "127.0.0.1:8080", "Origin", "null", http.StatusForbidden},
		{"an image on another site", "127.0.0.1:8080", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"another port of this machine", "127.0.0.1:8080", "Sec-Fetch-Site", "same-site", http.StatusForbidden},
	} {
		request := httptest.NewRequest(http.MethodGet, "http://"+one.host+"/api/call/active", nil)
		if one.header != "" {
			request.Header.Set(one.header, one.value)
		}
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		if recorder.Code != one.expected {
			t.Errorf("%s is answered by %d, expected %d", one.what, recorder.Code, one.expected)
		}
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/goop-call/link", nil))
	if recorder.Code != http.StatusForbidden {
		t.Errorf("a link without an origin is answered by %d", recorder.Code)
	}
}

func TestTheRoutesAnswerAsGoopDoes(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	if first, second := get(t, s, "/api/call/mode"), get(t, s, "/api/call/mode"); !strings.Contains(first, `"first":true`) ||
		!strings.Contains(second, `"first":false`) {
		t.Errorf("mode is answered by %s and %s", first, second)
	}
	for _, one := range []struct {
		path, body string
		status     int
		expected   string
	}{
		{"start", `{"channel_id":"nc-1"}`, http.StatusBadRequest, "missing remote_peer"},
		{"start", `{`, http.StatusBadRequest, "invalid json: unexpected end of JSON input"},
		{"start", `{"channel_id":"nc-1","remote_peer":"` + peerA + `"}`, http.StatusOK, `{"channel_id":"nc-1","status":"started"}`},
		{"accept", `{"channel_id":"c9","remote_peer":"` + peerA + `"}`, http.StatusOK, `{"channel_id":"c9","status":"accepted"}`},
		{"toggle-audio", `{"channel_id":"nc-1"}`, http.StatusOK, `{"muted":true}`},
		{"toggle-video", `{"channel_id":"nc-1"}`, http.StatusOK, `{"disabled":true}`},
		{"toggle-video", `{"channel_id":"nc-2"}`, http.StatusNotFound, "session not found"},
		{"loopback/nc-1/offer", `{"sdp":""}`, http.StatusOK, `{"sdp":"","status":"loopback SDP not implemented"}`},
		{"loopback/nc-1/ice", `{}`, http.StatusOK, `{"status":"ok"}`},
		{"loopback/nc-1/dance", `{}`, http.StatusNotFound, "unknown loopback action"},
		{"active", `{}`, http.StatusMethodNotAllowed, "method not allowed"},
		{"nothing", `{}`, http.StatusNotFound, "404 page not found"},
		{"hangup", `{"channel_id":"nc-1"}`, http.StatusOK, `{"status":"hung_up"}`},
	} {
		status, body := post(t, s, "/api/call/"+one.path, one.body)
		if status != one.status || body != one.expected {
			t.Errorf("%s %s is answered by %d %s, expected %d %s", one.path, one.body, status, body, one.status, one.expected)
		}
	}
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/call/media/nc-1", nil))
	if recorder.Code != http.StatusNotImplemented {
		t.Errorf("WebM is answered by %d", recorder.Code)
	}
}

func TestAnImageShowsFramesUntilTheCallEnds(t *testing.T) {
	s := startStage(t, rolePlugin, nil, testTimings)
	s.until(t, "possible calls", isPossible)
	server := serve(t, s)
	post(t, s, "/api/call/start", `{"channel_id":"nc-1","remote_peer":"`+peerA+`"}`)
	answer, err := http.Get(server.URL + "/api/call/video/nc-1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); kind != "multipart/x-mixed-replace; boundary="+mjpegBoundary {
		t.Fatalf("the type is %s", kind)
	}
	part := partHead + "\xff\xd8\xff\xd9\r\n"
	got := make([]byte, 2*len(part))
	if _, err := io.ReadFull(answer.Body, got); err != nil || !bytes.Equal(got, []byte(part+part)) {
		t.Fatalf("read %q, %v", got, err)
	}
	post(t, s, "/api/call/hangup", `{"channel_id":"nc-1"}`)
	if _, err := io.ReadAll(answer.Body); err != nil {
		t.Fatalf("the end of the call is not the end of the stream: %v", err)
	}
	s.network.reported(methodUnsubscribe)
}

func TestOnlyScriptsOfPagesAreServed(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"dist/plugin/ui/goop/bridged-start.js": "start();\nexport {};\n",
		"dist/plugin/ui/link/page-link.js":     "export const link = 1;\n",
		"dist/plugin/http/page-messages.js":    "export {};\n",
		"dist/plugin/http/loopback.js":         "secret",
		"dist/plugin/main.js":                  "secret",
		"dist/plugin/ui/.hidden.js":            "secret",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startStage(t, rolePlugin, func(o *Options) { o.PackageDir = folder }, testTimings)
	s.until(t, "possible calls", isPossible)
	if text := get(t, s, ScriptPath); text != "start();\n\n" {
		t.Errorf("the script is %q, expected one that is no module", text)
	}
	get(t, s, "/goop-call/ui/link/page-link.js")
	get(t, s, "/goop-call/http/page-messages.js")
	for _, path := range []string{"http/loopback.js", "main.js", "ui/.hidden.js", "ui/../main.js", "ui/%2e%2e/main.js", "ui//main.js", "ui/no.js"} {
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/goop-call/"+path, nil))
		if recorder.Code != http.StatusNotFound {
			t.Errorf("%s is answered by %d", path, recorder.Code)
		}
	}
}

func TestSettingsOfTheFileReachThePluginAndThoseOfPagesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "goop.json")
	writeFile(t, path, `{"profile":{"label":"Alice"},"viewer":{"preferred_cam":"Integrated Camera","http_addr":"x"},"plugins":{"call":{"speaker":"none"},"other":1}}`)
	s := startStage(t, rolePlugin, func(o *Options) { o.ConfigFile = path }, testTimings)
	s.until(t, "possible calls", isPossible)
	initialized, _ := json.Marshal(s.network.reported("initialize"))
	if !strings.Contains(string(initialized), `"camera":"Integrated Camera","speaker":"none"`) {
		t.Errorf("the plugin got %s", initialized)
	}
	// The label is resolved when the plugin has listed its devices.
	resolved, _ := json.Marshal(s.network.reported("settings.update"))
	if !strings.Contains(string(resolved), `"camera":"/dev/video0"`) {
		t.Errorf("the plugin got %s", resolved)
	}
	writeFile(t, path, `{"profile":{"label":"Alice"},"viewer":{"video_disabled":true},"plugins":{"other":1}}`)
	state := s.until(t, "switched off", func(state State) bool { return !state.Possible })
	if state.Reason != "You switched calls off." || !state.Running {
		t.Errorf("the state is %+v", state)
	}
	if err := s.ChangeSettings(map[string]any{"video_disabled": false, "echo_cancellation": false}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "possible calls", isPossible)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, text)
	expected := `{"profile":{"label":"Alice"},"viewer":{"video_disabled":false},"plugins":{"other":1,"call":{"echo_cancellation":false}}}`
	if compact.String() != expected {
		t.Errorf("the file is %s, expected %s", compact.String(), expected)
	}
	if err := s.ChangeSettings(map[string]any{"enabled": false}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "switched off", func(state State) bool { return !state.Running && strings.Contains(state.Reason, "switched off") })
	if err := s.ChangeSettings(map[string]any{"enabled": true}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "possible calls", isPossible)
}

func TestARefusedSettingIsNamedAndNotStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "goop.json")
	s := startStage(t, roleDisabled, func(o *Options) { o.ConfigFile = path }, testTimings)
	s.until(t, "possible calls", isPossible)
	err := s.ChangeSettings(map[string]any{"preferred_cam": "x"})
	if err == nil || err.Error() != `not changed: preferred_cam is "x", expected a camera` {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was written")
	}
}

func TestPeersReachThePlugin(t *testing.T) {
	peers := []Peer{}
	changed := make(chan []Peer, 1)
	s := startStage(t, rolePlugin, func(o *Options) {
		o.Peers = func() []Peer {
			select {
			case peers = <-changed:
				changed <- peers
			default:
			}
			return append([]Peer{{ID: "not an id"}}, peers...)
		}
	}, timings{pause: time.Second, watch: time.Hour, grace: time.Second, initialize: time.Minute, leave: testTimings.leave, hangup: time.Second})
	s.until(t, "possible calls", isPossible)
	s.network.reported("contacts.set")
	changed <- []Peer{{ID: peerA, Label: "Bob", Reachable: true}}
	s.PeersChanged()
	raw, _ := json.Marshal(s.network.reported("contacts.set"))
	expected := `{"contacts":[{"addresses":[],"label":"Bob","peerId":"` + peerA + `","reachable":true,"videoDisabled":false}]}`
	if string(raw) != expected {
		t.Errorf("the plugin got %s, expected %s", raw, expected)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
