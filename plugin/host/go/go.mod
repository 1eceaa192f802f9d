module github.com/goop-call-plugin/goop-call-plugin/plugin/host/go

go 1.19
