package settings

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
)

func TestAStoredDeviceIsFoundByItsIdOrItsOnlyLabel(t *testing.T) {
	devices := []contract.Device{{ID: "a", Name: "Camera"}, {ID: "b", Name: "Webcam"}, {ID: "c", Name: "Webcam"}}
	for stored, expected := range map[string]string{
		"": "auto", "a": "a", "Camera": "a", "Webcam": "Webcam", "unplugged": "unplugged", "default": "auto",
		strings.Repeat("0f", 32): "auto", strings.Repeat("A", 43) + "=": "auto",
	} {
		if found := resolveDevice(stored, devices); found != expected {
			t.Errorf("%q is %q, expected %q", stored, found, expected)
		}
	}
}

func TestAValueOfAnotherTypeCountsAsItsDefaultAndIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "goop.json")
	text := `{"viewer":{"video_disabled":"yes","preferred_cam":null},"plugins":{"call":{"enabled":0,"path":"/opt/call"}}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var logged []string
	store := Open(path, func(_, line string) { logged = append(logged, line) })
	if plugin, err := store.PluginPath(); !store.IsEnabled() || plugin != "/opt/call" || err != nil {
		t.Errorf("enabled %v, path %q, %v", store.IsEnabled(), plugin, err)
	}
	if given := store.ForPlugin(nil); len(given) != 0 {
		t.Errorf("the plugin gets %s", given)
	}
	expected := "plugins.call.enabled is number, expected boolean; using the default, viewer.video_disabled is string, expected boolean; using the default"
	if all := strings.Join(logged, ", "); all != expected {
		t.Errorf("logged %q", all)
	}
}

func TestAValueThatLeavesTheFileIsReportedWithItsDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "goop.json")
	store := Open(path, func(string, string) {})
	if err := store.Save(map[string]json.RawMessage{Disabled: json.RawMessage("true")}); err != nil {
		t.Fatal(err)
	}
	if changed := store.Reload(); len(changed) != 0 {
		t.Errorf("its own change is reported: %s", changed)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed := store.Reload(); len(changed) != 1 || string(changed[Disabled]) != "false" {
		t.Errorf("changed %s", changed)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if changed := store.Reload(); len(changed) != 0 {
		t.Errorf("changed %s", changed)
	}
}
