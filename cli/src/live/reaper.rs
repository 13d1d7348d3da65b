//! Who clears up if we cannot: a shell that outlives us.
//!
//! The problem: child processes, a folder and rules of the firewall must not survive us, even if we
//! are killed and have no chance to drop anything. The idea: a small shell reads from a pipe which
//! processes there are. As long as we live the pipe is open. When it closes without the word
//! `done`, the shell ends those processes and removes the rest. A key press that interrupts
//! everybody in the terminal does not reach it.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT
pids=' '
table=
while read -r word what; do
    case "$word" in
    begun) pids="$pids$what " ;;
    ended)
        case "$pids" in
        *" $what "*) pids="${pids%% $what *} ${pids#* $what }" ;;
        esac
        ;;
    table) table="$what" ;;
    done) exit 0 ;;
    esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
[ -z "$table" ] || PATH="$PATH:/usr/sbin:/sbin" nft delete table ip "$table" 2>/dev/null
while [ -e "$1" ] && ! rm -rf "$1" 2>/dev/null; do sleep 0.1; done
"#;

/// The shell, and the pipe that it reads.
pub struct Reaper {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Reaper {
    /// Begins to watch over a folder.
    pub fn start(folder: &Path) -> io::Result<Reaper> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "hashslot-reaper"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Reaper { shell, pipe })
    }

    /// A process has begun, and must not outlive us.
    pub fn begun(&mut self, pid: u32) {
        self.say(&format!("begun {pid}"));
    }

    /// It has ended, and its number may be another's now.
    pub fn ended(&mut self, pid: u32) {
        self.say(&format!("ended {pid}"));
    }

    /// There is a table of the firewall to be deleted.
    pub fn table(&mut self, name: &str) {
        self.say(&format!("table {name}"));
    }

    fn say(&mut self, line: &str) {
        if let Some(pipe) = &mut self.pipe {
            // A shell that is gone cannot be told, and there is no other.
            let _ = writeln!(pipe, "{line}");
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.say("done");
        self.pipe = None;
        let _ = self.shell.wait();
    }
}
