package goopcall

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ScriptPath is the script that a page of Goop² loads before its own ones. It replaces Goop.call: calls are then made by the
// plugin, and frames appear on canvases in the page's own overlay.
//
//	<script src="/goop-call/ui/goop/bridged-start.js"></script>
const ScriptPath = PagePrefix + "ui/goop/bridged-start.js"

const linkName = "link"

// pageFile is what may be served: the compiled scripts and styles for pages. A part of a path never begins with a dot.
var pageFile = regexp.MustCompile(`^(ui/([a-z0-9][a-z0-9-]*/)*[a-z0-9][a-z0-9-]*\.(js|css)|http/page-messages\.js)$`)

// The compiler marks every script as a module, also one that imports nothing. ScriptPath is no module, because it must run before
// the page's other scripts.
var moduleMark = regexp.MustCompile(`(?m)^export \{\};$`)

// answerPage serves the link and the page's files.
func (a *Adapter) answerPage(w http.ResponseWriter, r *http.Request, name string) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &httpError{http.StatusMethodNotAllowed, "method not allowed"}
	}
	if name == linkName {
		// A WebSocket is not bound by the browser's rules for foreign pages, so its Origin must be there.
		if r.Header.Get("Origin") == "" {
			return &httpError{http.StatusForbidden, "only a page may open the link"}
		}
		a.pages.serve(w, r)
		return nil
	}
	folder := a.pages.folder()
	if !pageFile.MatchString(name) || folder == "" {
		return &httpError{http.StatusNotFound, "404 page not found"}
	}
	text, err := os.ReadFile(filepath.Join(folder, "dist", "plugin", filepath.FromSlash(name)))
	if err != nil {
		return &httpError{http.StatusNotFound, "404 page not found"}
	}
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	if strings.HasSuffix(name, ".css") {
		header.Set("Content-Type", "text/css; charset=utf-8")
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	if PagePrefix+name == ScriptPath {
		text = moduleMark.ReplaceAll(text, nil)
	}
	if r.Method == http.MethodGet {
		_, _ = bytes.NewReader(text).WriteTo(w) // The page may have left.
	}
	return nil
}
