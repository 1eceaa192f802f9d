// Package rpc speaks JSON-RPC 2.0 over a pair of pipes, one message a line.
package rpc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// MaxLine is the contract's limit for one line, in bytes.
const MaxLine = 16 << 20

// maxUnwritten limits what waits for a peer that does not read, in bytes.
const maxUnwritten = 64 << 20

// ErrClosed answers every request whose connection has ended.
var ErrClosed = errors.New("the connection to the plugin has ended")

// framePrefix begins every line with a frame. The contract fixes it, so that nobody has to parse frames.
var framePrefix = []byte(`{"jsonrpc":"2.0","method":"frame","params":{"stream":"`)

// Error is the error of an answer.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Handler receives what the plugin sends. All its functions run in the goroutine that reads, in the order of the lines, and
// must not block.
type Handler struct {
	// Request must lead to one call of Reply or Fail.
	Request      func(id json.RawMessage, method string, params json.RawMessage)
	Notification func(method string, params json.RawMessage)
	// Frame gets the whole line of a frame, without its end. The line belongs to the receiver.
	Frame func(stream string, line []byte)
	// Fault gets a sentence about a line that was skipped.
	Fault func(why string)
}

// Answer runs in the goroutine that reads, so that no later line is handled before it. It must not block. Without a connection
// it runs in another goroutine, never before Go has returned.
type Answer func(result json.RawMessage, err error)

// Conn is one connection. Create it with New.
type Conn struct {
	handler      Handler
	output       io.WriteCloser
	maxUnwritten int
	done         chan struct{}

	mutex     sync.Mutex
	lastID    int64
	pending   map[int64]Answer
	unwritten [][]byte
	size      int
	wake      chan struct{}
	isClosed  bool
	isEnding  bool
}

// New starts to write. Serve starts to read.
func New(output io.WriteCloser, handler Handler) *Conn {
	c := &Conn{
		handler:      handler,
		output:       output,
		maxUnwritten: maxUnwritten,
		done:         make(chan struct{}),
		pending:      map[int64]Answer{},
		wake:         make(chan struct{}, 1),
	}
	go c.write()
	return c
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Serve reads until the input ends, and then closes the connection.
func (c *Conn) Serve(input io.Reader) {
	defer c.Close()
	reader := bufio.NewReaderSize(input, 64<<10)
	for {
		line, isTooLong, err := readLine(reader)
		if isTooLong {
			c.handler.Fault(fmt.Sprintf("a line of more than %d bytes was skipped", MaxLine))
		} else if len(line) > 0 {
			c.receive(line)
		}
		if err != nil {
			return
		}
	}
}

// Close ends the connection and the plugin's input, and answers all open requests with ErrClosed. It is idempotent.
func (c *Conn) Close() {
	c.mutex.Lock()
	if c.isClosed {
		c.mutex.Unlock()
		return
	}
	c.isClosed = true
	pending := c.pending
	c.pending = map[int64]Answer{}
	c.unwritten = nil
	close(c.done)
	c.mutex.Unlock()
	_ = c.output.Close() // It may have ended with its process.
	go func() {
		for _, answer := range pending {
			answer(nil, ErrClosed)
		}
	}()
}

// CloseInput ends the plugin's input when everything is written. Requests can still be answered.
func (c *Conn) CloseInput() {
	c.mutex.Lock()
	c.isEnding = true
	c.mutex.Unlock()
	c.wakeWriter()
}

// Go sends a request. The answer's error is *Error when the plugin refused it, and ErrClosed when no answer came.
func (c *Conn) Go(method string, params any, answer Answer) {
	c.mutex.Lock()
	if c.isClosed {
		c.mutex.Unlock()
		go answer(nil, ErrClosed)
		return
	}
	c.lastID++
	id := c.lastID
	c.pending[id] = answer
	c.mutex.Unlock()
	if err := c.send(map[string]any{"id": id, "method": method, "params": params}); err != nil {
		c.mutex.Lock()
		_, isOpen := c.pending[id]
		delete(c.pending, id)
		c.mutex.Unlock()
		if isOpen {
			go answer(nil, err)
		}
	}
}

// Call sends a request and waits. It stores the result in result, unless that is nil.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	answered := make(chan error, 1)
	c.Go(method, params, func(raw json.RawMessage, err error) {
		if err == nil && result != nil {
			err = json.Unmarshal(raw, result)
		}
		answered <- err
	})
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer to %s: %w", method, ctx.Err())
	}
}

