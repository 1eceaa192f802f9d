package goopcall

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is the plugin's command in PATH after an installation with npm.
const program = "goop-call-plugin"

// main is the plugin's program within its package.
var mainFile = filepath.Join("dist", "plugin", "main.js")

// startCommand tells how the plugin is started. The path of plugins.call names the package's folder, its main.js, or a program.
func startCommand(options Options, path string) ([]string, error) {
	if len(options.Command) > 0 {
		found, err := lookUp(options.Command[0])
		if err != nil {
			return nil, err
		}
		return append([]string{found}, options.Command[1:]...), nil
	}
	if path == "" {
		found, err := exec.LookPath(program)
		if err != nil {
			return nil, fmt.Errorf("%s is not installed: no such program in PATH, and plugins.call.path is not set", program)
		}
		return []string{found}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("plugins.call.path is %q, expected the plugin's folder or program: %w", path, unwrapPath(err))
	}
	if info.IsDir() {
		path = filepath.Join(path, mainFile)
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("plugins.call.path names a folder without %s", mainFile)
		}
	}
	if strings.HasSuffix(path, ".js") {
		node, err := exec.LookPath("node")
		if err != nil {
			return nil, errors.New("node is not in PATH; the call plugin needs Node 22.18 or newer")
		}
		return []string{node, path}, nil
	}
	found, err := lookUp(path)
	if err != nil {
		return nil, err
	}
	return []string{found}, nil
}

func lookUp(name string) (string, error) {
	found, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the plugin's program %q cannot be started: %w", name, unwrapPath(err))
	}
	return found, nil
}

// unwrapPath leaves out the path, which the message has already.
func unwrapPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var execution *exec.Error
	if errors.As(err, &execution) {
		return unwrapPath(execution.Err)
	}
	return err
}

// packageDirOf finds the package's folder by its main.js, which is the command or one of its arguments. It returns an empty text
// when the program is something else.
func packageDirOf(options Options, command []string) string {
	if options.PackageDir != "" {
		return options.PackageDir
	}
	for _, one := range command {
		path, err := filepath.EvalSymlinks(one)
		if err != nil {
			continue
		}
		if strings.HasSuffix(path, string(filepath.Separator)+mainFile) {
			return strings.TrimSuffix(path, string(filepath.Separator)+mainFile)
		}
		// A package of the system has a script in bin, and its files in lib.
		beside := filepath.Join(filepath.Dir(filepath.Dir(path)), "lib", program)
		if _, err := os.Stat(filepath.Join(beside, mainFile)); err == nil {
			return beside
		}
	}
	return ""
}
