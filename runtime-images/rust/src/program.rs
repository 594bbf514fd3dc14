//! A function as a program of its own.

use crate::call::{call, keep_panics, Failed};
use crate::kernel::{close_on_exec, write_all};
use crate::task::{Line, Stop};
use crate::{Handler, Task};
use serde_json::value::RawValue;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

const CONTROL: i32 = 3;

pub(crate) fn run_once(handlers: &BTreeMap<String, Handler>, name: Option<&str>) -> i32 {
    let only = if handlers.len() == 1 {
        handlers.keys().next().map(String::as_str)
    } else {
        None
    };
    let Some(handler) = name.or(only).and_then(|name| handlers.get(name)) else {
        let names: Vec<&str> = handlers.keys().map(String::as_str).collect();
        eprintln!(
            "no function {:?}: there are {}",
            name.unwrap_or(""),
            names.join(", ")
        );
        return 2;
    };
    keep_panics();
    let task = task_of_program();
    match read_input()
        .and_then(|input| call(handler, &task, &input))
        .and_then(write_output)
    {
        Ok(()) => 0,
        Err(failed) => {
            let stack = if failed.stack.is_empty() {
                String::new()
            } else {
                format!("{}\n", failed.stack)
            };
            eprintln!("{stack}{}: {}", failed.name, failed.message);
            1
        }
    }
}

fn read_input() -> Result<Box<RawValue>, Failed> {
    let told =
        |error: &dyn std::fmt::Display| Failed::new("error", "InputError", error.to_string());
    let text = match std::env::var("TASK_INPUT") {
        Ok(path) => std::fs::read_to_string(path),
        Err(_) => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
    };
    let text = text.map_err(|error| told(&error))?;
    let json = if text.trim().is_empty() {
        "null"
    } else {
        text.trim()
    };
    serde_json::from_str(json).map_err(|error| told(&error))
}

fn write_output(output: String) -> Result<(), Failed> {
    match std::env::var("TASK_OUTPUT") {
        Ok(path) => std::fs::write(path, output)
            .map_err(|error| Failed::new("output", "OutputError", error.to_string())),
        Err(_) => {
            println!("{output}");
            Ok(())
        }
    }
}

fn task_of_program() -> Task {
    let text = |name| std::env::var(name).unwrap_or_default();
    let in_task = std::env::var("TASK_CONTROL").is_ok();
    if in_task {
        close_on_exec(CONTROL);
    }
    Task {
        run: text("TASK_RUN"),
        workflow: text("TASK_WORKFLOW"),
        id: text("TASK_ID"),
        attempt: text("TASK_ATTEMPT").parse().unwrap_or(1),
        stop: stop_on_term(),
        line: Box::new(Control { in_task }),
        asked: AtomicU64::new(0),
    }
}

/// The control channel.
struct Control {
    in_task: bool,
}

impl Line for Control {
    fn say(&self, message: Value) {
        if self.in_task {
            write_all(CONTROL, format!("{message}\n").as_bytes());
        }
    }

    /// The answer comes as a file.
    fn ask(&self, number: u64, message: Value, stop: &Stop) -> Option<Value> {
        let folder = std::env::var("TASK_ANSWERS").ok()?;
        self.say(message);
        let path = std::path::Path::new(&folder).join(format!("{number}.json"));
        let mut pause = Duration::from_millis(1);
        loop {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return serde_json::from_str(&text).ok();
            }
            if stop.wait(pause) {
                return None;
            }
            pause = Duration::min(pause * 2, Duration::from_millis(50));
        }
    }
}

/// Where the handler of TERM writes to: a thread that may do more than a handler waits at the other end.
static TOLD: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_term(_: libc::c_int) {
    let byte = 0_u8;
    // SAFETY: write may be called in a handler.
    unsafe { libc::write(TOLD.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
}

fn stop_on_term() -> Arc<Stop> {
    let stop = Arc::new(Stop::default());
    let mut ends = [0; 2];
    // SAFETY: the kernel fills both ends; the handler only writes.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return stop;
        }
        TOLD.store(ends[1], Ordering::Relaxed);
        libc::signal(libc::SIGTERM, on_term as *const () as libc::sighandler_t);
    }
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        let mut byte = 0_u8;
        // SAFETY: one byte has room for one byte.
        while unsafe { libc::read(ends[0], (&raw mut byte).cast(), 1) } == 1 {
            told.stop();
        }
    });
    stop
}
