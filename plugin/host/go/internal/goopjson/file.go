// Package goopjson reads and writes single values of a host's settings file, in the format of Goop²'s goop.json.
package goopjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// newFileMode is private, because Goop²'s file holds a key.
const newFileMode = 0o600

// Values holds the top level of a file. Use Get and Set.
type Values struct {
	members []member
}

// A member keeps the order of the file, and its text.
type member struct {
	key   string
	value json.RawMessage
}

// Value is one value with its place. Section is a path such as "viewer" or "plugins.call".
type Value struct {
	Section, Key string
	Value        any
}

// Read returns the content of the file. A missing file is empty. An error names the file.
func Read(path string) (*Values, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Values{}, nil
	}
	if err != nil {
		return nil, err
	}
	members, err := parseObject(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if err != nil {
		return nil, fmt.Errorf("%s is no settings file, and is left unchanged: %w", path, err)
	}
	return &Values{members}, nil
}

// Get returns nil when the section or the key is missing.
func (v *Values) Get(section, key string) json.RawMessage {
	members := v.members
	for _, name := range strings.Split(section, ".") {
		inner, err := parseObject(find(members, name))
		if err != nil {
			return nil
		}
		members = inner
	}
	return find(members, key)
}

// Write reads the file again, because another program may have changed it, sets the values, and replaces the file atomically.
// Everything else in the file stays, and its mode.
func Write(path string, values []Value) error {
	current, err := Read(path)
	if err != nil {
		return err
	}
	for _, one := range values {
		if err := current.set(one); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if err := json.Indent(&text, writeObject(current.members), "", "  "); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	text.WriteByte('\n')
	return replace(path, text.Bytes())
}

func (v *Values) set(one Value) error {
	value, err := json.Marshal(one.Value)
	if err != nil {
		return fmt.Errorf("%s.%s cannot be written as JSON: %w", one.Section, one.Key, err)
	}
	v.members = setIn(v.members, strings.Split(one.Section, "."), one.Key, value)
	return nil
}

// setIn creates a missing section, and replaces a section that is no object.
func setIn(members []member, section []string, key string, value json.RawMessage) []member {
	if len(section) > 0 {
		inner, err := parseObject(find(members, section[0]))
		if err != nil {
			inner = nil
		}
		key, value = section[0], writeObject(setIn(inner, section[1:], key, value))
	}
	for at := len(members) - 1; at >= 0; at-- {
		if members[at].key == key {
			members[at].value = value
			return members
		}
	}
	return append(members, member{key, value})
}

// find returns the last value of the key, as encoding/json does.
func find(members []member, key string) json.RawMessage {
	for at := len(members) - 1; at >= 0; at-- {
		if members[at].key == key {
			return members[at].value
		}
	}
	return nil
}

// parseObject keeps the order of the members.
func parseObject(text []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if start != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	var members []member
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
		members = append(members, member{key.(string), value})
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("it is not JSON: there is more after the object")
	}
	return members, nil
}

func writeObject(members []member) json.RawMessage {
	var text bytes.Buffer
	text.WriteByte('{')
	for at, one := range members {
		if at > 0 {
			text.WriteByte(',')
		}
		key, _ := json.Marshal(one.key) // A text always has a form in JSON.
		text.Write(key)
		text.WriteByte(':')
		text.Write(one.value)
	}
	text.WriteByte('}')
	return text.Bytes()
}

// replace is atomic, so that a reader sees either the old file or the new one. A symbolic link stays one.
func replace(path string, text []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(newFileMode)
	if found, err := os.Stat(path); err == nil {
		mode = found.Mode().Perm()
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	err = writeAndSync(file, text, mode)
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name()) // The first error says what is wrong.
	}
	return err
}

func writeAndSync(file *os.File, text []byte, mode fs.FileMode) error {
	_, err := file.Write(text)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
