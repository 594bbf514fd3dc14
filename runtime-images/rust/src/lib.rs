//! Makes Fanfold tasks out of Rust functions.
//!
//! ```no_run
//! use fanfold::{Result, Task};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Picture { url: String, width: u32 }
//! #[derive(Serialize)]
//! struct Thumbnail { url: String }
//!
//! fn resize(task: &Task, input: Picture) -> Result<Thumbnail> {
//!     task.progress("loading", 0.1);
//!     Ok(Thumbnail { url: format!("{}?{}", input.url, input.width) })
//! }
//!
//! fn main() {
//!     fanfold::Functions::new().add("resize", resize).main();
//! }
//! ```
//!
//! The program that this makes is both: run as `worker resize` it is a program of its own, that reads its input, runs
//! the function once and ends; as `function: bin/worker#resize` in a workflow it stays, and is called again and again,
//! some ten thousand times a second.

mod call;
mod harness;
mod kernel;
mod once;
mod printed;
mod program;
mod task;

use serde::{de::DeserializeOwned, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub use task::{SubTask, Task};

/// What a function gives. Any error will do; its message is told, and its name: of a [`Failure`] its own, else what its
/// `Debug` form begins with.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An error with a name, for `retry: {on: [{error: NAME}]}` in workflows.
#[derive(Debug, Clone)]
pub struct Failure {
    pub name: String,
    pub message: String,
}

impl Failure {
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

type Handler =
    Box<dyn Fn(&Task, &RawValue) -> std::result::Result<String, call::Failed> + Send + Sync>;

/// What a program can do, by the names that workflows know it by.
#[derive(Default)]
pub struct Functions {
    handlers: BTreeMap<String, Handler>,
}

impl Functions {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function. Its input is read into `I`, what it gives is written as JSON. An input that does not fit into
    /// `I` is an error named `InputError`, before the function is called.
    #[must_use]
    pub fn add<I, O, F>(mut self, name: &str, function: F) -> Self
    where
        I: DeserializeOwned,
        O: Serialize,
        F: Fn(&Task, I) -> Result<O> + Send + Sync + 'static,
    {
        let handler: Handler = Box::new(move |task, input| {
            let input = serde_json::from_str(input.get())
                .map_err(|error| call::Failed::new("error", "InputError", error.to_string()))?;
            let output = function(task, input).map_err(|error| call::describe(&*error))?;
            serde_json::to_string(&output)
                .map_err(|error| call::Failed::new("output", "OutputError", error.to_string()))
        });
        self.handlers.insert(name.to_owned(), handler);
        self
    }

    /// Makes this program serve the functions. It does not return.
    ///
    /// Started by a workflow's `function: worker#name` it serves calls. Else it runs the function that its first
    /// argument names (or the only one) once: the input is the file `TASK_INPUT`, or stdin; the output goes into the
    /// file `TASK_OUTPUT`, or to stdout. It ends with 1 when the function fails, with 2 when there is no such function.
    pub fn main(self) -> ! {
        let arguments: Vec<String> = std::env::args().collect();
        if arguments.get(1).map(String::as_str) == Some("fanfold-harness") {
            let number = |at: usize, otherwise| {
                arguments
                    .get(at)
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(otherwise)
            };
            harness::serve(self.handlers, number(2, 1), number(3, 16 << 20))
        }
        std::process::exit(program::run_once(
            &self.handlers,
            arguments.get(1).map(String::as_str),
        ))
    }
}
