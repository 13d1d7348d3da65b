//! Whose is what: labels on all that is made here, and a file in each folder.
//!
//! Everything carries the name of its run, and who runs it: a machine, a process of it, and when
//! that process began, since numbers of processes come again. What belongs to nobody who is alive
//! may be removed; what has no such label is never touched.

use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use rustix::process::{Pid, test_kill_process};

/// The labels.
pub const RUN: &str = "hashslot.run";
pub const OWNER: &str = "hashslot.owner";

/// The name of a run, which no other run has.
pub fn new_run() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{count:x}", std::process::id(), since.as_millis() & 0xff_ffff)
}

/// The labels of what this process makes for a run.
pub fn labels(run: &str) -> HashMap<String, String> {
    [(RUN, run.to_owned()), (OWNER, myself())].map(|(name, value)| (name.to_owned(), value)).into()
}

/// Whether the owner of something may still need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Alive,
    Gone,
    /// On another machine, which cannot be asked.
    Elsewhere,
}

impl Owner {
    /// Reads what [`myself`] wrote.
    pub fn read(label: &str) -> Owner {
        let mut parts = label.trim().split('/');
        let (machine, pid, began) = (parts.next(), parts.next(), parts.next());
        let Some(pid) = pid.and_then(|pid| pid.parse::<i32>().ok()).and_then(Pid::from_raw) else {
            return Owner::Gone;
        };
        if machine != Some(&machine_name()) {
            return Owner::Elsewhere;
        }
        let is_there = test_kill_process(pid) != Err(rustix::io::Errno::SRCH);
        let number = pid.as_raw_nonzero().get().unsigned_abs();
        match is_there && began == Some(&beginning(number)) {
            true => Owner::Alive,
            false => Owner::Gone,
        }
    }
}

/// This process, among all of all machines.
pub fn myself() -> String {
    let pid = std::process::id();
    format!("{}/{pid}/{}", machine_name(), beginning(pid))
}

fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().replace('/', "-")
}

/// When a process began, in ticks since its machine did; nothing where that is not told.
fn beginning(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is the program's name in parentheses, which may have spaces; the 22nd is it.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().nth(19).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_alive_gone_or_elsewhere() {
        let labels = labels("a");
        assert_eq!(Owner::read(&labels[OWNER]), Owner::Alive);
        let later = format!("{}/{}/never", machine_name(), std::process::id());
        assert_eq!(Owner::read(&later), Owner::Gone);
        let ended = format!("{}/{}/1", machine_name(), i32::MAX);
        assert_eq!(Owner::read(&ended), Owner::Gone);
        assert_eq!(Owner::read("another machine/1/1"), Owner::Elsewhere);
        assert_eq!(Owner::read(""), Owner::Gone);
    }

    #[test]
    fn no_two_runs_have_one_name() {
        assert_ne!(new_run(), new_run());
    }
}
