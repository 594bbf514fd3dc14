package fanfold

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// The pipes of a warm process; see ../PROTOCOL.md.
const (
	callsIn    = 3
	resultsOut = 4
)

// waiting is a call that has come and has not begun.
type waiting struct {
	id      int64
	handler Handler
	missing string
	parts   [6]json.RawMessage
}

type harness struct {
	functions   Functions
	outputMax   int
	concurrency int
	out         sync.Mutex
	meter       meter
	printed     *printed

	mu      sync.Mutex
	arrived sync.Cond
	queue   []waiting
	running map[int64]*Task
	defined map[int64]string
	answers map[[2]int64]chan json.RawMessage
}

func serve(functions Functions, concurrency, outputMax int) {
	h := &harness{
		functions: functions, outputMax: outputMax, concurrency: concurrency,
		running: map[int64]*Task{}, defined: map[int64]string{},
		answers: map[[2]int64]chan json.RawMessage{},
	}
	h.arrived.L = &h.mu
	for _, fd := range []int{callsIn, resultsOut} {
		syscall.CloseOnExec(fd)
	}
	var err error
	h.printed, err = catchPrinted(func(call int64, stream int, lines []string) {
		h.send([]any{"log", call, time.Now().UnixMilli(), stream, lines})
	})
	if err != nil {
		panic(err)
	}
	for i := 0; i < concurrency; i++ {
		go h.work()
	}
	h.send([]any{"ready", nil, h.printed.pipes})
	h.read()
}

// read takes messages until there are no more: then whoever started us is gone, and nothing that we have started may
// stay.
func (h *harness) read() {
	lines := bufio.NewReaderSize(os.NewFile(callsIn, "calls"), 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			h.take(line)
			continue
		}
		if err != io.EOF {
			os.Stderr.WriteString(err.Error() + "\n")
		}
		if syscall.Getpgrp() == os.Getpid() {
			syscall.Kill(0, syscall.SIGKILL)
		}
		os.Exit(1)
	}
}

func (h *harness) take(line []byte) {
	var message []json.RawMessage
	if json.Unmarshal(line, &message) != nil || len(message) == 0 {
		return
	}
	switch string(message[0]) {
	case `"define"`:
		var run struct{ Name string }
		json.Unmarshal(message[2], &run)
		h.mu.Lock()
		h.defined[integer(message[1])] = run.Name
		h.mu.Unlock()
	case `"call"`:
		h.takeCalls(integer(message[1]), message[2])
	case `"cancel"`:
		h.cancel(integer(message[1]))
	case `"recall"`:
		h.giveBack(func(waiting) bool { return true })
	case `"answer"`:
		h.answer([2]int64{integer(message[1]), integer(message[2])}, message[3])
	}
}

func integer(text json.RawMessage) int64 {
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return n
}

func (h *harness) takeCalls(definition int64, text json.RawMessage) {
	var calls [][6]json.RawMessage
	if json.Unmarshal(text, &calls) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	name := h.defined[definition]
	handler := h.functions[name]
	for _, parts := range calls {
		h.queue = append(h.queue, waiting{integer(parts[0]), handler, name, parts})
	}
	if h.concurrency == 1 {
		h.arrived.Signal()
	} else {
		h.arrived.Broadcast()
	}
}

func (h *harness) cancel(id int64) {
	h.mu.Lock()
	task := h.running[id]
	h.mu.Unlock()
	if task != nil {
		task.cancel()
		return
	}
	h.giveBack(func(call waiting) bool { return call.id == id })
}

func (h *harness) giveBack(wanted func(waiting) bool) {
	message := []any{"recalled"}
	h.mu.Lock()
	kept := h.queue[:0]
	for _, call := range h.queue {
		if wanted(call) {
			message = append(message, call.id)
		} else {
			kept = append(kept, call)
		}
	}
	h.queue = kept
	h.mu.Unlock()
	h.send(message)
}

