// Package launch finds the plugin's program, and the folder of its package.
package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// program is the plugin's command in PATH.
	program = "goop-call-plugin"
	// manifest is where packages of the system leave the plugin's manifest, below each folder of shared data.
	manifest = "goop2/plugins/goop-call-plugin.json"
)

var (
	// mainFile is the plugin's program within its package. It needs a current Node.
	mainFile = filepath.Join("dist", "plugin", "main.js")
	// startScript is in a package that brings its own Node.
	startScript = filepath.Join("bin", program)
)

// Command tells how the plugin is started. Given is a whole command, or empty. Path is plugins.call.path: the folder of the
// plugin's package, its main.js, its manifest, or a program. Without both, the program is looked up in PATH, and then its manifest
// in the folders of shared data.
func Command(given []string, path string) ([]string, error) {
	if len(given) > 0 {
		return lookUp(given[0], given[1:]...)
	}
	if path == "" {
		return installed()
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("plugins.call.path is %q, expected the plugin's folder or program: %w", path, Cause(err))
	}
	if info.IsDir() {
		return ofFolder(path)
	}
	switch filepath.Ext(path) {
	case ".json":
		return ofManifest(path)
	case ".js":
		return withNode(path)
	}
	return lookUp(path)
}

func installed() ([]string, error) {
	if found, err := exec.LookPath(program); err == nil {
		return []string{found}, nil
	}
	for _, folder := range dataFolders() {
		path := filepath.Join(folder, manifest)
		if _, err := os.Stat(path); err == nil {
			return ofManifest(path)
		}
	}
	return nil, fmt.Errorf("%s is not installed: no such program in PATH, and plugins.call.path is not set", program)
}

// dataFolders are those of the XDG base directory specification.
func dataFolders() []string {
	home := os.Getenv("XDG_DATA_HOME")
	if user, err := os.UserHomeDir(); home == "" && err == nil {
		home = filepath.Join(user, ".local", "share")
	}
	shared := os.Getenv("XDG_DATA_DIRS")
	if shared == "" {
		shared = "/usr/local/share:/usr/share"
	}
	var folders []string
	for _, one := range append([]string{home}, filepath.SplitList(shared)...) {
		// The specification ignores relative paths.
		if filepath.IsAbs(one) {
			folders = append(folders, one)
		}
	}
	return folders
}

func ofFolder(folder string) ([]string, error) {
	if script := filepath.Join(folder, startScript); isFile(script) {
		return lookUp(script)
	}
	path := filepath.Join(folder, mainFile)
	if !isFile(path) {
		return nil, fmt.Errorf("plugins.call.path is %q, expected a folder with %s or %s", folder, startScript, mainFile)
	}
	return withNode(path)
}

// ofManifest reads the start command, whose relative paths start at the file.
func ofManifest(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var content struct {
		Start struct {
			Program string
			Args    []string
		}
	}
	if err := json.Unmarshal(text, &content); err != nil || content.Start.Program == "" {
		return nil, fmt.Errorf("%s is not a plugin's manifest: expected JSON with start.program", path)
	}
	// The manifest of a package of the system may be a symbolic link.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	args := []string{}
	for _, one := range content.Start.Args {
		if strings.HasPrefix(one, "./") || strings.HasPrefix(one, "../") {
			one = filepath.Join(filepath.Dir(path), one)
		}
		args = append(args, one)
	}
	return lookUp(content.Start.Program, args...)
}

func withNode(path string) ([]string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is not in PATH; the call plugin needs Node 22.18 or newer")
	}
	return []string{node, path}, nil
}

func lookUp(name string, args ...string) ([]string, error) {
	found, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("the plugin's program %q cannot be started: %w", name, Cause(err))
	}
	return append([]string{found}, args...), nil
}

// Cause leaves out the path of an error, which the message has already.
func Cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var execution *exec.Error
	if errors.As(err, &execution) {
		return Cause(execution.Err)
	}
	return err
}

// PackageDir finds the folder of the plugin's package by a part of its command: its main.js, or its start script. It returns an
// empty text when the command is something else.
func PackageDir(command []string) string {
	for _, one := range command {
		path, err := filepath.EvalSymlinks(one)
		if err != nil {
			continue
		}
		if strings.HasSuffix(path, string(filepath.Separator)+mainFile) {
			return strings.TrimSuffix(path, string(filepath.Separator)+mainFile)
		}
		if folder := filepath.Dir(filepath.Dir(path)); isFile(filepath.Join(folder, mainFile)) {
			return folder
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
