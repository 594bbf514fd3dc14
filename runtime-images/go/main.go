package fanfold

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Main makes this program serve the functions. It does not return.
//
// Started by a workflow's `function: worker#name` it serves calls. Else it runs the function that its first argument
// names (or the only one) once: the input is the file TASK_INPUT, or stdin; the output goes into the file TASK_OUTPUT, or
// to stdout. It ends with 1 when the function fails, with 2 when there is no such function.
func Main(functions Functions) {
	if len(os.Args) > 1 && os.Args[1] == "fanfold-harness" {
		serve(functions, number(2, 1), number(3, 16<<20))
	}
	os.Exit(runOnce(functions))
}

func number(arg, otherwise int) int {
	if len(os.Args) <= arg {
		return otherwise
	}
	n, err := strconv.Atoi(os.Args[arg])
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}

func runOnce(functions Functions) int {
	handler, err := chosen(functions)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	input, err := readInput()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	output, failure := call(handler, programTask(ctx, cancel), input)
	if failure == nil {
		err = writeOutput(output)
		if err == nil {
			return 0
		}
		failure = &failed{Name: "OutputError", Message: err.Error()}
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n%s", failure.Name, failure.Message, failure.Stack)
	return 1
}

func chosen(functions Functions) (Handler, error) {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	} else if len(names) == 1 {
		name = names[0]
	}
	if handler, ok := functions[name]; ok {
		return handler, nil
	}
	return nil, fmt.Errorf("no function %q: there are %s", name, strings.Join(names, ", "))
}

func readInput() (json.RawMessage, error) {
	if path := os.Getenv("TASK_INPUT"); path != "" {
		return os.ReadFile(path)
	}
	text, err := io.ReadAll(os.Stdin)
	if len(strings.TrimSpace(string(text))) == 0 {
		return json.RawMessage("null"), err
	}
	return text, err
}

func writeOutput(output json.RawMessage) error {
	if path := os.Getenv("TASK_OUTPUT"); path != "" {
		return os.WriteFile(path, output, 0o600)
	}
	_, err := fmt.Println(string(output))
	return err
}

// programTask is the attempt of a program: what it says goes to fd 3, outside of a task nowhere.
func programTask(ctx context.Context, cancel context.CancelFunc) *Task {
	attempt, err := strconv.Atoi(os.Getenv("TASK_ATTEMPT"))
	if err != nil {
		attempt = 1
	}
	task := &Task{
		Context: ctx, cancel: cancel,
		Run: os.Getenv("TASK_RUN"), Workflow: os.Getenv("TASK_WORKFLOW"), ID: os.Getenv("TASK_ID"),
		Attempt: attempt,
	}
	inTask := os.Getenv("TASK_CONTROL") != ""
	var lock sync.Mutex
	if inTask {
		syscall.CloseOnExec(control)
	}
	task.say = func(message any) {
		if !inTask {
			return
		}
		text, err := json.Marshal(message)
		if err != nil {
			panic(&Failure{Name: "InputError", Message: err.Error()})
		}
		lock.Lock()
		defer lock.Unlock()
		writeAll(control, append(text, '\n'))
	}
	task.ask = func(number int64, message any) (json.RawMessage, error) {
		return askAsProgram(task, number, message)
	}
	return task
}

const control = 3

func writeAll(fd int, text []byte) {
	for len(text) > 0 {
		n, err := syscall.Write(fd, text)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return // who listened is gone, and with it our reason to be
		}
		text = text[n:]
	}
}
