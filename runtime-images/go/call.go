package fanfold

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// failed is how a call failed, in the words of the protocol.
type failed struct {
	Reason  string `json:"reason"`
	Name    string `json:"name,omitempty"`
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// call runs a function. A panic is its failure, as an error is.
func call(handler Handler, task *Task, input json.RawMessage) (output json.RawMessage, failure *failed) {
	defer func() {
		if cause := recover(); cause != nil {
			failure = panicked(cause, ownStack(string(debug.Stack())))
		}
	}()
	output, err := handler(task, input)
	if err != nil {
		return nil, describe(err)
	}
	return output, nil
}

func panicked(cause any, stack string) *failed {
	name, message := "panic", fmt.Sprint(cause)
	if err, ok := cause.(error); ok {
		name, message = nameOf(err), err.Error()
	}
	return &failed{Reason: "error", Name: cut(name, 200), Message: cut(message, 2000), Stack: cut(stack, 8000)}
}

func describe(err error) *failed {
	reason := "error"
	var failure *Failure
	if errors.As(err, &failure) && failure.reason != "" {
		reason = failure.reason
	}
	return &failed{Reason: reason, Name: cut(nameOf(err), 200), Message: cut(err.Error(), 2000)}
}

// nameOf is the name of a Failure in the chain of errors, else the outermost type that has a name of its own.
func nameOf(err error) string {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure.Name
	}
	if _, ok := err.(runtime.Error); ok {
		return "runtime.Error"
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		name := strings.TrimPrefix(fmt.Sprintf("%T", inner), "*")
		if name != "fmt.wrapError" && name != "errors.errorString" {
			return name
		}
	}
	return "error"
}

// ownStack is without the lines from before the panic, which are ours and the runtime's.
func ownStack(stack string) string {
	if at := strings.Index(stack, "\npanic("); at >= 0 {
		lines := strings.SplitN(stack[at+1:], "\n", 3)
		stack = lines[len(lines)-1]
	}
	if at := strings.Index(stack, "fanfold.dev/go."); at > 0 {
		stack = stack[:at]
	}
	return stack
}

// cut keeps whole characters.
func cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	return strings.ToValidUTF8(text[:max], "")
}
