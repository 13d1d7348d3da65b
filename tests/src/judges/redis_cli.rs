//! redis-cli as a person at a terminal uses it, and what it shows.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long redis-cli may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// What is typed.
pub enum Input<'a> {
    None,
    /// All of it at once, as from a file.
    Text(&'a str),
    /// Each line when what was shown since the last one ends with its question.
    Answers(&'a [(&'a str, &'a str)]),
}

/// Runs redis-cli to its end: the command, what was shown, errors, and the exit code, as the
/// recorded transcripts have it.
pub fn run(args: &[&str], input: &Input) -> String {
    finish(start(Command::new("redis-cli"), args), args, input)
}

/// The same, but interrupted after a time, as those of its modes need that do not end.
pub fn run_for(args: &[&str], time: Duration) -> String {
    // What is not for a terminal is kept in a buffer, which an interruption would lose.
    let mut command = Command::new("stdbuf");
    command.args(["-oL", "redis-cli"]);
    let mut child = start(command, args);
    let output = read_all(child.stdout.take().expect("its output is piped"));
    thread::sleep(time);
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
    String::from_utf8_lossy(&output.iter().flatten().collect::<Vec<u8>>()).into_owned()
}

fn start(mut command: Command, args: &[&str]) -> Child {
    command
        .args(args)
        .env_remove("REDISCLI_AUTH")
        .env_remove("FAKETTY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program that told its version starts")
}

fn finish(mut child: Child, args: &[&str], input: &Input) -> String {
    let output = read_all(child.stdout.take().expect("its output is piped"));
    let errors = read_all(child.stderr.take().expect("its errors are piped"));
    let mut keys = child.stdin.take();
    let mut shown = Vec::new();
    match input {
        Input::None => {}
        Input::Text(text) => type_in(&mut keys, text),
        Input::Answers(answers) => {
            for (question, answer) in *answers {
                wait_for(question, &output, &mut shown);
                type_in(&mut keys, &format!("{answer}\n"));
            }
        }
    }
    drop(keys);
    let begun = Instant::now();
    loop {
        match output.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
            Ok(part) => shown.extend(part),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // It is told below that it did not end.
                let _ = child.kill();
                break;
            }
        }
    }
    let code = child.wait().expect("a child can be waited for").code();
    let code = code.map_or_else(|| "none: it did not end".to_owned(), |code| code.to_string());
    let errors: Vec<u8> = errors.iter().flatten().collect();
    let errors = match errors.is_empty() {
        true => String::new(),
        false => format!("\n[stderr]\n{}", String::from_utf8_lossy(&errors)),
    };
    let shown = String::from_utf8_lossy(&shown);
    format!("$ redis-cli {}\n{shown}{errors}\n[exit {code}]\n", args.join(" "))
}

fn type_in(keys: &mut Option<ChildStdin>, text: &str) {
    // A program that has ended reads nothing any more; its exit code tells.
    let _ = keys.as_mut().expect("its input is open").write_all(text.as_bytes());
}

fn wait_for(question: &str, output: &Receiver<Vec<u8>>, shown: &mut Vec<u8>) {
    let from = shown.len();
    while !String::from_utf8_lossy(&shown[from..]).contains(question) {
        match output.recv_timeout(PATIENCE) {
            Ok(part) => shown.extend(part),
            Err(_) => panic!(
                "redis-cli did not ask {question:?}; it showed:\n{}",
                String::from_utf8_lossy(shown)
            ),
        }
    }
}

/// Reads in a thread of its own until the end.
fn read_all(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            if sender.send(chunk[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}