func (h *harness) work() {
	// Only a function that ends its goroutine gets here.
	defer func() { go h.work() }()
	for {
		h.mu.Lock()
		for len(h.queue) == 0 {
			h.arrived.Wait()
		}
		next := h.queue[0]
		h.queue = h.queue[1:]
		task := h.taskOf(next)
		h.running[next.id] = task
		h.mu.Unlock()
		h.runOne(next, task)
	}
}

// taskOf is called with the lock held.
func (h *harness) taskOf(next waiting) *Task {
	ctx, cancel := context.WithCancel(context.Background())
	task := &Task{Context: ctx, cancel: cancel, Attempt: int(integer(next.parts[4]))}
	json.Unmarshal(next.parts[2], &task.Run)
	json.Unmarshal(next.parts[3], &task.ID)
	json.Unmarshal(next.parts[5], &task.Workflow)
	id := next.id
	task.say = func(message any) { h.send([]any{"say", id, time.Now().UnixMilli(), message}) }
	task.ask = func(number int64, message any) (json.RawMessage, error) {
		return h.ask(task, id, number, message)
	}
	return task
}

func (h *harness) runOne(next waiting, task *Task) {
	if h.concurrency == 1 || h.isOldest(next.id) {
		h.printed.printFor(next.id)
	}
	began := time.Now()
	var output json.RawMessage
	failure := &failed{Reason: "error", Name: "Goexit", Message: "the function ended its goroutine"}
	defer func() {
		spent := time.Since(began)
		h.mu.Lock()
		delete(h.running, next.id)
		h.mu.Unlock()
		task.cancel()
		h.end(next.id, began, spent, output, failure)
	}()
	if next.handler == nil {
		failure = &failed{Reason: "start", Message: "the program has no function " + next.missing}
		return
	}
	output, failure = call(next.handler, task, next.parts[1])
}

func (h *harness) end(id int64, began time.Time, spent time.Duration, output json.RawMessage, failure *failed) {
	if failure == nil && len(output) > h.outputMax {
		failure = &failed{Reason: "output", Name: "OutputError", Message: "the output has " +
			strconv.Itoa(len(output)) + " bytes, more than " + strconv.Itoa(h.outputMax)}
	}
	kind := "done"
	if failure != nil {
		kind = "fail"
		output, _ = json.Marshal(failure)
	}
	for at := bytes.IndexByte(output, '\n'); at >= 0; at = bytes.IndexByte(output, '\n') {
		output[at] = ' ' // a message is one line
	}
	h.printed.printFor(h.next())
	us := spent.Microseconds()
	text := make([]byte, 0, len(output)+96)
	if mb, ok := h.meter.memory(spent); ok {
		text = append(strconv.AppendFloat(append(text, `["memory",`...), mb, 'f', 1, 64), "]\n"...)
	}
	text = strconv.AppendInt(append(append(append(text, `["`...), kind...), `",`...), id, 10)
	text = strconv.AppendInt(append(text, ','), began.UnixMilli(), 10)
	text = strconv.AppendInt(append(text, ','), us, 10)
	text = append(append(text, ','), output...)
	if h.concurrency == 1 {
		text = strconv.AppendInt(append(text, ','), h.meter.cpuUs(us), 10)
	}
	h.write(append(text, "]\n"...))
}

// next is who prints once a call has ended: of those that run the first, or nobody.
func (h *harness) next() int64 {
	if h.concurrency == 1 {
		return -1
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := int64(-1)
	for id := range h.running {
		if oldest < 0 || id < oldest {
			oldest = id
		}
	}
	return oldest
}

func (h *harness) isOldest(id int64) bool { return h.next() == id }

func (h *harness) send(message any) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(&Failure{Name: "InputError", Message: err.Error()})
	}
	h.write(append(text, '\n'))
}

func (h *harness) write(text []byte) {
	h.out.Lock()
	defer h.out.Unlock()
	writeAll(resultsOut, text)
}
