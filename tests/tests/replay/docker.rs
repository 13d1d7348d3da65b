//! In containers: a lesson is equal there, too, and nothing is left.

use std::process::Stdio;

use hashslot_tests::live::engine::{Witness, docker, image};

use super::common::{code, command, folder, replay, source, text};

const STAGE: &str = "{ masters: 3, replicas: 1, node-timeout: 1s }";

#[test]
fn a_lesson_is_equal_in_containers_and_leaves_none() {
    let Some(_) = docker() else { return };
    let lines = [
        "7000> GET user:1",
        "(error) MOVED 10778 127.0.0.1:7001",
        "> SET user:1 alice",
        "$ run 1s",
        "$ kill 7001",
        "$ run until 7004 is master within 20s",
        "$ run until settled",
        "7004> GET user:1",
    ];
    let args = ["--on", "docker", "--image", &image()[..]];
    // A machine with other work may be too late for a moment: such a play is not repeated the same.
    for attempt in 1..=2 {
        let child = command(&folder("docker"), &source(STAGE, &lines), &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let pid = child.id();
        let output = child.wait_with_output().expect("it ends");
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(Witness::new().made_by(pid), Vec::<String>::new(), "something is left");
        assert!(shown.contains("on docker (Redis 7.0."), "{shown}");
        if code(&output) == 0 {
            return;
        }
        assert_eq!((code(&output), attempt), (1, 1), "{shown}");
        println!("played again because of this:\n{shown}");
    }
}

#[test]
fn a_missing_image_is_told_with_its_remedy() {
    let Some(_) = docker() else { return };
    let lesson = source(STAGE, &["7000> PING"]);
    let args = ["--on", "docker", "--image", "hashslot-no-such-image:0"];
    let output = replay(&folder("no-image"), &lesson, &args);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("hashslot-no-such-image:0"), "{}", text(&output.stderr));
}
