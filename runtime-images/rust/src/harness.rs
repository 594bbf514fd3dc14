//! The warm process; see ../../PROTOCOL.md.

use crate::call::{call, keep_panics, Failed};
use crate::kernel::{close_on_exec, end_group, write_all, Meter};
use crate::printed::Printed;
use crate::task::{Line, Stop};
use crate::{Handler, Task};
use serde_json::value::RawValue;
use serde_json::{json, Value};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::FromRawFd;
use std::sync::atomic::AtomicU64;
use std::sync::{mpsc, Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const CALLS_IN: i32 = 3;
const RESULTS_OUT: i32 = 4;

/// As it comes: id, input, run, task, attempt, workflow.
type Call = (u64, Box<RawValue>, String, String, u32, String);

struct Waiting {
    function: Arc<str>,
    call: Call,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Waiting>,
    running: HashMap<u64, Arc<Stop>>,
    defined: HashMap<u64, Arc<str>>,
    answers: HashMap<(u64, u64), mpsc::Sender<Value>>,
}

struct Harness {
    handlers: BTreeMap<String, Handler>,
    concurrency: usize,
    output_max: usize,
    state: Mutex<State>,
    arrived: Condvar,
    out: Mutex<()>,
    meter: Mutex<Meter>,
    printed: OnceLock<Arc<Printed>>,
}

pub(crate) fn serve(
    handlers: BTreeMap<String, Handler>,
    concurrency: usize,
    output_max: usize,
) -> ! {
    close_on_exec(CALLS_IN);
    close_on_exec(RESULTS_OUT);
    keep_panics();
    let harness = Arc::new(Harness {
        handlers,
        concurrency,
        output_max,
        state: Mutex::default(),
        arrived: Condvar::new(),
        out: Mutex::default(),
        meter: Mutex::default(),
        printed: OnceLock::new(),
    });
    let teller = Arc::clone(&harness);
    let printed = Printed::catch(Box::new(move |call, stream, lines| {
        teller.send(&json!(["log", call, epoch_ms() as u64, stream, lines]));
    }));
    let printed = match printed {
        Ok(printed) => printed,
        Err(error) => panic!("stdout and stderr: {error}"),
    };
    let _ = harness.printed.set(Arc::clone(&printed));
    for _ in 0..concurrency {
        let harness = Arc::clone(&harness);
        std::thread::spawn(move || harness.work());
    }
    harness.send(&json!(["ready", null, printed.pipes]));
    harness.read()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Harness {
    /// Takes messages until there are no more: then whoever started us is gone, and nothing that we have started may
    /// stay.
    fn read(self: &Arc<Self>) -> ! {
        // SAFETY: the pipe is ours, and nobody else reads it.
        let mut lines = BufReader::with_capacity(1 << 16, unsafe { File::from_raw_fd(CALLS_IN) });
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
            if self.take(&line).is_none() {
                eprintln!("not understood: {line}");
            }
            line.clear();
        }
        end_group()
    }

    fn take(&self, line: &str) -> Option<()> {
        let message: Vec<&RawValue> = serde_json::from_str(line).ok()?;
        let number = |at: usize| message.get(at)?.get().parse::<u64>().ok();
        match message.first()?.get() {
            "\"define\"" => {
                let run: Value = serde_json::from_str(message.get(2)?.get()).ok()?;
                locked(&self.state)
                    .defined
                    .insert(number(1)?, Arc::from(run["name"].as_str()?));
            }
            "\"call\"" => self.take_calls(
                number(1)?,
                serde_json::from_str(message.get(2)?.get()).ok()?,
            ),
            "\"cancel\"" => self.cancel(number(1)?),
            "\"recall\"" => self.give_back(|_| true),
            "\"answer\"" => {
                let asker = locked(&self.state)
                    .answers
                    .remove(&(number(1)?, number(2)?));
                let _ = asker?.send(serde_json::from_str(message.get(3)?.get()).ok()?);
            }
            _ => {}
        }
        Some(())
    }

    fn take_calls(&self, definition: u64, calls: Vec<Call>) {
        let mut state = locked(&self.state);
        let Some(function) = state.defined.get(&definition).cloned() else {
            return;
        };
        state.queue.extend(calls.into_iter().map(|call| Waiting {
            function: Arc::clone(&function),
            call,
        }));
        drop(state);
        self.arrived.notify_all();
    }

    fn cancel(&self, id: u64) {
        let running = locked(&self.state).running.get(&id).cloned();
        match running {
            Some(stop) => stop.stop(),
            None => self.give_back(|waiting| waiting.call.0 == id),
        }
    }

    fn give_back(&self, wanted: impl Fn(&Waiting) -> bool) {
        let mut message = vec![json!("recalled")];
        locked(&self.state).queue.retain(|waiting| {
            let given = wanted(waiting);
            if given {
                message.push(json!(waiting.call.0));
            }
            !given
        });
        self.send(&Value::Array(message));
    }

    fn work(self: &Arc<Self>) {
        loop {
            let mut state = locked(&self.state);
            let Waiting { function, call } = loop {
                if let Some(next) = state.queue.pop_front() {
                    break next;
                }
                state = self
                    .arrived
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            let stop = Arc::new(Stop::default());
            state.running.insert(call.0, Arc::clone(&stop));
            drop(state);
            self.run_one(&function, call, stop);
        }
    }

    fn run_one(self: &Arc<Self>, function: &str, call_of: Call, stop: Arc<Stop>) {
        let (id, input, run, task, attempt, workflow) = call_of;
        if self.concurrency == 1 || self.oldest() == Some(id) {
            self.print_for(Some(id));
        }
        let at = epoch_ms();
        let start = Instant::now();
        let line = Box::new(Pipe {
            harness: Arc::clone(self),
            id,
        });
        let task = Task {
            run,
            workflow,
            id: task,
            attempt,
            stop,
            line,
            asked: AtomicU64::new(0),
        };
        let result = match self.handlers.get(function) {
            Some(handler) => call(handler, &task, &input),
            None => Err(Failed::new(
                "start",
                "",
                format!("the program has no function {function}"),
            )),
        };
        let us = i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX);
        locked(&self.state).running.remove(&id);
        self.end(id, at, us, result);
    }

    fn end(&self, id: u64, at: u128, us: i64, result: Result<String, Failed>) {
        let result = result.and_then(|output| self.fitting(output));
        self.print_for(if self.concurrency == 1 {
            None
        } else {
            self.oldest()
        });
        let mut meter = locked(&self.meter);
        let memory = meter
            .memory_mb(us)
            .map_or(String::new(), |mb| format!("[\"memory\",{mb}]\n"));
        let cpu = if self.concurrency == 1 {
            format!(",{}", meter.cpu_us(us))
        } else {
            String::new()
        };
        drop(meter);
        let (kind, body) = match result {
            // A message is one line.
            Ok(output) => (
                "done",
                if output.contains('\n') {
                    output.replace('\n', " ")
                } else {
                    output
                },
            ),
            Err(failed) => ("fail", serde_json::to_string(&failed).unwrap_or_default()),
        };
        self.write(&format!(
            "{memory}[\"{kind}\",{id},{at},{us},{body}{cpu}]\n"
        ));
    }

    fn print_for(&self, call: Option<u64>) {
        if let Some(printed) = self.printed.get() {
            printed.print_for(call);
        }
    }

    fn oldest(&self) -> Option<u64> {
        locked(&self.state).running.keys().min().copied()
    }

    fn fitting(&self, output: String) -> Result<String, Failed> {
        if output.len() <= self.output_max {
            return Ok(output);
        }
        let text = format!(
            "the output has {} bytes, more than {}",
            output.len(),
            self.output_max
        );
        Err(Failed::new("output", "OutputError", text))
    }

    fn send(&self, message: &Value) {
        self.write(&format!("{message}\n"));
    }

    fn write(&self, text: &str) {
        let _one_at_a_time = locked(&self.out);
        write_all(RESULTS_OUT, text.as_bytes());
    }
}

fn epoch_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}

/// Of one call, to the executor.
struct Pipe {
    harness: Arc<Harness>,
    id: u64,
}

impl Line for Pipe {
    fn say(&self, message: Value) {
        self.harness.send(&json!([
            "say",
            self.id,
            u64::try_from(epoch_ms()).unwrap_or(0),
            message
        ]));
    }

    fn ask(&self, number: u64, message: Value, stop: &Stop) -> Option<Value> {
        let (answer, came) = mpsc::channel();
        locked(&self.harness.state)
            .answers
            .insert((self.id, number), answer);
        self.say(message);
        loop {
            match came.recv_timeout(std::time::Duration::from_millis(50)) {
                Ok(value) => return Some(value),
                Err(_) if stop.wait(std::time::Duration::ZERO) => return None,
                Err(_) => {}
            }
        }
    }
}
