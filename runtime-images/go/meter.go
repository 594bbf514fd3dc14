package fanfold

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// meter tells what calls have used.
type meter struct {
	mu       sync.Mutex
	cpu      int64
	shortUs  int64
	memoryAt time.Time
}

// cpuUs is the processor time of a call that took us. A short call's is its run time: asking the kernel would take
// longer than the call.
func (m *meter) cpuUs(us int64) int64 {
	if us < 1000 {
		m.shortUs += us
		return us
	}
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	now := (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
	own := now - m.cpu - m.shortUs
	m.cpu, m.shortUs = now, 0
	return max(0, own)
}

// memory is the most that was resident since the last look, in MB: now and then, and after long calls.
func (m *meter) memory(spent time.Duration) (float64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if spent < 50*time.Millisecond && now.Sub(m.memoryAt) < time.Second {
		return 0, false
	}
	m.memoryAt = now
	status, err := os.ReadFile("/proc/self/status")
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	if err != nil || !found {
		return 0, false
	}
	kb, err := strconv.ParseFloat(string(bytes.Fields(after)[0]), 64)
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return kb / 1024, err == nil
}
