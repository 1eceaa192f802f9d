package goopcall

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// commandVariable holds the command of the real plugin, as a JSON list. Without it, the test is skipped.
const commandVariable = "GOOP_CALL_PLUGIN_COMMAND"

// switchboard connects the nodes of two hosts, in order on each topic.
type switchboard struct {
	mutex sync.Mutex
	nodes map[string]*node
}

type node struct {
	board   *switchboard
	id      string
	receive func(from, topic string, payload any)
}

func (n *node) Send(_ context.Context, peer, topic string, payload any) (string, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	var decoded any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		return "", err
	}
	n.board.mutex.Lock()
	defer n.board.mutex.Unlock()
	to := n.board.nodes[peer]
	if to == nil || to.receive == nil {
		return "", fmt.Errorf("no peer %s", peer)
	}
	to.receive(n.id, topic, decoded)
	return "", nil
}

func (n *node) SubscribeTopic(_ string, receive func(from, topic string, payload any)) (cancel func()) {
	n.board.mutex.Lock()
	defer n.board.mutex.Unlock()
	n.receive = receive
	return func() {}
}

func startReal(t *testing.T, board *switchboard, command []string, id, peer string) *stage {
	t.Helper()
	config := filepath.Join(t.TempDir(), "goop.json")
	writeFile(t, config, `{"viewer":{"preferred_cam":"test-pattern","preferred_mic":"tone"},"plugins":{"call":{"speaker":"none","ice_servers":[]}}}`)
	one := &node{board: board, id: id}
	board.mutex.Lock()
	board.nodes[id] = one
	board.mutex.Unlock()
	s := &stage{log: &logBook{}, states: make(chan State, 1024)}
	s.Adapter = start(context.Background(), Options{
		SelfID: id, Signals: one, Command: command, ConfigFile: config, DataDir: t.TempDir(), Log: s.log.add,
		Peers: func() []Peer { return []Peer{{ID: peer, Label: "friend", Reachable: true}} },
	}, defaultTimings)
	s.OnState(func(state State) { s.states <- state })
	t.Cleanup(s.Close)
	return s
}

func TestTwoHostsCallWithTheRealPluginWhichIsKilledInMidCall(t *testing.T) {
	var command []string
	if json.Unmarshal([]byte(os.Getenv(commandVariable)), &command) != nil {
		t.Skip("the variable " + commandVariable + " is not set")
	}
	const alice, bob = "12D3KooWHostAAAAabcdefgh", "12D3KooWHostBBBBabcdefgh"
	board := &switchboard{nodes: map[string]*node{}}
	caller, callee := startReal(t, board, command, alice, bob), startReal(t, board, command, bob, alice)
	caller.until(t, "possible calls", isPossible)
	callee.until(t, "possible calls", isPossible)
	server := serve(t, callee)
	page := openPage(t, server)
	page.read(`"state":"ready"`)
	if status, body := post(t, caller, "/api/call/start", `{"channel_id":"nc-1","remote_peer":"`+bob+`"}`); status != http.StatusOK {
		t.Fatalf("start is answered by %d %s", status, body)
	}
	incoming := page.read(`"method":"call.incoming"`)
	channel := regexp.MustCompile(`"callId":"([^"]+)"`).FindStringSubmatch(incoming)[1]
	if status, body := post(t, callee, "/api/call/accept", `{"channel_id":"`+channel+`","remote_peer":"`+alice+`"}`); status != http.StatusOK {
		t.Fatalf("accept is answered by %d %s", status, body)
	}
	page.read(`"phase":"connected"`)
	expectPicture(t, server.URL+"/api/call/video/"+channel)
	expectPicture(t, server.URL+"/api/call/selfvideo/"+channel)
	caller.waitForSnapshot(t)
	kill(t, float64(caller.pid(t)))
	page.read(`"phase":"reconnecting"`)
	page.read(`"phase":"connected"`)
	expectPicture(t, server.URL+"/api/call/video/"+channel)
	caller.waitForConnected(t)
	if status, body := post(t, caller, "/api/call/hangup", `{"channel_id":"nc-1"}`); status != http.StatusOK || body != `{"status":"hung_up"}` {
		t.Fatalf("hangup is answered by %d %s", status, body)
	}
	page.read(`"method":"call.ended"`)
}

// pid is in the line that the adapter logs when a plugin has started.
func (s *stage) pid(t *testing.T) int {
	t.Helper()
	s.log.mutex.Lock()
	defer s.log.mutex.Unlock()
	for at := len(s.log.lines) - 1; at >= 0; at-- {
		_, number, isThere := strings.Cut(s.log.lines[at], "runs as process ")
		if isThere {
			pid, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("no plugin has started")
	return 0
}

func (s *stage) waitForSnapshot(t *testing.T) {
	t.Helper()
	waitFor(t, "a snapshot of the call", func() bool {
		s.rescue.mutex.Lock()
		defer s.rescue.mutex.Unlock()
		return s.rescue.last != nil
	})
}

func (s *stage) waitForConnected(t *testing.T) {
	t.Helper()
	waitFor(t, "a connected call", func() bool {
		current := s.current()
		if current == nil {
			return false
		}
		return strings.Contains(get(t, s, "/api/call/active"), `"pc_state":"connected"`)
	})
}

func waitFor(t *testing.T, what string, isThere func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if isThere() {
			return
		}
	}
	t.Fatalf("%s has not come", what)
}

// expectPicture reads a JPEG of the stream.
func expectPicture(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s is answered by %s", url, answer.Status)
	}
	reader := bufio.NewReader(answer.Body)
	head := make([]byte, len(partHead)+3)
	for at := range head {
		if head[at], err = reader.ReadByte(); err != nil {
			t.Fatalf("no picture of %s: %v", url, err)
		}
	}
	if !bytes.HasSuffix(head, []byte("\xff\xd8\xff")) {
		t.Fatalf("%s begins with %q, expected a JPEG", url, head)
	}
}
