package rpc

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// LeaveTimes limit how long a plugin may take to leave before it is killed.
type LeaveTimes struct {
	// Shutdown is for the answer to shutdown, Exit from exit to the end of the process.
	Shutdown, Exit time.Duration
}

const (
	// The last lines can arrive after the exit. A child of the plugin may keep the pipe open for ever.
	drainTime = 200 * time.Millisecond
	// maxLogLine limits one line of the plugin's log, in bytes.
	maxLogLine = 64 << 10
)

// Process is one running plugin with its connection.
type Process struct {
	Conn   *Conn
	PID    int
	times  LeaveTimes
	exited chan struct{}
	// why is set before exited is closed.
	why string

	mutex    sync.Mutex
	lastLine string
	stopping sync.Once
}

// Start runs the command in a process group of its own, so that Ctrl-C in a terminal reaches only the host. Log gets every line
// that the plugin writes to its standard error.
func Start(command, environment []string, times LeaveTimes, handler Handler, log func(line string)) (*Process, error) {
	if len(command) == 0 {
		return nil, errors.New("the command of the plugin is empty")
	}
	input, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	output, theirs, err := os.Pipe()
	if err != nil {
		closeAll(input, ours)
		return nil, err
	}
	stderr, logPipe, err := os.Pipe()
	if err != nil {
		closeAll(input, ours, output, theirs)
		return nil, err
	}
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr, child.Env = input, theirs, logPipe, environment
	child.SysProcAttr = ownGroup()
	err = child.Start()
	closeAll(input, theirs, logPipe)
	if err != nil {
		closeAll(ours, output, stderr)
		return nil, err
	}
	p := &Process{PID: child.Process.Pid, times: times, exited: make(chan struct{}), Conn: New(ours, handler)}
	var readers sync.WaitGroup
	readers.Add(2)
	go func() {
		defer readers.Done()
		p.Conn.Serve(output)
		// Without its output the plugin is of no use.
		go p.endAfter(times.Exit)
	}()
	go func() {
		defer readers.Done()
		p.readLog(stderr, log)
	}()
	go p.wait(child, &readers, output, stderr)
	return p, nil
}

// Exited is closed when the process has ended and its output is read.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Why tells how the process ended. Call it after Exited.
func (p *Process) Why() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.why
}

// LastLine is the last line of the plugin's log, or empty.
func (p *Process) LastLine() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.lastLine
}

// Kill ends the process and its children at once.
func (p *Process) Kill() { killGroup(p.PID) }

// Stop ends the plugin in order: shutdown, exit, and SIGKILL when it does not leave. It returns when the process has ended.
func (p *Process) Stop() {
	p.stopping.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), p.times.Shutdown)
		defer cancel()
		_ = p.Conn.Call(ctx, "shutdown", struct{}{}, nil) // A plugin that does not answer is killed below.
		p.Conn.Notify("exit", struct{}{})
		p.Conn.CloseInput()
		p.endAfter(p.times.Exit)
	})
	<-p.exited
}

func (p *Process) endAfter(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
		p.Kill()
	}
}

func (p *Process) wait(child *exec.Cmd, readers *sync.WaitGroup, pipes ...*os.File) {
	err := child.Wait()
	p.mutex.Lock()
	p.why = "it left with exit status 0"
	if err != nil {
		p.why = "it ended: " + err.Error()
	}
	p.mutex.Unlock()
	killGroup(p.PID) // Children that the plugin left behind.
	// Closing is what ends the reader of a pipe that someone else holds open.
	timer := time.AfterFunc(drainTime, func() { closeAll(pipes...) })
	readers.Wait()
	timer.Stop()
	closeAll(pipes...)
	close(p.exited)
}

func (p *Process) readLog(stderr io.Reader, log func(line string)) {
	reader := bufio.NewReaderSize(stderr, maxLogLine)
	for {
		part, isPrefix, err := reader.ReadLine()
		if err != nil {
			return
		}
		line := string(part)
		for isPrefix && err == nil {
			_, isPrefix, err = reader.ReadLine() // The rest of a line above the limit is dropped.
		}
		p.mutex.Lock()
		p.lastLine = line
		p.mutex.Unlock()
		log(line)
	}
}

func closeAll(files ...*os.File) {
	for _, file := range files {
		_ = file.Close() // It may be closed already.
	}
}
