package rpc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// plugin is the other end of a connection.
type plugin struct {
	conn   *Conn
	input  *bufio.Reader
	output io.WriteCloser
	events chan string
}

func connect(t *testing.T) *plugin {
	t.Helper()
	fromHost, hostOut := io.Pipe()
	hostIn, toHost := io.Pipe()
	p := &plugin{input: bufio.NewReader(fromHost), output: toHost, events: make(chan string, 100)}
	p.conn = New(hostOut, Handler{
		Request: func(id json.RawMessage, method string, _ json.RawMessage) {
			p.events <- fmt.Sprintf("request %s %s", id, method)
		},
		Notification: func(method string, params json.RawMessage) {
			p.events <- fmt.Sprintf("notification %s %s", method, params)
		},
		Frame: func(stream string, line []byte) { p.events <- fmt.Sprintf("frame %s %d", stream, len(line)) },
		Fault: func(why string) { p.events <- "fault " + why },
	})
	go p.conn.Serve(hostIn)
	t.Cleanup(p.conn.Close)
	return p
}

func (p *plugin) expect(t *testing.T, expected string) {
	t.Helper()
	select {
	case event := <-p.events:
		if !strings.HasPrefix(event, expected) {
			t.Fatalf("got %.200q, expected %q", event, expected)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("nothing came, expected %q", expected)
	}
}

func TestMessagesAreToldApartAndNoiseIsSkipped(t *testing.T) {
	p := connect(t)
	lines := []struct{ sent, expected string }{
		{`{"jsonrpc":"2.0","method":"a","params":{"b":1}}`, `notification a {"b":1}`},
		{`{"jsonrpc":"2.0","id":"x","method":"c"}`, `request "x" c`},
		{`{"jsonrpc":"2.0","method":"frame","params":{"stream":"s1","seq":1}}`, "frame s1 67"},
		{`ALSA lib pcm.c: Unknown PCM`, "fault a line that is no message was skipped"},
		{`{"id":4711,"result":null}` + "\n" + `{"id":null,"error":{"code":-32700}}` + "\n\n" + `{"method":"d"}`, "notification d"},
	}
	for _, one := range lines {
		_, _ = io.WriteString(p.output, one.sent+"\n")
		p.expect(t, one.expected)
	}
}

func TestALineOfTheContractsLengthPassesAndALongerOneIsSkipped(t *testing.T) {
	p := connect(t)
	frame := `{"jsonrpc":"2.0","method":"frame","params":{"stream":"s1","seq":1,"dataUrl":"`
	for _, length := range []int{MaxLine, MaxLine + 1} {
		_, _ = io.WriteString(p.output, frame+strings.Repeat("A", length-len(frame)-3)+`"}}`+"\n")
	}
	_, _ = io.WriteString(p.output, `{"method":"after"}`+"\n")
	p.expect(t, fmt.Sprintf("frame s1 %d", MaxLine))
	p.expect(t, "fault a line of more than 16777216 bytes was skipped")
	p.expect(t, "notification after")
}

func TestAnswersFindTheirRequestsInAnyOrder(t *testing.T) {
	p := connect(t)
	results := make(chan string, 2)
	for _, method := range []string{"first", "second"} {
		method := method
		p.conn.Go(method, map[string]int{}, func(result json.RawMessage, err error) {
			results <- fmt.Sprintf("%s %s %v", method, result, err)
		})
	}
	for _, expected := range []string{`"method":"first"`, `"method":"second"`} {
		if line, _ := p.input.ReadString('\n'); !strings.Contains(line, expected) {
			t.Fatalf("wrote %s", line)
		}
	}
	_, _ = io.WriteString(p.output, `{"id":2,"error":{"code":1101,"message":"no such call","data":{"name":"unknownCall"}}}`+"\n")
	_, _ = io.WriteString(p.output, `{"id":1,"result":7}`+"\n"+`{"id":1,"result":8}`+"\n")
	if one := <-results; one != "second  no such call" {
		t.Errorf("got %q", one)
	}
	if one := <-results; one != "first 7 <nil>" {
		t.Errorf("got %q", one)
	}
}

func TestTheEndOfTheOutputAnswersEveryRequest(t *testing.T) {
	p := connect(t)
	answered := make(chan error, 1)
	go func() { answered <- p.conn.Call(context.Background(), "slow", nil, nil) }()
	_, _ = p.input.ReadString('\n')
	_ = p.output.Close()
	if err := <-answered; !errors.Is(err, ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	if err := p.conn.Call(context.Background(), "late", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	<-p.conn.Done()
}

func TestACallGivesUpWithItsContext(t *testing.T) {
	p := connect(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.conn.Call(ctx, "slow", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestAPluginThatDoesNotReadLosesItsConnection(t *testing.T) {
	p := connect(t)
	p.conn.maxUnwritten = 1 << 20
	text := strings.Repeat("x", 128<<10)
	for round := 0; round < 12; round++ {
		p.conn.Notify("big", map[string]string{"text": text})
	}
	p.expect(t, "fault the plugin does not read its input")
	<-p.conn.Done()
}

func TestEverythingIsWrittenBeforeTheInputEnds(t *testing.T) {
	p := connect(t)
	p.conn.Notify("exit", nil)
	p.conn.CloseInput()
	text, err := io.ReadAll(p.input)
	if err != nil || !strings.Contains(string(text), `"method":"exit"`) {
		t.Errorf("read %q, %v", text, err)
	}
}
