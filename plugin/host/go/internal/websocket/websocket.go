// Package websocket serves the text messages of one page over a WebSocket (RFC 6455), without extensions.
package websocket

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// acceptGUID is the constant of RFC 6455, section 1.3.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// Status codes of RFC 6455, section 7.4.1.
const (
	statusGoingAway = 1001
	statusProtocol  = 1002
	statusKind      = 1003
	statusText      = 1007
	statusTooBig    = 1009
)

const (
	maxControl = 125
	// A page that reads nothing for so long has gone.
	writeTime = 10 * time.Second
	// A page answers pings, so that a connection without a page is noticed.
	pingTime = 20 * time.Second
	idleTime = 3 * pingTime
)

// ErrSlow is the end of a page that does not read what it is sent.
var ErrSlow = errors.New("the page does not read its messages")

// Conn is one connection to a page. Create it with Accept.
type Conn struct {
	network  net.Conn
	reader   *bufio.Reader
	maxRead  int
	maxQueue int

	mutex  sync.Mutex
	queue  []frame
	size   int
	wake   chan struct{}
	done   chan struct{}
	closed sync.Once
}

type frame struct {
	opcode byte
	data   []byte
}

// Limits bound a connection, in bytes.
type Limits struct {
	// MaxMessage is the longest message of the page.
	MaxMessage int
	// MaxQueue is what may wait for a page that does not read.
	MaxQueue int
}

// Accept answers the request of a page. The page must have offered the subprotocol. Accept has answered also when it returns an
// error.
func Accept(w http.ResponseWriter, r *http.Request, protocol string, limits Limits) (*Conn, error) {
	key, err := checkRequest(r, protocol)
	if err != nil {
		w.Header().Set("Sec-WebSocket-Version", "13")
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, err
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		err := errors.New("the server cannot hand over its connection")
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, err
	}
	network, buffered, err := hijacker.Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, err
	}
	sum := sha1.Sum([]byte(key + acceptGUID))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) +
		"\r\nSec-WebSocket-Protocol: " + protocol + "\r\n\r\n"
	_ = network.SetDeadline(time.Now().Add(writeTime))
	if _, err := io.WriteString(network, answer); err != nil {
		_ = network.Close()
		return nil, err
	}
	c := &Conn{
		network: network, reader: buffered.Reader, maxRead: limits.MaxMessage, maxQueue: limits.MaxQueue,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go c.write()
	return c, nil
}

func checkRequest(r *http.Request, protocol string) (string, error) {
	key := r.Header.Get("Sec-WebSocket-Key")
	switch {
	case r.Method != http.MethodGet:
		return "", errors.New("a WebSocket begins with GET")
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return "", errors.New("expected a WebSocket's request")
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return "", errors.New("expected version 13 of WebSocket")
	case !hasToken(r.Header, "Sec-WebSocket-Protocol", protocol):
		return "", fmt.Errorf("expected the subprotocol %s", protocol)
	}
	if raw, err := base64.StdEncoding.DecodeString(key); err != nil || len(raw) != 16 {
		return "", errors.New("Sec-WebSocket-Key is not 16 bytes in base64")
	}
	return key, nil
}

