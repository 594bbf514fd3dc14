package fanfold

import (
	"bytes"
	"sync"
	"syscall"
	"time"
)

// lineMax is where a line is cut that does not end.
const lineMax = 64000

// printed reads what this process prints to stdout and stderr, so that each line is told of the call that printed it.
// Of functions that run side by side nobody knows which it was: it is told of the one that has run the longest.
type printed struct {
	mu     sync.Mutex
	tell   func(call int64, stream int, lines []string)
	call   int64 // who prints; below 0: nobody
	pipes  [2]int
	open   [2][]byte
	buffer []byte
}

// catchPrinted makes pipes of stdout and stderr that this process reads.
func catchPrinted(tell func(call int64, stream int, lines []string)) (*printed, error) {
	p := &printed{tell: tell, call: -1, buffer: make([]byte, 1<<14)}
	for stream := range p.pipes {
		var ends [2]int
		if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
			return nil, err
		}
		if err := syscall.Dup3(ends[1], stream+1, 0); err != nil {
			return nil, err
		}
		syscall.Close(ends[1])
		p.pipes[stream] = ends[0]
		go p.watch(stream)
	}
	for _, fd := range p.pipes {
		if err := syscall.SetNonblock(fd, true); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// watch tells what a call prints while it runs.
func (p *printed) watch(stream int) {
	// Not at once: the last words of a crash are left to the executor, which finds them in the pipe.
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 25*time.Millisecond) {
		time.Sleep(pause)
		p.mu.Lock()
		if p.call >= 0 && p.read(stream) {
			pause = 5 * time.Millisecond / 2
		}
		p.mu.Unlock()
	}
}

// printFor makes this call, or none, the one that prints. What was printed before is told.
func (p *printed) printFor(call int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.call >= 0 {
		for stream := range p.pipes {
			p.read(stream)
			if rest := p.open[stream]; len(rest) > 0 {
				p.tell(p.call, stream, []string{string(rest)})
				p.open[stream] = rest[:0]
			}
		}
	}
	p.call = call
}

// read takes what is in a pipe, and tells its whole lines; false when there was nothing.
func (p *printed) read(stream int) bool {
	found := false
	for {
		n, err := syscall.Read(p.pipes[stream], p.buffer)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return found
		}
		found = true
		p.open[stream] = p.lines(stream, append(p.open[stream], p.buffer[:n]...))
	}
}

// lines tells whole lines, and gives back what follows them.
func (p *printed) lines(stream int, text []byte) []byte {
	end := bytes.LastIndexByte(text, '\n')
	if end < 0 && len(text) > lineMax {
		p.tell(p.call, stream, []string{string(text)})
		return text[:0]
	}
	if end < 0 {
		return text
	}
	var lines []string
	for _, line := range bytes.Split(text[:end], []byte{'\n'}) {
		lines = append(lines, string(line))
	}
	p.tell(p.call, stream, lines)
	return append(text[:0], text[end+1:]...)
}
