package goopcall

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/goopjson"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/settings"
)

// Signals carries the messages of calls between peers. The mq.Manager of Goop² is one.
type Signals interface {
	// Send returns when the peer has acknowledged the message, with an id for logs that the adapter ignores. The payload becomes
	// JSON unchanged. Send should return soon after ctx has ended.
	Send(ctx context.Context, peerID, topic string, payload any) (messageID string, err error)
	// SubscribeTopic calls receive for each message on a topic that begins with the prefix, in the order of arrival. From is the
	// peer that the connection has authenticated, and empty for a message of the host itself. The payload is decoded JSON.
	SubscribeTopic(prefix string, receive func(from, topic string, payload any)) (cancel func())
}

// Peer is a peer that the user can call.
type Peer struct {
	ID string
	// Label is the peer's name for people.
	Label string
	// Reachable peers are connected, or were seen a short time ago.
	Reachable bool
	// VideoDisabled peers have switched calls off.
	VideoDisabled bool
}

// Options describe the host. SelfID and Signals are needed.
type Options struct {
	// SelfID is the host's own peer id.
	SelfID  string
	Signals Signals
	// Peers returns the present peers. The adapter asks at each PeersChanged, and every two seconds. It must not block.
	Peers func() []Peer
	// ConfigFile is the host's goop.json, with the sections viewer and plugins.call. Without it, the settings are kept in memory.
	ConfigFile string
	// DataDir is the absolute path of a folder for the plugin's files. Without it, the plugin keeps none.
	DataDir string
	// Label is the user's name.
	Label string
	// HostName and HostVersion stand in the plugin's log.
	HostName, HostVersion string
	// Command starts the plugin. Without it, plugins.call.path of ConfigFile is used, then goop-call-plugin in PATH, and then the
	// manifest that a package of the system has left in the folders of shared data.
	Command []string
	// PackageDir is the folder of the plugin's package, whose page scripts the handler serves. Without it, it is found by Command.
	PackageDir string
	// Environment of the plugin. Without it, the environment of this process.
	Environment []string
	// Log gets a level ("error", "warn", "info", "debug") and a line. Without it, the lines go to the package log.
	Log func(level, line string)
}

func (o Options) withDefaults() Options {
	if o.HostName == "" {
		o.HostName = "Goop²"
	}
	if o.Label == "" {
		o.Label = o.SelfID
	}
	if o.Peers == nil {
		o.Peers = func() []Peer { return nil }
	}
	if o.Log == nil {
		o.Log = func(level, line string) { log.Printf("[%s] call plugin: %s", level, line) }
	}
	return o
}

// Config is what a host needs of its goop.json before it starts the plugin.
type Config struct {
	// Enabled is plugins.call.enabled. It is true when the file does not say.
	Enabled bool
	// Path is plugins.call.path: the folder of the plugin's package, its main.js, its manifest, or a program. It may be empty.
	Path string
	// VideoDisabled is viewer.video_disabled.
	VideoDisabled bool
}

// ReadConfig reads a goop.json. A missing file has the defaults. The error names the file.
func ReadConfig(path string) (Config, error) {
	config := Config{Enabled: true}
	values, err := goopjson.Read(path)
	if err != nil {
		return config, err
	}
	for _, one := range []struct {
		section, key string
		target       any
	}{
		{settings.SectionCall, settings.Enabled, &config.Enabled},
		{settings.SectionCall, settings.Path, &config.Path},
		{settings.SectionViewer, settings.Disabled, &config.VideoDisabled},
	} {
		raw := values.Get(one.section, one.key)
		if raw == nil {
			continue
		}
		if err := json.Unmarshal(raw, one.target); err != nil {
			return config, fmt.Errorf("%s: %s.%s is %.80s, expected another type", path, one.section, one.key, raw)
		}
	}
	return config, nil
}

// WriteConfig stores the three settings, and keeps everything else in the file. A running adapter notices.
func WriteConfig(path string, config Config) error {
	return goopjson.Write(path, []goopjson.Value{
		{Section: settings.SectionCall, Key: settings.Enabled, Value: config.Enabled},
		{Section: settings.SectionCall, Key: settings.Path, Value: config.Path},
		{Section: settings.SectionViewer, Key: settings.Disabled, Value: config.VideoDisabled},
	})
}
