//! What a function sees of its attempt.

use serde::Serialize;
use serde_json::{json, Value};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// To whom an attempt speaks: the executor, or nobody outside of a task.
pub(crate) trait Line: Send + Sync {
    fn say(&self, message: Value);
    /// Asks, and waits for the answer; `None` once the attempt is to stop, or where nobody answers.
    fn ask(&self, number: u64, message: Value, stop: &Stop) -> Option<Value>;
}

/// One attempt at a task.
pub struct Task {
    /// The id of the run.
    pub run: String,
    /// The name of its workflow.
    pub workflow: String,
    /// The task's id within it.
    pub id: String,
    /// Counts from 1. It never falls.
    pub attempt: u32,
    pub(crate) stop: Arc<Stop>,
    pub(crate) line: Box<dyn Line>,
    pub(crate) asked: AtomicU64,
}

/// What [`Task::spawn`] asks for. All of it is optional.
#[derive(Debug, Default, Clone, Serialize)]
pub struct SubTask {
    /// Names it among the sub-tasks of this task: the same key from a later attempt is the same sub-task. Default: its
    /// number in the attempt, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Value>,
    /// What it does, as in the canonical form of a workflow. Default: what this task does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Value>,
    /// This task does not wait for it, nor fails with it; the run does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub detached: bool,
}

impl Task {
    /// I am alive. It matters where the task has a `heartbeat-timeout`.
    pub fn beat(&self) {
        self.line.say(json!({"beat": {}}));
    }

    /// Where the task is: people see "at `name` since 14:03". A sign of life too.
    pub fn step(&self, name: &str) {
        self.line.say(json!({"step": name}));
    }

    /// Like [`step`](Self::step), with the part of all that is done, 0 to 1.
    pub fn progress(&self, step: &str, part: f64) {
        self.line.say(json!({"step": step, "progress": part}));
    }

    /// A line of the attempt's log. What is printed to stdout and stderr goes there too; of functions that run side by
    /// side only `log` tells them apart.
    pub fn log(&self, line: impl std::fmt::Display) {
        self.line.say(json!({"log": line.to_string()}));
    }

    /// Asks for a sub-task. It starts while this task runs, or after it.
    pub fn spawn(&self, sub: SubTask) {
        self.line.say(json!({"spawn": sub}));
    }

    /// True once the attempt is to stop, because it was cancelled or its time is over. What has not returned some time
    /// after that (`grace`, 5 s where the workflow says nothing) is killed.
    pub fn cancelled(&self) -> bool {
        self.stop.wait(Duration::ZERO)
    }

    /// Sleeps for so long, or until the attempt is to stop; then it is true.
    pub fn sleep(&self, time: Duration) -> bool {
        self.stop.wait(time)
    }

    /// A folder for temporary files, which is removed with the process: after the attempt, or later where the process
    /// serves many. It is what [`std::env::temp_dir`] gives.
    pub fn temp_dir(&self) -> std::path::PathBuf {
        std::env::temp_dir()
    }
}

/// Whether an attempt is to stop.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    pub fn stop(&self) {
        *self
            .stopped
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    pub fn wait(&self, time: Duration) -> bool {
        let mut stopped = self
            .stopped
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *stopped || time.is_zero() {
            return *stopped;
        }
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if *stopped || left.is_zero() {
                return *stopped;
            }
            stopped = self
                .told
                .wait_timeout(stopped, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
    }
}