func hasToken(header http.Header, name, token string) bool {
	for _, value := range header.Values(name) {
		for _, one := range strings.Split(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Close ends the connection with the status "going away". It is idempotent and does not wait.
func (c *Conn) Close() { c.fail(statusGoingAway) }

// Send queues a text message. It returns ErrSlow, and ends the connection, when too much waits for the page.
func (c *Conn) Send(text []byte) error {
	c.mutex.Lock()
	isFull := c.size+len(text) > c.maxQueue && len(c.queue) > 0
	if !isFull {
		c.queue = append(c.queue, frame{opText, text})
		c.size += len(text)
	}
	c.mutex.Unlock()
	if isFull {
		c.end()
		return ErrSlow
	}
	c.signal()
	return nil
}

// Read returns the next message of the page, and an error when the connection has ended.
func (c *Conn) Read() ([]byte, error) {
	var message []byte
	isContinued := false
	for {
		one, isLast, err := c.readFrame(len(message))
		if err != nil {
			if _, isRefusal := err.(refusal); !isRefusal {
				c.end()
			}
			return nil, err
		}
		switch one.opcode {
		case opText, opContinuation:
			if (one.opcode == opContinuation) != isContinued {
				return nil, c.refuse(statusProtocol, "a fragment in the wrong place")
			}
			message = append(message, one.data...)
			isContinued = !isLast
			if isLast {
				if !utf8.Valid(message) {
					return nil, c.refuse(statusText, "a text that is not UTF-8")
				}
				return message, nil
			}
		case opPing:
			c.control(opPong, one.data)
		case opPong:
		case opClose:
			c.control(opClose, one.data)
			return nil, io.EOF
		default:
			return nil, c.refuse(statusKind, fmt.Sprintf("a frame of kind %d, expected text", one.opcode))
		}
	}
}

func (c *Conn) readFrame(before int) (frame, bool, error) {
	_ = c.network.SetReadDeadline(time.Now().Add(idleTime))
	var head [2]byte
	if _, err := io.ReadFull(c.reader, head[:]); err != nil {
		return frame{}, false, err
	}
	opcode, isLast := head[0]&0x0F, head[0]&0x80 != 0
	length := uint64(head[1] & 0x7F)
	isControl := opcode >= opClose
	switch {
	case head[0]&0x70 != 0:
		return frame{}, false, c.refuse(statusProtocol, "a frame with an extension")
	case head[1]&0x80 == 0:
		return frame{}, false, c.refuse(statusProtocol, "a frame without a mask")
	case isControl && (length > maxControl || !isLast):
		return frame{}, false, c.refuse(statusProtocol, "a control frame that is too long or in parts")
	}
	if length >= 126 {
		size := 2
		if length == 127 {
			size = 8
		}
		var extended [8]byte
		if _, err := io.ReadFull(c.reader, extended[8-size:]); err != nil {
			return frame{}, false, err
		}
		length = binary.BigEndian.Uint64(extended[:])
	}
	if length > uint64(c.maxRead) || (!isControl && before+int(length) > c.maxRead) {
		return frame{}, false, c.refuse(statusTooBig, fmt.Sprintf("a message of more than %d bytes", c.maxRead))
	}
	data := make([]byte, 4+length)
	if _, err := io.ReadFull(c.reader, data); err != nil {
		return frame{}, false, err
	}
	mask, payload := data[:4], data[4:]
	for at := range payload {
		payload[at] ^= mask[at%4]
	}
	return frame{opcode, payload}, isLast, nil
}

// refusal is what the page must not send. The writer tells the page before it ends the connection.
type refusal string

func (r refusal) Error() string { return "the page sent " + string(r) }

func (c *Conn) refuse(status uint16, what string) error {
	c.fail(status)
	return refusal(what)
}

func (c *Conn) fail(status uint16) {
	c.control(opClose, []byte{byte(status >> 8), byte(status)})
}

// control queues a control frame before everything else. The connection ends after a close frame.
func (c *Conn) control(opcode byte, data []byte) {
	c.mutex.Lock()
	// A page that sends pings and reads no answers shall not fill the queue. The newest ping is the one to answer.
	if len(c.queue) > 0 && c.queue[0].opcode == opcode {
		c.queue[0].data = data
	} else {
		c.queue = append([]frame{{opcode, data}}, c.queue...)
	}
	c.mutex.Unlock()
	c.signal()
}

func (c *Conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Conn) end() {
	c.closed.Do(func() {
		close(c.done)
		_ = c.network.Close()
	})
}

func (c *Conn) write() {
	defer c.end()
	pings := time.NewTicker(pingTime)
	defer pings.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-pings.C:
			c.control(opPing, nil)
		case <-c.wake:
		}
		for one, ok := c.next(); ok; one, ok = c.next() {
			_ = c.network.SetWriteDeadline(time.Now().Add(writeTime))
			if err := writeFrame(c.network, one); err != nil || one.opcode == opClose {
				return
			}
		}
	}
}

func (c *Conn) next() (frame, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.queue) == 0 {
		return frame{}, false
	}
	one := c.queue[0]
	c.queue[0] = frame{} // The text can be freed.
	c.queue = c.queue[1:]
	if one.opcode == opText {
		c.size -= len(one.data)
	}
	return one, true
}

// writeFrame sends one unmasked frame, as a server does.
func writeFrame(w io.Writer, one frame) error {
	head := []byte{0x80 | one.opcode}
	length := len(one.data)
	switch {
	case length < 126:
		head = append(head, byte(length))
	case length < 1<<16:
		head = append(head, 126, byte(length>>8), byte(length))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(length))
	}
	buffers := net.Buffers{head, one.data}
	_, err := buffers.WriteTo(w)
	return err
}
