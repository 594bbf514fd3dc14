// Package fanfold makes Fanfold tasks out of Go functions.
//
//	func resize(task *fanfold.Task, in Picture) (Thumbnail, error) { … }
//
//	func main() {
//		fanfold.Main(fanfold.Functions{"resize": fanfold.Func(resize)})
//	}
//
// The program that this makes is both: run as `worker resize` it is a program of its own, that reads its input, runs
// the function once and ends; as `function: bin/worker#resize` in a workflow it stays, and is called again and again,
// some ten thousand times a second. Standard library only.
package fanfold

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
)

// Functions are what a program can do, by the names that workflows know them by.
type Functions map[string]Handler

// Handler takes an input as JSON and gives an output as JSON. [Func] makes it of a function with types.
type Handler func(task *Task, input json.RawMessage) (json.RawMessage, error)

// Func makes a handler of a function with types: its input is read into In, what it returns is written as JSON. An
// input that does not fit into In is an error named InputError, before the function is called.
func Func[In, Out any](fn func(task *Task, input In) (Out, error)) Handler {
	return func(task *Task, input json.RawMessage) (json.RawMessage, error) {
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, &Failure{Name: "InputError", Message: err.Error()}
		}
		out, err := fn(task, in)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(out)
		if err != nil {
			return nil, &Failure{Name: "OutputError", Message: err.Error(), reason: "output"}
		}
		return text, nil
	}
}

// Failure is an error with a name, for `retry: {on: [{error: NAME}]}` in workflows. Of other errors the type is the
// name.
type Failure struct {
	Name    string
	Message string
	reason  string
}

func (f *Failure) Error() string { return f.Message }

// Task is one attempt at a task. It is a context: done once the attempt is to stop, because it was cancelled or its time
// is over. What has not returned some time after that (`grace`, 5 s where the workflow says nothing) is killed.
type Task struct {
	context.Context
	// Run is the id of the run, Workflow the name of its workflow, ID that of the task within it.
	Run, Workflow, ID string
	// Attempt counts from 1. It never falls.
	Attempt int

	cancel context.CancelFunc
	say    func(message any)
	ask    func(number int64, message any) (json.RawMessage, error)
	asked  atomic.Int64
}

type said struct {
	Beat     *struct{} `json:"beat,omitempty"`
	Step     *string   `json:"step,omitempty"`
	Progress *float64  `json:"progress,omitempty"`
	Spawn    *SubTask  `json:"spawn,omitempty"`
	Log      *string   `json:"log,omitempty"`
}

// Beat says: I am alive. It matters where the task has a `heartbeat-timeout`.
func (t *Task) Beat() { t.say(said{Beat: &struct{}{}}) }

// Step says where the task is: people see "at `name` since 14:03". It is a sign of life too.
func (t *Task) Step(name string) { t.say(said{Step: &name}) }

// Progress is Step, with the part of all that is done, 0 to 1.
func (t *Task) Progress(step string, part float64) { t.say(said{Step: &step, Progress: &part}) }

// Log writes a line into the attempt's log. What is printed to stdout and stderr goes there too; of functions that run
// side by side only Log tells them apart.
func (t *Task) Log(values ...any) {
	line := fmt.Sprint(values...)
	t.say(said{Log: &line})
}

// SubTask is what [Task.Spawn] asks for. All of it is optional.
type SubTask struct {
	// Key names it among the sub-tasks of this task: the same key from a later attempt is the same sub-task. Default: its
	// number in the attempt, from 0.
	Key string `json:"key,omitempty"`
	// With is its input.
	With any `json:"with,omitempty"`
	// Run is what it does, as in the canonical form of a workflow. Default: what this task does.
	Run any `json:"run,omitempty"`
	// Detached: this task does not wait for it, nor fails with it; the run does.
	Detached bool `json:"detached,omitempty"`
}

// Spawn asks for a sub-task. It starts while this task runs, or after it.
func (t *Task) Spawn(sub SubTask) { t.say(said{Spawn: &sub}) }

// TempDir is a folder for temporary files, which is removed with the process: after the attempt, or later where the
// process serves many. It is what [os.TempDir] gives.
func (t *Task) TempDir() string { return os.TempDir() }
