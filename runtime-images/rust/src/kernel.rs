//! What is asked of the kernel, or told it.

use std::time::{Duration, Instant};

/// What is started by us later does not get this pipe.
pub(crate) fn close_on_exec(fd: i32) {
    // SAFETY: a plain system call on a number.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
}

/// All of it, or nothing more once nobody listens.
pub(crate) fn write_all(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the bytes live as long as the call.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        if written > 0 {
            bytes = &bytes[written.unsigned_abs()..];
        } else if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Returns once all that was printed was read: a result must not overtake what was printed before it.
pub(crate) fn wait_until_read() {
    use std::io::Write;
    let _ = std::io::stdout().flush();
    for fd in [1, 2] {
        let mut pause = Duration::from_micros(20);
        while unread(fd) > 0 {
            std::thread::sleep(pause);
            pause = Duration::min(pause * 2, Duration::from_millis(1));
        }
    }
}

/// How many bytes that were written to a socket were not read by its other end; of a pipe, that are in it.
fn unread(fd: i32) -> i32 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: both requests write one int.
    let known = unsafe {
        libc::ioctl(fd, libc::TIOCOUTQ, &mut bytes) == 0
            || libc::ioctl(fd, libc::FIONREAD, &mut bytes) == 0
    };
    if known {
        bytes
    } else {
        0
    }
}

/// Ends this process and all of its group.
pub(crate) fn end_group() -> ! {
    // SAFETY: plain system calls.
    unsafe {
        if libc::getpgrp() == libc::getpid() {
            libc::kill(0, libc::SIGKILL);
        }
    }
    std::process::exit(1)
}

/// What calls have used.
#[derive(Default)]
pub(crate) struct Meter {
    cpu_us: i64,
    short_us: i64,
    memory_at: Option<Instant>,
}

impl Meter {
    /// The processor time of a call that took `us`. A short call's is its run time: asking the kernel would take longer
    /// than the call.
    pub fn cpu_us(&mut self, us: i64) -> i64 {
        if us < 1000 {
            self.short_us += us;
            return us;
        }
        // SAFETY: the kernel fills all of it.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_SELF, &mut usage);
            usage
        };
        let of = |time: libc::timeval| time.tv_sec * 1_000_000 + i64::from(time.tv_usec);
        let now = of(usage.ru_utime) + of(usage.ru_stime);
        let own = now - self.cpu_us - self.short_us;
        self.cpu_us = now;
        self.short_us = 0;
        own.max(0)
    }

    /// The most that was resident since the last look, in MB: now and then, and after long calls.
    pub fn memory_mb(&mut self, us: i64) -> Option<f64> {
        let now = Instant::now();
        let lately = self
            .memory_at
            .is_some_and(|at| now - at < Duration::from_secs(1));
        if lately && us < 50_000 {
            return None;
        }
        self.memory_at = Some(now);
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let kb: f64 = status
            .split("VmHWM:")
            .nth(1)?
            .split_whitespace()
            .next()?
            .parse()
            .ok()?;
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Some((kb / 102.4).round() / 10.0)
    }
}
