package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layOut makes the files of an installation, and returns its folder.
func layOut(t *testing.T, files map[string]string) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func expectCommand(t *testing.T, path, folder, expected, packageDir string) {
	t.Helper()
	command, err := Command(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	if found := strings.ReplaceAll(strings.Join(command, " "), folder, "~"); found != expected {
		t.Errorf("%q starts %s, expected %s", path, found, expected)
	}
	if found := strings.ReplaceAll(PackageDir(command), folder, "~"); found != packageDir {
		t.Errorf("the package of %v is %q, expected %q", command, found, packageDir)
	}
}

func TestAPackageOfNpmStartsWithTheNodeOfThePath(t *testing.T) {
	folder := layOut(t, map[string]string{"bin/node": "", "package/dist/plugin/main.js": "", "package/rpc-schema/plugin-manifest.json": `{"start":{"program":"node","args":["../dist/plugin/main.js"]}}`})
	t.Setenv("PATH", filepath.Join(folder, "bin"))
	for _, path := range []string{"package", "package/dist/plugin/main.js", "package/rpc-schema/plugin-manifest.json"} {
		expectCommand(t, filepath.Join(folder, path), folder, "~/bin/node ~/package/dist/plugin/main.js", "~/package")
	}
	// npm links the command.
	if err := os.Symlink("../package/dist/plugin/main.js", filepath.Join(folder, "bin", program)); err != nil {
		t.Fatal(err)
	}
	expectCommand(t, "", folder, "~/bin/goop-call-plugin", "~/package")
}

func TestAPackageOfTheSystemBringsItsNode(t *testing.T) {
	folder := layOut(t, map[string]string{
		"bin/sh": "", "lib/goop-call-plugin/bin/goop-call-plugin": "", "lib/goop-call-plugin/dist/plugin/main.js": "",
		"share/" + manifest: `{"start":{"program":"sh","args":["../../../lib/goop-call-plugin/bin/goop-call-plugin"]}}`,
	})
	t.Setenv("PATH", filepath.Join(folder, "bin"))
	t.Setenv("XDG_DATA_HOME", "relative")
	t.Setenv("XDG_DATA_DIRS", filepath.Join(folder, "nothing")+":"+filepath.Join(folder, "share"))
	const home = "~/lib/goop-call-plugin"
	expectCommand(t, "", folder, "~/bin/sh "+home+"/bin/goop-call-plugin", home)
	expectCommand(t, filepath.Join(folder, "lib/goop-call-plugin"), folder, home+"/bin/goop-call-plugin", home)
	// The user of a tarball links its manifest.
	link := filepath.Join(folder, "linked.json")
	if err := os.Symlink(filepath.Join(folder, "share", manifest), link); err != nil {
		t.Fatal(err)
	}
	expectCommand(t, link, folder, "~/bin/sh "+home+"/bin/goop-call-plugin", home)
}

func TestWhatCannotBeStartedIsNamed(t *testing.T) {
	folder := layOut(t, map[string]string{"plain": "", "empty/x": "", "wrong.json": "[]", "main.js": ""})
	if err := os.Chmod(filepath.Join(folder, "plain"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	t.Setenv("XDG_DATA_HOME", folder)
	t.Setenv("XDG_DATA_DIRS", folder)
	for path, expected := range map[string]string{
		"":           "goop-call-plugin is not installed",
		"nothing":    "expected the plugin's folder or program: no such file or directory",
		"plain":      "cannot be started: permission denied",
		"empty":      "expected a folder with bin/goop-call-plugin or dist/plugin/main.js",
		"wrong.json": "is not a plugin's manifest",
		"main.js":    "node is not in PATH",
	} {
		if path != "" {
			path = filepath.Join(folder, path)
		}
		if command, err := Command(nil, path); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%q: %v, %v, expected %q", path, command, err, expected)
		}
	}
}
