package goopcall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/contract"
	"github.com/goop-call-plugin/goop-call-plugin/plugin/host/go/internal/rpc"
)

const (
	// capabilityResume tells that this host keeps calls.persisted for the next plugin.
	capabilityResume  = "resume"
	capabilityCarrier = "carrier"
	nameInvalidParams = "invalidParams"
)

// initialize tries again without the settings that the plugin refuses, because a bad stored setting must not prevent the start.
func (s *session) initialize(ctx context.Context, resumed *resumption) (contract.InitializeResult, error) {
	ctx, cancel := context.WithTimeout(ctx, s.adapter.timings.initialize)
	defer cancel()
	stored := s.adapter.settings.ForPlugin(nil)
	result, err := s.requestInitialize(ctx, stored, resumed)
	if refused := refusedSettings(err); len(refused) > 0 {
		s.adapter.options.Log("warn", "started without the settings that the plugin refused: "+err.Error())
		for _, name := range refused {
			delete(stored, name)
		}
		result, err = s.requestInitialize(ctx, stored, resumed)
	}
	if err != nil {
		return result, err
	}
	for _, version := range contract.ProtocolVersions {
		if int64(result.ProtocolVersion) == version {
			return result, nil
		}
	}
	return result, fmt.Errorf("it speaks version %d of the protocol, expected one of %v", result.ProtocolVersion,
		contract.ProtocolVersions)
}

func (s *session) requestInitialize(ctx context.Context, settings map[string]json.RawMessage, resumed *resumption) (result contract.InitializeResult, err error) {
	options := s.adapter.options
	cannotCall := false
	params := map[string]any{
		"protocolVersions": contract.ProtocolVersions,
		"capabilities":     []string{capabilityCarrier, capabilityResume},
		"host":             contract.HostInfo{Name: options.HostName, Version: optional(options.HostVersion), WebviewCanCall: &cannotCall},
		"identity":         map[string]string{"label": options.Label},
		"carrier":          contract.HostTransport{SelfID: options.SelfID},
		"settings":         settings,
	}
	if options.DataDir != "" {
		params["dataDir"] = options.DataDir
	}
	if resumed != nil {
		params["resume"] = resumed.snapshot
	}
	err = s.conn.Call(ctx, "initialize", params, &result)
	return result, err
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// merged adds settings, by the host's names.
func merged(known, added []string) []string {
	all := append([]string{}, known...)
	for _, setting := range added {
		name := hostName(setting)
		if !contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

func hostName(setting string) string {
	for _, one := range contract.HostSettings {
		if one.Setting == setting {
			return one.Name
		}
	}
	return setting
}

// refusedSettings are the plugin's names of the settings that it refused, or none when the error has another cause.
func refusedSettings(err error) []string {
	var names []string
	for _, issue := range issuesOf(err) {
		parts := strings.SplitN(issue.Field, ".", 3)
		if len(parts) >= 2 && parts[0] == "settings" {
			names = append(names, parts[1])
		}
	}
	return names
}

func issuesOf(err error) []contract.FieldIssue {
	var refusal *rpc.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	var data contract.ErrorData
	if json.Unmarshal(refusal.Data, &data) != nil || data.Name != nameInvalidParams || data.Issues == nil {
		return nil
	}
	return *data.Issues
}

// withHostNames names refused settings as the host does.
func withHostNames(err error) error {
	issues := issuesOf(err)
	if len(issues) == 0 {
		return err
	}
	var texts []string
	for _, issue := range issues {
		setting, rest, _ := strings.Cut(strings.TrimPrefix(issue.Field, "settings."), ".")
		field := hostName(setting)
		if rest != "" {
			field += "." + rest
		}
		texts = append(texts, fmt.Sprintf("%s is %s, expected %s", field, issue.Value, issue.Expected))
	}
	return errors.New("not changed: " + strings.Join(texts, "; "))
}
