//! The binary as a person and a program meet it: what it prints, and the code that it ends with.
//!
//! Lines for the shell are in `cli/*.in`, what must come out in `cli/*.txt`. To write the golden
//! files anew, run the tests with `UPDATE_GOLDEN=1` and read the difference.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hashslot_tests::binary;
use serde_json::Value;

/// A folder that is empty, for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is there if the test ran before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the binary in a folder with lines for its standard input.
fn hashslot(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut process = Command::new(binary())
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone before it is told anything.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn assert_golden(name: &str, found: &str) {
    let path = here().join("cli").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == found, "{name} is not what came out:\n{found}");
}

fn json_lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_lesson_plays_to_its_end_without_a_person() {
    let output = hashslot(&here(), &["run", "8", "--no-input"], "");
    assert_eq!(code(&output), 0);
    assert_golden("run-8.txt", &text(&output.stdout));
    let same = hashslot(&here(), &["run", "a-master-dies"], "");
    assert_eq!(same.stdout, output.stdout, "a pipe is no person");
}

#[test]
fn a_lesson_can_be_read_by_programs() {
    let output = hashslot(&here(), &["run", "8", "--json"], "");
    let items = json_lines(&output);
    let kinds: Vec<&str> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    let wanted = ["lesson", "prose", "step", "printed", "event", "prediction", "verdict", "quiz"];
    for kind in wanted {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    assert_eq!(kinds.last(), Some(&"end"));
    let verdict = items.iter().find(|item| item["kind"] == "verdict").unwrap();
    assert_eq!(verdict["right"], 2);
    assert_eq!(verdict["chosen"], Value::Null);
}

#[test]
fn shipped_lessons_pass_their_test() {
    let output = hashslot(&here(), &["test"], "");
    assert_eq!(code(&output), 0);
    assert!(text(&output.stderr).is_empty());
    assert_golden("test-shipped.txt", &text(&output.stdout));
    let items = json_lines(&hashslot(&here(), &["test", "--json"], ""));
    let end = items.last().unwrap();
    assert_eq!(end["lessons"], end["passed"]);
}

#[test]
fn a_broken_lesson_fails_with_its_mistakes() {
    let folder = here().join("lessons-bad");
    let golden = fs::read_to_string(folder.join("verb.txt")).unwrap();
    let tested = hashslot(&folder, &["test", "verb.md"], "");
    assert_eq!(code(&tested), 1);
    assert_eq!(text(&tested.stderr).trim(), golden.trim());
    assert!(text(&tested.stdout).starts_with("broken  verb.md\n"));
    let played = hashslot(&folder, &["run", "verb.md"], "");
    assert_eq!(code(&played), 1);
    assert_eq!(text(&played.stderr).trim(), golden.trim());
}

#[test]
fn a_lesson_that_its_run_refutes_fails() {
    let folder = here().join("lessons-bad");
    let output = hashslot(&folder, &["test", "two_options.md"], "");
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("this option matches the run, and so does the one"));
}

#[test]
fn an_update_rewrites_output_and_asks_before_it_changes_an_error() {
    let folder = folder("update");
    let lesson = here().join("../docs/lessons/en/08-a-master-dies.md");
    let right = fs::read_to_string(lesson).unwrap().replace("\r\n", "\n");
    let stale = right.replace("cluster_slots_ok:10922", "cluster_slots_ok:1");
    let file = folder.join("mine.md");
    fs::write(&file, &stale).unwrap();

    assert_eq!(code(&hashslot(&folder, &["test", "mine.md"], "")), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), stale, "a test changes nothing");
    let updated = hashslot(&folder, &["test", "mine.md", "--update"], "");
    assert_eq!(code(&updated), 0, "{}", text(&updated.stderr));
    assert_golden("test-update.txt", &text(&updated.stdout));
    assert_eq!(fs::read_to_string(&file).unwrap(), right);

    let wrong = right.replace("GET hello\n\"world\"", "GET hello\n(error) ERR no");
    assert_ne!(wrong, right);
    fs::write(&file, &wrong).unwrap();
    let refused = hashslot(&folder, &["test", "mine.md", "--update"], "");
    assert_eq!(code(&refused), 1);
    assert!(text(&refused.stderr).contains("update again with --accept"));
    assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
    let accepted = hashslot(&folder, &["test", "mine.md", "--update", "--accept"], "");
    assert_eq!(code(&accepted), 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), right);
}

#[test]
fn a_saved_run_loads_to_the_same_digest() {
    let folder = folder("shell");
    let lines = fs::read_to_string(here().join("cli/kill-rewind-save.in")).unwrap();
    let output = hashslot(&folder, &["shell"], &lines);
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}");
    assert_golden("kill-rewind-save.txt", &shown);
    let saved = shown.lines().find_map(|line| line.strip_prefix("saved to its end; ")).unwrap();
    assert!(shown.contains(&format!("loaded, and played to its end; {saved}\n")), "{shown}");
    let again = hashslot(&folder, &["shell", "--load", "failover.txt"], "digest\n");
    let digest = saved.strip_prefix("digest=").unwrap();
    assert!(text(&again.stdout).ends_with(&format!("{digest}\n")));
}

