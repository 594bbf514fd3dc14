//! What this process prints to stdout and stderr, told of the call that printed it. Of functions that run side by side
//! nobody knows which it was: it is told of the one that has run the longest.

use crate::kernel::{catch_printed, read_some, wait_for_any};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A line is cut here that does not end.
const LINE_MAX: usize = 64_000;

type Tell = Box<dyn Fn(u64, usize, Vec<String>) + Send>;

pub(crate) struct Printed {
    pub pipes: [i32; 2],
    state: Mutex<State>,
}

struct State {
    /// Who prints.
    call: Option<u64>,
    open: [Vec<u8>; 2],
    tell: Tell,
}

impl Printed {
    pub fn catch(tell: Tell) -> std::io::Result<Arc<Self>> {
        let pipes = [catch_printed(1)?, catch_printed(2)?];
        let state = Mutex::new(State {
            call: None,
            open: [Vec::new(), Vec::new()],
            tell,
        });
        let printed = Arc::new(Self { pipes, state });
        let watcher = Arc::clone(&printed);
        std::thread::spawn(move || watcher.watch());
        Ok(printed)
    }

    /// Tells what a call prints while it runs.
    fn watch(&self) {
        loop {
            wait_for_any(self.pipes);
            // The last words of a crash are left to the executor, which finds them in the pipe.
            std::thread::sleep(Duration::from_millis(5));
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(call) = state.call else {
                // Nobody's: it waits for the next call.
                drop(state);
                continue;
            };
            for stream in 0..2 {
                state.read(self.pipes[stream], stream, call);
            }
        }
    }

    /// From now on this call prints, or none. What was printed before is told.
    pub fn print_for(&self, next: Option<u64>) {
        let _ = std::io::stdout().flush();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = state.call {
            for stream in 0..2 {
                state.read(self.pipes[stream], stream, call);
                let rest = std::mem::take(&mut state.open[stream]);
                if !rest.is_empty() {
                    (state.tell)(
                        call,
                        stream,
                        vec![String::from_utf8_lossy(&rest).into_owned()],
                    );
                }
            }
        }
        state.call = next;
    }
}

impl State {
    fn read(&mut self, pipe: i32, stream: usize, call: u64) {
        let mut buffer = [0; 1 << 14];
        loop {
            let length = read_some(pipe, &mut buffer);
            if length == 0 {
                return;
            }
            self.open[stream].extend_from_slice(&buffer[..length]);
            self.tell_lines(stream, call);
        }
    }

    fn tell_lines(&mut self, stream: usize, call: u64) {
        let open = &mut self.open[stream];
        let end = match open.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if open.len() > LINE_MAX => open.len(),
            None => return,
        };
        let whole: Vec<u8> = open.drain(..end).collect();
        let whole = whole.strip_suffix(b"\n").unwrap_or(&whole);
        let lines = whole.split(|byte| *byte == b'\n');
        let lines = lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        (self.tell)(call, stream, lines);
    }
}
