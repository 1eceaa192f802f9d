package goopcall

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/streams"
)

const (
	mjpegBoundary = "goop-call-frame"
	// A page that reads nothing for so long has gone.
	mjpegWriteTime = 10 * time.Second
)

func (a *Adapter) answerVideo(r *request) (any, error) {
	return nil, a.sendMJPEG(r, contract.SideRemote)
}

func (a *Adapter) answerSelfVideo(r *request) (any, error) {
	return nil, a.sendMJPEG(r, contract.SideLocal)
}

// sendMJPEG sends frames for an <img> until the page leaves, the call ends, or the plugin dies. One frame is in flight, and
// acknowledged when it is written, so that a slow page loses frames and never queues them.
func (a *Adapter) sendMJPEG(r *request, source contract.Side) error {
	if r.rest == "" {
		return &httpError{http.StatusBadRequest, "missing channel id"}
	}
	call, err := r.find(a.channels.callOf(r.rest))
	if err != nil {
		return err
	}
	frames := make(chan []byte, streams.MaxCredit)
	over := make(chan struct{})
	watcher := &streams.Viewer{
		Frame: func(_ string, line []byte) {
			select {
			case frames <- line:
			default: // The credit is one, so there is always room.
			}
		},
		Ended: func() { close(over) },
	}
	stream, err := r.subscribeFrames(call.CallID, source, watcher)
	if err != nil {
		return err
	}
	defer r.unsubscribe(stream)
	ended, forget := r.untilEnded(call.CallID)
	defer forget()
	header := r.w.Header()
	header.Set("Content-Type", "multipart/x-mixed-replace; boundary="+mjpegBoundary)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Connection", "close")
	r.w.WriteHeader(http.StatusOK)
	write := partWriter(r.w)
	// A browser shows a part when the next one begins, so each part is followed by the head of the next.
	if write([]byte(partHead)) != nil {
		return nil
	}
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-over:
			return nil
		case <-ended:
			return nil
		case line := <-frames:
			image, seq, err := decodeFrame(line)
			if err != nil {
				a.options.Log("warn", err.Error())
			} else if write(image, []byte("\r\n"+partHead)) != nil {
				return nil
			}
			r.conn.Notify(methodAcknowledge, contract.FramesAckParams{Stream: stream, Seq: seq})
		}
	}
}

const partHead = "--" + mjpegBoundary + "\r\nContent-Type: image/jpeg\r\n\r\n"

// partWriter writes and flushes, with a limit on the time where the server allows one.
func partWriter(w http.ResponseWriter) func(parts ...[]byte) error {
	flusher, canFlush := w.(http.Flusher)
	limited, hasLimit := w.(interface{ SetWriteDeadline(time.Time) error })
	return func(parts ...[]byte) error {
		if hasLimit {
			_ = limited.SetWriteDeadline(time.Now().Add(mjpegWriteTime)) // Not every server has one.
		}
		if _, err := w.Write(bytes.Join(parts, nil)); err != nil {
			return err
		}
		if canFlush {
			flusher.Flush()
		}
		return nil
	}
}

func (r *request) subscribeFrames(call string, source contract.Side, watcher *streams.Viewer) (string, error) {
	credit := int64(1)
	params := contract.FramesSubscribeParams{CallID: call, Source: source, Credit: &credit}
	type outcome struct {
		stream string
		err    error
	}
	answered := make(chan outcome, 1)
	r.streams.Claim()
	r.conn.Go(methodSubscribe, params, func(raw json.RawMessage, err error) {
		var result contract.FramesSubscribeResult
		if err == nil {
			err = json.Unmarshal(raw, &result)
		}
		r.streams.Settle(result.Stream, watcher, func() {})
		answered <- outcome{result.Stream, err}
	})
	one := <-answered // The plugin answers, or its connection ends.
	return one.stream, one.err
}

// decodeFrame returns the image of a frame's line.
func decodeFrame(line []byte) (image []byte, seq int64, err error) {
	var frame struct{ Params contract.FrameParams }
	if err := json.Unmarshal(line, &frame); err != nil {
		return nil, 0, fmt.Errorf("a frame was skipped: %w", err)
	}
	_, text, isData := strings.Cut(frame.Params.DataURL, ",")
	if !isData {
		return nil, frame.Params.Seq, fmt.Errorf("a frame was skipped: its data URL has no comma")
	}
	image, err = base64.StdEncoding.DecodeString(text)
	return image, frame.Params.Seq, err
}
