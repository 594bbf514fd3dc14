//! Running a function, and how it failed.

use crate::{Failure, Handler, Task};
use serde::Serialize;
use serde_json::value::RawValue;
use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};

/// How a call failed, in the words of the protocol.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    pub reason: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stack: String,
}

impl Failed {
    pub fn new(reason: &'static str, name: &str, message: impl AsRef<str>) -> Self {
        let message = cut(message.as_ref(), 2000).to_owned();
        Self {
            reason,
            name: cut(name, 200).to_owned(),
            message,
            stack: String::new(),
        }
    }
}

thread_local! {
    /// Where the panic was that is on its way to [`call`].
    static STACK: RefCell<String> = const { RefCell::new(String::new()) };
    static CALLING: RefCell<bool> = const { RefCell::new(false) };
}

/// Has panics of calls kept for their failure; others are told as ever.
pub(crate) fn keep_panics() {
    let before = std::panic::take_hook();
    set_hook(Box::new(move |info| {
        if !CALLING.with_borrow(|calling| *calling) {
            before(info);
            return;
        }
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let stack = own_stack(&Backtrace::force_capture().to_string());
        STACK.with_borrow_mut(|kept| *kept = format!("at {place}\n{stack}"));
    }));
}

/// A panic is a failure, as an error is.
pub(crate) fn call(handler: &Handler, task: &Task, input: &RawValue) -> Result<String, Failed> {
    CALLING.with_borrow_mut(|calling| *calling = true);
    let result = catch_unwind(AssertUnwindSafe(|| handler(task, input)));
    CALLING.with_borrow_mut(|calling| *calling = false);
    result.unwrap_or_else(|cause| Err(panicked(&*cause)))
}

fn panicked(cause: &(dyn Any + Send)) -> Failed {
    let mut failed = if let Some(failure) = cause.downcast_ref::<Failure>() {
        Failed::new("error", &failure.name, &failure.message)
    } else if let Some(text) = cause.downcast_ref::<&str>() {
        Failed::new("error", "panic", text)
    } else if let Some(text) = cause.downcast_ref::<String>() {
        Failed::new("error", "panic", text)
    } else {
        Failed::new("error", "panic", "a panic without a text")
    };
    STACK.with_borrow_mut(|kept| failed.stack = cut(&std::mem::take(kept), 8000).to_owned());
    failed
}

pub(crate) fn describe(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Failed {
    match error.downcast_ref::<Failure>() {
        Some(failure) => Failed::new("error", &failure.name, &failure.message),
        None => Failed::new("error", &debug_name(error), error.to_string()),
    }
}

/// What derived `Debug` forms begin with is the type's name.
fn debug_name(error: &dyn std::error::Error) -> String {
    let form = format!("{error:?}");
    let name: String = form
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let is_name = name.starts_with(char::is_uppercase);
    if is_name {
        name
    } else {
        "Error".to_owned()
    }
}

/// Without the frames of the panic itself, before, and of ours, behind.
fn own_stack(stack: &str) -> String {
    let lines: Vec<&str> = stack.lines().collect();
    let is_panic =
        |line: &&str| line.contains("core::panicking::") || line.contains("std::panic::panic_any");
    let after = lines.iter().rposition(is_panic).map_or(0, |at| at + 2);
    let behind = lines.get(after..).unwrap_or(&[]);
    let ours = behind
        .iter()
        .position(|line| line.contains("fanfold::Functions::add"));
    behind[..ours.unwrap_or(behind.len())].join("\n")
}

/// At most so many bytes, whole characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
