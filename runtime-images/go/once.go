package fanfold

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// answer is what is told of an effect that is to happen once.
type answer struct {
	Mine  bool             `json:"mine"`
	Wait  int64            `json:"wait"`
	Value *json.RawMessage `json:"value"`
	Error string           `json:"error"`
}

type once struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Once runs fn unless an attempt at this task has already run it to its end under this key: then it gives what was
// returned there. So what a second attempt, or a message that came twice, would do again is done once. When the process
// dies between the effect and the note of it, fn runs again in the next attempt; one whose effect must not happen twice
// even then needs a key of its own for whom it speaks to. What fn returns is kept as JSON, at most 64 KB.
func Once[T any](task *Task, key string, fn func() (T, error)) (T, error) {
	var value T
	told, err := task.askOnce(once{Key: key})
	for err == nil && told.Wait > 0 {
		select {
		case <-task.Done():
			return value, task.Err()
		case <-time.After(time.Duration(told.Wait) * time.Millisecond):
		}
		told, err = task.askOnce(once{Key: key})
	}
	if err != nil {
		return value, err
	}
	if !told.Mine {
		return value, json.Unmarshal(valueOf(told), &value)
	}
	value, err = fn()
	if err != nil {
		return value, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return value, err
	}
	told, err = task.askOnce(once{Key: key, Value: text})
	if err != nil || told.Value == nil {
		return value, err
	}
	return value, json.Unmarshal(*told.Value, &value)
}

func valueOf(told answer) json.RawMessage {
	if told.Value == nil {
		return json.RawMessage("null")
	}
	return *told.Value
}

func (t *Task) askOnce(asked once) (answer, error) {
	var told answer
	number := t.asked.Add(1)
	text, err := t.ask(number, map[string]any{"once": asked, "ask": number})
	if err != nil {
		return told, err
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return told, err
	}
	if told.Error != "" {
		return told, &Failure{Name: "OnceError", Message: told.Error}
	}
	return told, nil
}

// ask of a call in a warm process waits for the answer, which comes as a message.
func (h *harness) ask(task *Task, id, number int64, message any) (json.RawMessage, error) {
	place := [2]int64{id, number}
	came := make(chan json.RawMessage, 1)
	h.mu.Lock()
	h.answers[place] = came
	h.mu.Unlock()
	task.say(message)
	select {
	case text := <-came:
		return text, nil
	case <-task.Done():
		return nil, task.Err()
	}
}

func (h *harness) answer(place [2]int64, text json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if came := h.answers[place]; came != nil {
		came <- text
		delete(h.answers, place)
	}
}

// askAsProgram waits for the answer, which comes as a file.
func askAsProgram(task *Task, number int64, message any) (json.RawMessage, error) {
	folder := os.Getenv("TASK_ANSWERS")
	if folder == "" {
		return nil, errors.New("only within a task: it needs somebody to remember")
	}
	task.say(message)
	path := filepath.Join(folder, strconv.FormatInt(number, 10)+".json")
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil {
			return text, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("no answer: %w", err)
		}
		select {
		case <-task.Done():
			return nil, task.Err()
		case <-time.After(pause):
		}
	}
}
