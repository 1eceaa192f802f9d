//go:build unix

package rpc

import "syscall"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup also ends the children that the process has started.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL) // It may have ended.
}
