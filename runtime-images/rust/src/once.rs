//! Effects that happen once.

use crate::{Failure, Result, Task};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::{json, Value};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Task {
    /// Runs `function` unless an attempt at this task has already run it to its end under this key: then it gives what
    /// was returned there. So what a second attempt, or a message that came twice, would do again is done once. When
    /// the process dies between the effect and the note of it, `function` runs again in the next attempt. What it
    /// returns is kept as JSON, at most 64 KB.
    ///
    /// # Errors
    /// Those of `function`; `OnceError` where nothing can be kept, and `Cancelled` once the attempt is to stop.
    pub fn once<T, F>(&self, key: &str, function: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Result<T>,
    {
        loop {
            let told = self.ask_once(json!({"key": key}))?;
            if told["mine"] == json!(true) {
                break;
            }
            match told["wait"].as_u64() {
                Some(ms) if ms > 0 => self.sleep(Duration::from_millis(ms)),
                _ => return Ok(serde_json::from_value(told["value"].clone())?),
            };
        }
        let value = function()?;
        let told = self.ask_once(json!({"key": key, "value": value}))?;
        match told.get("value") {
            Some(before) => Ok(serde_json::from_value(before.clone())?),
            None => Ok(value),
        }
    }

    fn ask_once(&self, once: Value) -> Result<Value> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let told = self
            .line
            .ask(number, json!({"once": once, "ask": number}), &self.stop);
        let Some(told) = told else {
            return Err(if self.cancelled() {
                Failure::new("Cancelled", "the attempt was cancelled").into()
            } else {
                Failure::new(
                    "OnceError",
                    "only within a task: it needs somebody to remember",
                )
                .into()
            });
        };
        match told["error"].as_str() {
            Some(error) => Err(Failure::new("OnceError", error).into()),
            None => Ok(told),
        }
    }
}
