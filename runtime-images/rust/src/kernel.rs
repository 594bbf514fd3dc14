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

/// Makes a pipe of stdout (1) or stderr (2) that this process reads; gives where.
pub(crate) fn catch_printed(fd: i32) -> std::io::Result<i32> {
    let mut ends = [0; 2];
    // SAFETY: the kernel fills both ends.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 || libc::dup2(ends[1], fd) < 0 {
            return Err(std::io::Error::last_os_error());
        }
        libc::close(ends[1]);
        libc::fcntl(ends[0], libc::F_SETFL, libc::O_NONBLOCK);
    }
    Ok(ends[0])
}

/// What is in a pipe now, up to the size of the buffer; 0 where there is nothing.
pub(crate) fn read_some(fd: i32, buffer: &mut [u8]) -> usize {
    // SAFETY: the kernel fills no more than there is room for.
    let length = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(length).unwrap_or(0)
}

/// Waits until something is in one of the pipes.
pub(crate) fn wait_for_any(fds: [i32; 2]) {
    let mut pipes = fds.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: there are two.
    unsafe { libc::poll(pipes.as_mut_ptr(), 2, -1) };
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
