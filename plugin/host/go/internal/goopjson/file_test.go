package goopjson

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "goop.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAWriteKeepsEverythingElse(t *testing.T) {
	path := write(t, "\xef\xbb\xbf"+`{"b":12345678901234567890,"viewer":{"z":1,"video_disabled":false,"a":[1.50]},"a":"é<&"}`, 0o640)
	values := []Value{{"viewer", "video_disabled", true}, {"plugins.call", "path", "/opt/call"}}
	if err := Write(path, values); err != nil {
		t.Fatal(err)
	}
	expected := `{
  "b": 12345678901234567890,
  "viewer": {
    "z": 1,
    "video_disabled": true,
    "a": [
      1.50
    ]
  },
  "a": "é<&",
  "plugins": {
    "call": {
      "path": "/opt/call"
    }
  }
}
`
	if text := read(t, path); text != expected {
		t.Errorf("the file is %s", text)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestASectionThatIsNoObjectIsReplacedAndAMissingFileIsCreatedPrivate(t *testing.T) {
	path := write(t, `{"plugins":7}`, 0o600)
	if err := Write(path, []Value{{"plugins.call", "enabled", false}}); err != nil {
		t.Fatal(err)
	}
	values, err := Read(path)
	if err != nil || string(values.Get("plugins.call", "enabled")) != "false" {
		t.Errorf("read %s, %v", values.Get("plugins.call", "enabled"), err)
	}
	missing := filepath.Join(t.TempDir(), "goop.json")
	if err := Write(missing, []Value{{"viewer", "video_disabled", true}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(missing); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

func TestAFileThatIsNoSettingsIsNamedAndLeftUnchanged(t *testing.T) {
	for _, text := range []string{"", "{", "[]", "7", `{"a":1} {"b":2}`, `{"a":1,}`, "\x00"} {
		path := write(t, text, 0o600)
		err := Write(path, []Value{{"viewer", "video_disabled", true}})
		if err == nil || !strings.HasPrefix(err.Error(), path+" is no settings file") {
			t.Errorf("%q: the error is %v", text, err)
		}
		if now := read(t, path); now != text {
			t.Errorf("%q became %q", text, now)
		}
	}
}

func TestASymbolicLinkStaysOne(t *testing.T) {
	target := write(t, "{}", 0o600)
	link := filepath.Join(t.TempDir(), "goop.json")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []Value{{"viewer", "video_disabled", true}}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info.Mode(), err)
	}
	if text := read(t, target); !strings.Contains(text, "true") {
		t.Errorf("the target is %s", text)
	}
}

func TestAFolderThatCannotBeWrittenLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "folder", "goop.json")
	if err := Write(path, []Value{{"viewer", "video_disabled", true}}); err == nil {
		t.Error("expected an error")
	}
}

func TestAReaderNeverSeesHalfAFile(t *testing.T) {
	path := write(t, `{"big":"`+strings.Repeat("x", 1<<16)+`"}`, 0o600)
	var writer sync.WaitGroup
	writer.Add(1)
	go func() {
		defer writer.Done()
		for round := 0; round < 10; round++ {
			if err := Write(path, []Value{{"viewer", "round", round}}); err != nil {
				t.Error(err)
			}
		}
	}()
	for round := 0; round < 50; round++ {
		if _, err := Read(path); err != nil {
			t.Fatal(err)
		}
	}
	writer.Wait()
}
