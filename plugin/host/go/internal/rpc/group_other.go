//go:build !unix

package rpc

import (
	"os"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends the process only. The plugin runs on Linux; elsewhere this package must build.
func killGroup(pid int) {
	if process, err := os.FindProcess(pid); err == nil {
		_ = process.Kill() // It may have ended.
	}
}
