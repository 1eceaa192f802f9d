package streams

import (
	"strings"
	"testing"
)

func TestFramesBeforeTheAnswerWaitForTheirViewer(t *testing.T) {
	var got []string
	one := &Viewer{Frame: func(stream string, line []byte) { got = append(got, stream+string(line)) }}
	s := New()
	s.Route("s1", []byte("a")) // Nobody has asked.
	s.Claim()
	s.Claim()
	s.Route("s1", []byte("b"))
	s.Route("s2", []byte("c"))
	s.Settle("s1", one, func() { got = append(got, "answer") })
	s.Route("s1", []byte("d"))
	s.Settle("", one, func() { got = append(got, "refusal") })
	s.Route("s2", []byte("e"))
	if all := strings.Join(got, " "); all != "answer s1b s1d refusal" {
		t.Errorf("got %s", all)
	}
	if !s.IsOwner("s1", one) || s.IsOwner("s1", &Viewer{}) || s.IsOwner("s2", one) {
		t.Error("the owner is wrong")
	}
	if released := s.Release(one); len(released) != 1 || released[0] != "s1" || s.IsOwner("s1", one) {
		t.Errorf("released %v", released)
	}
}

func TestHeldFramesAreBounded(t *testing.T) {
	count := 0
	s := New()
	s.Claim()
	for round := 0; round < 100; round++ {
		s.Route("s1", []byte("x"))
	}
	s.Settle("s1", &Viewer{Frame: func(string, []byte) { count++ }}, func() {})
	if count != MaxCredit {
		t.Errorf("%d frames were held, expected %d", count, MaxCredit)
	}
}

func TestTheEndOfThePluginReachesViewers(t *testing.T) {
	isOver := false
	s := New()
	s.Claim()
	s.Settle("s1", &Viewer{Frame: func(string, []byte) {}, Ended: func() { isOver = true }}, func() {})
	s.Close()
	if !isOver {
		t.Error("the viewer was not told")
	}
}
