package goopcall

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Paths below which an Adapter answers.
const (
	// Prefix has the routes that Goop²'s pages know.
	Prefix = "/api/call/"
	// PagePrefix has the scripts of a page, and their link to the plugin.
	PagePrefix = "/goop-call/"
)

// The largest body is a settings change.
const maxBody = 64 << 10

// httpError becomes an answer with this status, and the message as plain text.
type httpError struct {
	status  int
	message string
}

func (e *httpError) Error() string { return e.message }

var errNoSession = &httpError{http.StatusNotFound, "session not found"}

// request is a request of a page to the running plugin.
type request struct {
	*http.Request
	w http.ResponseWriter
	// rest is the path after the route's name.
	rest string
	*session
}

// route answers with a value that becomes JSON, or with nothing when it has answered already.
type route struct {
	method string
	answer func(*Adapter, *request) (any, error)
	// isFree routes answer also while no plugin runs.
	isFree bool
}

var routes map[string]route

func init() {
	routes = map[string]route{
		"mode":         {http.MethodGet, (*Adapter).answerMode, true},
		"active":       {http.MethodGet, (*Adapter).answerActive, true},
		"debug":        {http.MethodGet, (*Adapter).answerDebug, true},
		"start":        {http.MethodPost, (*Adapter).answerStart, false},
		"accept":       {http.MethodPost, (*Adapter).answerAccept, false},
		"hangup":       {http.MethodPost, (*Adapter).answerHangup, false},
		"toggle-audio": {http.MethodPost, (*Adapter).answerToggleAudio, false},
		"toggle-video": {http.MethodPost, (*Adapter).answerToggleVideo, false},
		"video":        {http.MethodGet, (*Adapter).answerVideo, false},
		"selfvideo":    {http.MethodGet, (*Adapter).answerSelfVideo, false},
		"media":        {http.MethodGet, (*Adapter).refuseWebM, false},
		"self":         {http.MethodGet, (*Adapter).refuseWebM, false},
		"loopback":     {http.MethodPost, (*Adapter).answerLoopback, true},
		"settings":     {"", (*Adapter).answerSettings, true},
	}
}

// Register adds both paths to a server's routes.
func (a *Adapter) Register(mux *http.ServeMux) {
	mux.Handle(Prefix, a)
	mux.Handle(PagePrefix, a)
}

// ServeHTTP answers requests below Prefix and PagePrefix. Only pages of the same origin, under a name that always means this
// machine, are answered.
func (a *Adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := a.respond(w, r)
	if err != nil {
		status := http.StatusInternalServerError
		var failure *httpError
		if errors.As(err, &failure) {
			status = failure.status
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, err.Error(), status)
		return
	}
	if answer != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(answer) // The page may have left.
	}
}

func (a *Adapter) respond(w http.ResponseWriter, r *http.Request) (any, error) {
	if why := foreign(r); why != "" {
		return nil, &httpError{http.StatusForbidden, why}
	}
	if strings.HasPrefix(r.URL.Path, PagePrefix) {
		return nil, a.answerPage(w, r, strings.TrimPrefix(r.URL.Path, PagePrefix))
	}
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	name, rest, _ := strings.Cut(path, "/")
	found, isKnown := routes[name]
	if !isKnown || !strings.HasPrefix(r.URL.Path, Prefix) {
		return nil, &httpError{http.StatusNotFound, "404 page not found"}
	}
	if found.method != "" && r.Method != found.method {
		return nil, &httpError{http.StatusMethodNotAllowed, "method not allowed"}
	}
	current := a.current()
	if current == nil && !found.isFree {
		return nil, &httpError{http.StatusServiceUnavailable, a.State().Reason}
	}
	return found.answer(a, &request{Request: r, w: w, rest: strings.TrimSuffix(rest, "/"), session: current})
}

// foreign tells why a request does not come from the host's own pages. Another site can send requests to this machine, and can
// point its own name at it. An address cannot be pointed elsewhere.
func foreign(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "localhost" && net.ParseIP(strings.Trim(host, "[]")) == nil {
		return "this server answers only to an address or localhost"
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		if err != nil || from.Host != r.Host {
			return "only the host's own pages may send requests"
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return ""
	}
	return "only the host's own pages may send requests"
}