// Notify sends a notification. Nobody hears it when the connection has ended.
func (c *Conn) Notify(method string, params any) {
	_ = c.send(map[string]any{"method": method, "params": params})
}

// Reply answers a request of the plugin.
func (c *Conn) Reply(id json.RawMessage, result any) {
	_ = c.send(map[string]any{"id": id, "result": result})
}

// Fail answers a request of the plugin with an error. Name is the contract's name of the error.
func (c *Conn) Fail(id json.RawMessage, code int, name, message string) {
	data := map[string]string{"name": name}
	_ = c.send(map[string]any{"id": id, "error": map[string]any{"code": code, "message": message, "data": data}})
}

// send queues a message. A plugin that stops reading loses its connection.
func (c *Conn) send(message map[string]any) error {
	message["jsonrpc"] = "2.0"
	line, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("the message cannot be written as JSON: %w", err)
	}
	if len(line) > MaxLine {
		return fmt.Errorf("the message has %d bytes, expected %d at most", len(line), MaxLine)
	}
	c.mutex.Lock()
	if c.isClosed {
		c.mutex.Unlock()
		return ErrClosed
	}
	c.unwritten = append(c.unwritten, append(line, '\n'))
	c.size += len(line)
	isFull := c.size > c.maxUnwritten
	c.mutex.Unlock()
	if isFull {
		c.handler.Fault("the plugin does not read its input")
		go c.Close()
		return ErrClosed
	}
	c.wakeWriter()
	return nil
}

func (c *Conn) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Conn) write() {
	for {
		select {
		case <-c.done:
			return
		case <-c.wake:
		}
		for line, isLast := c.next(); line != nil || isLast; line, isLast = c.next() {
			if isLast {
				_ = c.output.Close()
				return
			}
			if _, err := c.output.Write(line); err != nil {
				return // The reader sees the end of the process.
			}
		}
	}
}

// next takes the oldest unwritten line. It returns true when there is none and the input shall end.
func (c *Conn) next() ([]byte, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.unwritten) == 0 {
		return nil, c.isEnding
	}
	line := c.unwritten[0]
	c.unwritten = c.unwritten[1:]
	c.size -= len(line) - 1
	return line, false
}

func (c *Conn) receive(line []byte) {
	if stream, isFrame := frameStream(line); isFrame {
		c.handler.Frame(stream, line)
		return
	}
	var message struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
		Result json.RawMessage `json:"result"`
		Error  *Error          `json:"error"`
	}
	if err := json.Unmarshal(line, &message); err != nil {
		// A native library may print to stdout.
		c.handler.Fault(fmt.Sprintf("a line that is no message was skipped: %.200q", line))
		return
	}
	hasID := len(message.ID) > 0 && !bytes.Equal(message.ID, []byte("null"))
	switch {
	case message.Method != "" && hasID:
		c.handler.Request(message.ID, message.Method, message.Params)
	case message.Method != "":
		c.handler.Notification(message.Method, message.Params)
	case hasID:
		c.settle(message.ID, message.Result, message.Error)
	}
}

func (c *Conn) settle(rawID, result json.RawMessage, failure *Error) {
	id, err := strconv.ParseInt(string(rawID), 10, 64)
	if err != nil {
		return
	}
	c.mutex.Lock()
	answer := c.pending[id]
	delete(c.pending, id)
	c.mutex.Unlock()
	if answer == nil {
		return // An answer to no request, or to one that was given up.
	}
	if failure != nil {
		answer(nil, failure)
		return
	}
	answer(result, nil)
}

// readLine returns the next line without its end. The line is a copy. A line above the limit is skipped.
func readLine(reader *bufio.Reader) (line []byte, isTooLong bool, err error) {
	for {
		part, err := reader.ReadSlice('\n')
		if !isTooLong {
			line = append(line, part...)
		}
		if len(line) > MaxLine+1 {
			isTooLong, line = true, nil
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimRight(line, "\r\n"), isTooLong, err
		}
	}
}

// frameStream returns the stream's id of a frame's line, without parsing the rest.
func frameStream(line []byte) (string, bool) {
	if !bytes.HasPrefix(line, framePrefix) {
		return "", false
	}
	rest := line[len(framePrefix):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 || end > 64 {
		return "", false
	}
	return string(rest[:end]), true
}
