// Package settings keeps the call settings of a host's goop.json, and gives them to the plugin in its own names.
package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/goopjson"
)

const (
	// SectionCall and SectionViewer are the two sections of the file.
	SectionCall   = "plugins.call"
	SectionViewer = "viewer"
	// Enabled is the setting that starts the plugin. Path tells where it is, and is no setting for people.
	Enabled = "enabled"
	Path    = "path"
	// Disabled is the setting that switches calls off.
	Disabled   = "video_disabled"
	autoDevice = "auto"
)

// browserID is a browser's id of a device, which differs for each site: 64 hex digits in Chromium, 40 in WebKit, 32 bytes in
// base64 in Firefox, and Chromium's two names.
var browserID = regexp.MustCompile(`^(?i:[0-9a-f]{64}|[0-9a-f]{40}|[A-Za-z0-9+/]{43}=|default|communications)$`)

// Store keeps the stored values by the host's names.
type Store struct {
	file string
	log  func(level, line string)

	mutex  sync.Mutex
	stored map[string]json.RawMessage
	// plugin is plugins.call.path.
	plugin  string
	modTime time.Time
	size    int64
	// problem is why the file cannot be read.
	problem error
}

// Open reads the file. Without a path, the settings are kept in memory.
func Open(path string, log func(level, line string)) *Store {
	s := &Store{file: path, log: log, stored: map[string]json.RawMessage{}}
	s.Reload()
	return s
}

// Reload reads the file when it has changed. A file that cannot be read leaves the values as they are. It returns the changed values, with the default of a value that was removed.
func (s *Store) Reload() map[string]json.RawMessage {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file == "" || !s.hasChanged() {
		return nil
	}
	values, err := goopjson.Read(s.file)
	if err != nil {
		s.problem = err
		return nil
	}
	s.problem = nil
	var path string
	if json.Unmarshal(values.Get(SectionCall, Path), &path) != nil {
		path = ""
	}
	s.plugin = path
	stored := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		raw := values.Get(one.Section, one.Name)
		if raw == nil || bytes.Equal(raw, []byte("null")) {
			continue
		}
		if kind := kindOf(raw); kind != one.Type {
			s.log("warn", fmt.Sprintf("%s.%s is %s, expected %s; using the default", one.Section, one.Name, kind, one.Type))
			continue
		}
		stored[one.Name] = raw
	}
	changed := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		before, after := valueOf(s.stored, one), valueOf(stored, one)
		if !sameJSON(before, after) {
			changed[one.Name] = after
		}
	}
	s.stored = stored
	return changed
}

// hasChanged needs the mutex.
func (s *Store) hasChanged() bool {
	info, err := os.Stat(s.file)
	if err != nil {
		wasThere := !s.modTime.IsZero()
		s.modTime, s.size = time.Time{}, 0
		return wasThere
	}
	isSame := info.ModTime().Equal(s.modTime) && info.Size() == s.size
	s.modTime, s.size = info.ModTime(), info.Size()
	return !isSame
}

// Values returns all settings, with defaults.
func (s *Store) Values() map[string]json.RawMessage {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		all[one.Name] = valueOf(s.stored, one)
	}
	return all
}

// IsEnabled tells whether the plugin shall run.
func (s *Store) IsEnabled() bool {
	isOn := true
	_ = json.Unmarshal(s.Values()[Enabled], &isOn) // Its type was checked.
	return isOn
}

// PluginPath returns plugins.call.path, and why the file cannot be read.
func (s *Store) PluginPath() (string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.plugin, s.problem
}

// ForPlugin returns the stored settings by the plugin's names, with the ids of the present devices.
func (s *Store) ForPlugin(devices *contract.DeviceList) map[string]json.RawMessage {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return ForPlugin(s.stored, devices)
}

// Save sets values and writes them. A value is written even when the file's other content has changed.
func (s *Store) Save(change map[string]json.RawMessage) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.file != "" {
		var values []goopjson.Value
		for _, one := range contract.HostSettings {
			if value, isChanged := change[one.Name]; isChanged {
				values = append(values, goopjson.Value{Section: one.Section, Key: one.Name, Value: value})
			}
		}
		if err := goopjson.Write(s.file, values); err != nil {
			return err
		}
	}
	for name, value := range change {
		s.stored[name] = value
	}
	return nil
}

// Check returns an error that names each setting that is unknown or of the wrong type. The plugin checks the rest.
func Check(change map[string]json.RawMessage) error {
	known := map[string]contract.HostSetting{}
	for _, one := range contract.HostSettings {
		known[one.Name] = one
	}
	for name, value := range change {
		one, isKnown := known[name]
		if !isKnown {
			return fmt.Errorf("not changed: %s is no setting", name)
		}
		if kind := kindOf(value); kind != one.Type {
			return fmt.Errorf("not changed: %s is %s, expected %s", name, kind, one.Type)
		}
	}
	return nil
}

// ForPlugin returns values by the plugin's names, with the ids of the present devices.
func ForPlugin(values map[string]json.RawMessage, devices *contract.DeviceList) map[string]json.RawMessage {
	named := map[string]json.RawMessage{}
	for _, one := range contract.HostSettings {
		value, isSet := values[one.Name]
		if !isSet || one.Setting == "" {
			continue
		}
		if one.Device != "" {
			var stored string
			_ = json.Unmarshal(value, &stored) // Its type was checked.
			value, _ = json.Marshal(resolveDevice(stored, devicesOf(devices, one.Device)))
		}
		named[one.Setting] = value
	}
	return named
}

func devicesOf(devices *contract.DeviceList, kind string) []contract.Device {
	if devices == nil {
		return nil
	}
	switch kind {
	case "camera":
		return devices.Cameras
	case "microphone":
		return devices.Microphones
	}
	return devices.Speakers
}

// resolveDevice finds the plugin's id of a stored device, which is an id, a label, or an id that only a browser understands. An
// unknown text may be the id of an unplugged device, so it stays.
func resolveDevice(stored string, devices []contract.Device) string {
	if stored == "" {
		return autoDevice
	}
	var named []string
	for _, one := range devices {
		if one.ID == stored {
			return stored
		}
		if one.Name == stored {
			named = append(named, one.ID)
		}
	}
	if len(named) == 1 {
		return named[0]
	}
	if browserID.MatchString(stored) {
		return autoDevice
	}
	return stored
}

func valueOf(stored map[string]json.RawMessage, one contract.HostSetting) json.RawMessage {
	if value, isSet := stored[one.Name]; isSet {
		return value
	}
	var schema struct{ Default json.RawMessage }
	_ = json.Unmarshal([]byte(one.Schema), &schema) // It is generated.
	return schema.Default
}

// kindOf returns the JSON Schema type of a value.
func kindOf(raw json.RawMessage) string {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return "nothing"
	}
	switch value.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

func sameJSON(one, other json.RawMessage) bool {
	var left, right bytes.Buffer
	if json.Compact(&left, one) != nil || json.Compact(&right, other) != nil {
		return false
	}
	return bytes.Equal(left.Bytes(), right.Bytes())
}