#[test]
fn a_run_with_real_clients_is_played_to_its_end() {
    let folder = folder("recorded");
    let text_of_run = hashslot_tests::outside::recorded(1);
    let (body, end) = text_of_run.trim_end().rsplit_once('\n').unwrap();
    let play = |content: &str, more: &[&str]| {
        fs::write(folder.join("run.session"), content).unwrap();
        let output = hashslot(&folder, &[&["run", "run.session"], more].concat(), "");
        (code(&output), text(&output.stdout) + text(&output.stderr).as_str())
    };
    let (status, said) = play(&text_of_run, &[]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("The same digest as in the file."), "{said}");
    assert!(said.contains(end.strip_prefix("end digest=").unwrap()), "{said}");
    let (status, said) = play(&text_of_run, &["--json"]);
    assert!(status == 0 && said.contains(r#""verdict":"same""#), "{said}");
    let (status, said) = play(&format!("{body}\nend digest=0123456789abcdef\n"), &[]);
    assert!(status == 1 && said.contains("The file says 0123456789abcdef"), "{said}");
    let (status, said) = play(&format!("{body}\n"), &[]);
    assert!(status == 0 && said.contains("The last line of the file is missing"), "{said}");
    let (status, said) = play(&text_of_run.replacen("open ", "opens ", 1), &[]);
    assert!(status == 2 && said.contains("run.session: line "), "{said}");
}

#[test]
fn the_shell_says_what_would_have_been_right() {
    let lines = fs::read_to_string(here().join("cli/wrong-lines.in")).unwrap();
    let output = hashslot(&folder("wrong"), &["shell"], &lines);
    assert_eq!(code(&output), 1, "a script with a wrong line fails");
    let shown = text(&output.stdout);
    // What the system says about a file that is not there differs between systems.
    let line = |line: &str| match line.split_once(" cannot be read: ") {
        Some((before, _)) => format!("{before} cannot be read: ...\n"),
        None => format!("{line}\n"),
    };
    assert_golden("wrong-lines.txt", &shown.lines().map(line).collect::<String>());
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    let run = |seed: &str| {
        let lines = "kill 7001\nrun 20s\ndigest\n";
        hashslot(&here(), &["shell", "--replicas", "2", "--seed", seed], lines).stdout
    };
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let output = hashslot(&here(), &["run", "a-master-die"], "");
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("did you mean a-master-dies?") && said.contains("redirects"), "{said}");
    assert_eq!(code(&hashslot(&here(), &["test", "nowhere.md"], "")), 2);
    assert_eq!(code(&hashslot(&here(), &["test", "8", "--update"], "")), 2);
    assert_eq!(code(&hashslot(&here(), &["test", "x.md", "--accept"], "")), 2);
    assert_eq!(code(&hashslot(&here(), &["shell", "--masters", "0"], "")), 2);
}

#[test]
fn a_lab_that_was_saved_on_the_page_is_known() {
    let folder = folder("lab");
    fs::write(folder.join("mine.md"), "lab=2.anything\n").unwrap();
    let output = hashslot(&folder, &["run", "mine.md"], "");
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("mine.md is a lab") && said.contains("drop it there"), "{said}");
}

#[test]
fn one_leaves_the_shell_as_one_leaves_any_other() {
    for word in ["exit", "quit"] {
        let output = hashslot(&here(), &["shell"], &format!("{word}\nkill 7001\n"));
        assert_eq!(code(&output), 0, "{word}");
        let shown = text(&output.stdout);
        assert!(!shown.contains("The process of 7001 is gone"), "{word}: {shown}");
    }
}

#[test]
fn an_image_is_only_for_containers() {
    for on in [&[][..], &["--on", "processes"]] {
        let args = [&["test", "8", "--image", "redis:7.0.15"], on].concat();
        let output = hashslot(&here(), &args, "");
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains("say --on docker"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_lesson_that_is_no_text_is_a_mistake_with_a_place() {
    let folder = folder("bytes");
    fs::write(folder.join("bytes.md"), b"---\nformat: \xff\n---\n").unwrap();
    let output = hashslot(&folder, &["run", "bytes.md"], "");
    assert_eq!(code(&output), 1);
    let said = text(&output.stderr);
    assert!(said.contains("bytes.md:2:1") && said.contains("save it as UTF-8"), "{said}");
}

#[test]
fn every_command_has_help_with_examples_and_exit_codes() {
    for command in ["serve", "run", "test", "replay", "shell", "clean", "slot", "completion"] {
        let help = text(&hashslot(&here(), &[command, "--help"], "").stdout);
        let is_whole = help.contains("Examples:") && help.contains("Exit codes:");
        assert!(is_whole, "{command}: {help}");
    }
}

#[test]
fn completion_knows_the_lessons() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&hashslot(&here(), &["completion", shell], "").stdout);
        assert!(script.contains("a-master-dies"), "{shell}");
    }
}

#[test]
fn slots_are_shown() {
    let output = hashslot(&here(), &["slot", "foo", "{user1000}.following"], "");
    let expected = "12182  foo\n3443  {user1000}.following  (hash tag: user1000)\n";
    assert_eq!(text(&output.stdout), expected);
}
