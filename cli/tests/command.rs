//! The binary as a person meets it: what it prints, and the code that it ends with.

use std::process::{Command, Output};

fn hashslot(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hashslot"))
        .args(args)
        .output()
        .expect("the binary was built for this test")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn slots_of_keys_are_printed_one_a_line() {
    let output = hashslot(&["slot", "foo", "{user1000}.following", ""]);
    assert_eq!(output.status.code(), Some(0));
    let expected = "12182  foo\n\
        3443  {user1000}.following  (hash tag: user1000)\n\
        0  (the empty key)\n";
    assert_eq!(printed(&output), expected);
}

#[test]
fn slots_can_be_read_by_programs() {
    let output = hashslot(&["slot", "--json", "user:1234", "a{b}"]);
    let expected = "{\"key\":\"user:1234\",\"slot\":15814,\"tag\":null}\n\
        {\"key\":\"a{b}\",\"slot\":3300,\"tag\":\"b\"}\n";
    assert_eq!(printed(&output), expected);
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_2() {
    assert_eq!(hashslot(&["slot"]).status.code(), Some(2));
    assert_eq!(hashslot(&["conquer"]).status.code(), Some(2));
}

#[test]
fn help_has_examples_and_exit_codes_and_no_colour_in_a_pipe() {
    let help = printed(&hashslot(&["--help"]));
    assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    assert!(!help.contains('\u{1b}'), "{help}");
}

#[test]
fn every_shell_gets_a_completion() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&hashslot(&["completion", shell]));
        assert!(script.contains("completion"), "{shell} got: {script}");
    }
}
