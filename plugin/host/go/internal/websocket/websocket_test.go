package websocket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const testKey = "dGhlIHNhbXBsZSBub25jZQ=="

// start serves one connection, and returns the server's end and the client's.
func start(t *testing.T) (*Conn, net.Conn, *bufio.Reader) {
	t.Helper()
	accepted := make(chan *Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := Accept(w, r, "test.v1", Limits{MaxMessage: 1000, MaxQueue: 1 << 20}); err == nil {
			accepted <- conn
		}
	}))
	t.Cleanup(server.Close)
	client, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	_ = client.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+testKey+"\r\nSec-WebSocket-Protocol: other, test.v1\r\n\r\n")
	reader := bufio.NewReader(client)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The example of RFC 6455, section 1.3.
	if accept := answer.Header.Get("Sec-WebSocket-Accept"); accept != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("the accept is %q", accept)
	}
	conn := <-accepted
	t.Cleanup(conn.Close)
	return conn, client, reader
}

// masked is a client's frame.
func masked(first byte, payload []byte) []byte {
	frame := []byte{first}
	switch {
	case len(payload) < 126:
		frame = append(frame, 0x80|byte(len(payload)))
	case len(payload) < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(payload)))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0x80|127), uint64(len(payload)))
	}
	mask := []byte{1, 2, 3, 4}
	frame = append(frame, mask...)
	for at, one := range payload {
		frame = append(frame, one^mask[at%4])
	}
	return frame
}

// readFrame reads an unmasked frame of the server.
func readServerFrame(t *testing.T, reader *bufio.Reader) (byte, []byte) {
	t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		t.Fatal(err)
	}
	length := uint64(head[1])
	if length >= 126 {
		size := 2
		if length == 127 {
			size = 8
		}
		var more [8]byte
		_, _ = io.ReadFull(reader, more[8-size:])
		length = binary.BigEndian.Uint64(more[:])
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(reader, payload); err != nil {
		t.Fatal(err)
	}
	return head[0], payload
}

func TestMessagesOfEverySizeArriveWhole(t *testing.T) {
	conn, client, reader := start(t)
	for _, size := range []int{0, 1, 125, 126, 127, 1000} {
		sent := bytes.Repeat([]byte("x"), size)
		_, _ = client.Write(masked(0x81, sent))
		got, err := conn.Read()
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes arrived as %d, %v", size, len(got), err)
		}
	}
	for _, size := range []int{0, 125, 126, 65535, 65536, 200000} {
		sent := bytes.Repeat([]byte("y"), size)
		if err := conn.Send(sent); err != nil {
			t.Fatal(err)
		}
		if first, got := readServerFrame(t, reader); first != 0x81 || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes arrived as %d in a frame of kind %x", size, len(got), first)
		}
	}
}

func TestFragmentsAreJoinedAlsoAroundAPing(t *testing.T) {
	conn, client, reader := start(t)
	for _, frame := range [][]byte{masked(0x01, []byte("a")), masked(0x89, []byte("?")), masked(0x00, []byte("b")), masked(0x80, []byte("c"))} {
		_, _ = client.Write(frame)
	}
	got, err := conn.Read()
	if err != nil || string(got) != "abc" {
		t.Fatalf("read %q, %v", got, err)
	}
	if first, payload := readServerFrame(t, reader); first != 0x8A || string(payload) != "?" {
		t.Errorf("the ping is answered by %x %q", first, payload)
	}
}

func TestWhatTheProtocolForbidsEndsTheConnectionWithItsStatus(t *testing.T) {
	for _, one := range []struct {
		what   string
		frame  []byte
		status uint16
	}{
		{"no mask", []byte{0x81, 0x01, 'a'}, statusProtocol},
		{"an extension", masked(0xC1, []byte("a")), statusProtocol},
		{"a continuation of nothing", masked(0x80, []byte("a")), statusProtocol},
		{"a second beginning", append(masked(0x01, []byte("a")), masked(0x81, []byte("b"))...), statusProtocol},
		{"a ping in parts", masked(0x09, nil), statusProtocol},
		{"a ping that is too long", masked(0x89, make([]byte, 126)), statusProtocol},
		{"a binary message", masked(0x82, []byte("a")), statusKind},
		{"an unknown kind", masked(0x83, []byte("a")), statusKind},
		{"a text that is not UTF-8", masked(0x81, []byte{0xFF}), statusText},
		{"a message that is too long", masked(0x81, make([]byte, 1001)), statusTooBig},
		{"parts that are too long", append(masked(0x01, make([]byte, 600)), masked(0x80, make([]byte, 600))...), statusTooBig},
		{"a length beyond all bounds", []byte{0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, statusTooBig},
	} {
		conn, client, reader := start(t)
		_, _ = client.Write(one.frame)
		if _, err := conn.Read(); err == nil || err == io.EOF {
			t.Errorf("%s: the error is %v", one.what, err)
		}
		first, payload := readServerFrame(t, reader)
		if first != 0x88 || len(payload) != 2 || binary.BigEndian.Uint16(payload) != one.status {
			t.Errorf("%s is answered by %x %v, expected status %d", one.what, first, payload, one.status)
		}
		<-conn.Done()
	}
}

func TestACloseIsAnsweredAndEndsTheConnection(t *testing.T) {
	conn, client, reader := start(t)
	_, _ = client.Write(masked(0x88, []byte{0x03, 0xE8}))
	if _, err := conn.Read(); err != io.EOF {
		t.Errorf("the error is %v", err)
	}
	if first, payload := readServerFrame(t, reader); first != 0x88 || !bytes.Equal(payload, []byte{0x03, 0xE8}) {
		t.Errorf("the close is answered by %x %v", first, payload)
	}
	<-conn.Done()
}

func TestAPageThatReadsNothingLosesItsConnection(t *testing.T) {
	conn, _, _ := start(t)
	text := make([]byte, 300<<10)
	for round := 0; round < 1000; round++ {
		if err := conn.Send(text); err != nil {
			if err != ErrSlow {
				t.Errorf("the error is %v", err)
			}
			<-conn.Done()
			return
		}
	}
	t.Error("everything was queued")
}

func TestOtherRequestsAreRefused(t *testing.T) {
	for _, one := range []struct{ header, value, expected string }{
		{"Connection", "close", "expected a WebSocket's request"},
		{"Upgrade", "h2c", "expected a WebSocket's request"},
		{"Sec-WebSocket-Version", "8", "expected version 13"},
		{"Sec-WebSocket-Key", "short", "is not 16 bytes"},
		{"Sec-WebSocket-Protocol", "other", "expected the subprotocol test.v1"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": testKey,
			"Sec-WebSocket-Protocol": "test.v1",
		} {
			request.Header.Set(name, value)
		}
		request.Header.Set(one.header, one.value)
		recorder := httptest.NewRecorder()
		if _, err := Accept(recorder, request, "test.v1", Limits{1, 1}); err == nil || !strings.Contains(err.Error(), one.expected) {
			t.Errorf("%s: %s is answered by %v", one.header, one.value, err)
		}
		if recorder.Code != http.StatusBadRequest {
			t.Errorf("%s: %s is answered by %d", one.header, one.value, recorder.Code)
		}
	}
}
