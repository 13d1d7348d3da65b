//! Texts that mean harm, or were never meant for us: each is shown as text or refused with a word
//! on why, within a moment, and the lab that is open stays as it was.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use hashslot_core::lab::{Answer, Ask, Pause};

use super::links::pack;
use super::page::Page;

/// As long as any text may take. A machine under load is slow; what is unbounded takes hours.
const MOMENT: Duration = Duration::from_secs(20);

/// A lesson of this body, on a cluster as it is written here.
fn lesson(cluster: &str, body: &str) -> String {
    format!(
        "---\nformat: 1\nredis: \"7.0\"\ntitle: Mine\nabout: A lesson.\nminutes: 1\n\
         misconception: \"None.\"\ncluster: {cluster}\n---\n\n{body}\n"
    )
}

const SMALL: &str = "{ masters: 3, replicas: 1 }";

/// Opens a text on a page that has a lesson open; what is said, if it does not open.
fn open(source: &str) -> (Page, Option<String>) {
    let mut page = Page::at("redirects");
    let before = page.look();
    let start = Instant::now();
    let said = match page.open_text("x.md", source) {
        Answer::Opened { .. } => None,
        Answer::Broken { diagnostics } => Some(diagnostics.join("\n")),
        Answer::Refused { hint } => Some(hint),
        other => panic!("{other:?}"),
    };
    assert!(start.elapsed() < MOMENT, "it took {:?}", start.elapsed());
    if let Some(said) = &said {
        assert!(said.len() < 20_000, "a message is to be read: {} bytes", said.len());
        assert_eq!(page.look(), before, "the open lab stays");
    }
    (page, said)
}

fn refused(source: &str) -> String {
    open(source).1.expect("it is refused")
}

#[test]
fn a_text_of_ten_megabytes_is_refused() {
    for unit in ["a", "\n", "# x\n", "> ", "```lab\n", "(", "\u{1f600}", "---\n", "lab=2.A"] {
        let source = unit.repeat((10 << 20) / unit.len());
        let said = refused(&source);
        assert!(said.contains("10240 KB") || said.contains("10239 KB"), "{said}");
        assert!(said.contains("at most 1,024 KB"), "{said}");
    }
}

#[test]
fn a_text_as_long_as_one_may_be_is_read_in_a_moment() {
    let units =
        ["a", "\n", "- ", "> ", "*", "_a", "[", "[a](b) ", "`", "```lab\n", "$ x\n", "&amp;"];
    for unit in units {
        let body = unit.repeat((1_000 << 10) / unit.len());
        open(&lesson(SMALL, &body));
        open(&unit.repeat((2_000 << 10) / unit.len()));
    }
}

#[test]
fn deep_nesting_is_refused_or_shown() {
    for unit in ["> ", "- ", "* a\n ", "[", "**a", "1. "] {
        open(&lesson(SMALL, &unit.repeat(20_000)));
    }
    for open_sign in ["[", "{a: ", "- "] {
        let said = refused(&lesson(&open_sign.repeat(20_000), "Text."));
        assert!(!said.is_empty());
    }
    let aliases = "{ masters: &a 3, replicas: *a }";
    refused(&lesson(aliases, "Text."));
}

#[test]
fn scripts_are_text() {
    let body = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n\
                [click](javascript:alert(1)) ![x](https://example.org/x.png)";
    if let (mut page, None) = open(&lesson(SMALL, body)) {
        let Answer::Shown(_) = page.ask(Ask::Show) else { panic!("it stays open") };
    }
}

#[test]
fn clusters_beyond_measure_are_refused() {
    for (cluster, said) in [
        ("{ masters: 65535, replicas: 0 }", "more than a stage holds"),
        ("{ masters: 65535, replicas: 65535 }", "more than a stage holds"),
        ("{ masters: 1, replicas: 65535 }", "more than a stage holds"),
        ("{ masters: 0, replicas: 1 }", "a cluster needs a master"),
        ("{ masters: 65536 }", "65536"),
        ("{ masters: -1 }", "-1"),
        ("{ masters: 3, node-timeout: 0s }", "node timeout is zero"),
        ("{ masters: 3, node-timeout: 99999999999999999s }", "no duration"),
        ("{ masters: 3, seed: 99999999999999999999999 }", ""),
        ("{ masters: 1e9 }", ""),
        ("{ masters: .inf }", ""),
    ] {
        let found = refused(&lesson(cluster, "Text."));
        assert!(found.contains(said), "{cluster}: {found}");
    }
}

#[test]
fn a_slow_or_strange_cluster_opens_in_a_moment() {
    for cluster in [
        "{ masters: 3, replicas: 1, node-timeout: 100h }",
        "{ masters: 3, replicas: 1, node-timeout: 1us }",
        "{ masters: 3, replicas: 1, latency: 100h }",
        "{ masters: 3, replicas: 1, latency: 1us, node-timeout: 876000h }",
        "{ masters: 3, replicas: 1, node-timeout: 1s, latency: 100ms }",
        "{ masters: 50, replicas: 1 }",
    ] {
        open(&lesson(cluster, "Text."));
    }
}

/// Lines that would run until the sun is cold.
const ENDLESS: &[&str] = &[
    "$ run 99999999999999s",
    "$ run 876000h",
    "$ run 100000000s",
    "$ run until 7000 cluster fail within 876000h",
    "$ run until 7004 is master within 99999999999999s",
];

#[test]
fn a_run_beyond_measure_is_refused_as_a_line_and_in_a_lesson() {
    let mut page = Page::at("redirects");
    for line in ENDLESS {
        let before = page.look();
        let hint = page.hint(Ask::Do { line: (*line).to_owned() });
        assert!(hint.contains("at most") || hint.contains("no duration"), "{line}: {hint}");
        assert_eq!(page.look(), before);
        let said = refused(&lesson(SMALL, &format!("Text.\n\n```lab\n{line}\n```")));
        assert!(said.contains("at most") || said.contains("no duration"), "{line}: {said}");
    }
}

#[test]
fn strange_numbers_in_lines_are_refused_or_bounded() {
    let mut page = Page::at("redirects");
    for line in [
        "$ workload 4294967295/s",
        "$ workload 99999999999/s",
        "$ workload 50/s keys 4294967295",
        "$ clock 7000 +876000h",
        "$ clock 7000 -876000h",
        "$ slow 7000 > 7001 876000h",
        "$ slow 7000 > 7001 1us jitter 876000h",
        "$ roll 7004 delay 876000h",
        "$ events 4294967295",
        "$ kill 65535",
        "$ kill 0",
        "$ kill 99999",
        "$ partition 7000 | 7000",
        "> SETRANGE a 536870911 x",
        "> SETRANGE a 99999999999999999999 x",
        "7000> CLUSTER KEYSLOT",
        "",
        "$",
        ">",
        "\u{0}",
    ] {
        let start = Instant::now();
        page.ask(Ask::Do { line: line.to_owned() });
        page.ask(Ask::Do { line: "$ run 1s".to_owned() });
        assert!(start.elapsed() < MOMENT, "{line} took {:?}", start.elapsed());
        page.shown(Ask::BackToLesson);
    }
    page.ask(Ask::Do { line: format!("> SET a {}", "x".repeat(1 << 20)) });
    page.ask(Ask::Do { line: "> ".repeat(1 << 20) });
    page.shown(Ask::BackToLesson);
    assert_eq!(page.look().lesson.pause, Pause::Waiting);
}

#[test]
fn a_saved_run_beyond_measure_is_refused() {
    let run = |cluster: &str, script: &str| {
        format!("hashslot session 1\ncluster {cluster}\n{script}\nend digest=0000000000000000\n")
    };
    let small = "masters=3 replicas=1 port=7000 seed=1";
    for source in [
        run(small, "until 876000h"),
        run(small, "until 99999999999999s"),
        run("masters=1000 replicas=10", "until 1h"),
        run("masters=65535 replicas=65535", "until 1s"),
        run(small, "$ run 876000h"),
        run(small, &"$ run 1h\n".repeat(10_000)),
        run(&format!("{small} latency=876000h jitter=876000h"), "until 1s"),
        run(&format!("{small} epoch=876000h"), "until 1s"),
        run(small, "setting cluster-node-timeout 99999999999999999999"),
    ] {
        let said = refused(&source);
        assert!(said.contains("line ") || said.contains("more than"), "{said}");
    }
}

#[test]
fn a_link_that_would_play_for_ever_is_refused() {
    let play = |deeds: &str| {
        let json = format!(
            r#"{{"v":"0.1.0","o":{{"l":{{"id":"redirects","sum":"0"}}}},"d":{deeds},
            "t":0,"p":null,"h":"0"}}"#
        );
        pack(json.as_bytes())
    };
    let many = |deed: &str, times: usize| format!("[{}]", vec![deed; times].join(","));
    for source in [
        play(r#"[{"n":4000000000}]"#),
        play(&many(r#"{"n":4294967295}"#, 1_000)),
        play(&many(r#"{"p":null}"#, 100_000)),
        play(&many(r#"{"p":null}"#, 4_000)),
        play(&many(r#"{"d":[null,"$ run 1h"]}"#, 4_000)),
        pack(&vec![b' '; 64 << 20]),
        pack("[".repeat(1 << 20).as_bytes()),
        format!("lab=2.{}", "A".repeat(1 << 20)),
    ] {
        let said = refused(&source);
        assert!(said.contains("link"), "{said}");
    }
}

/// A link whose lesson is a link whose lesson is a link.
#[test]
fn a_link_in_a_link_is_refused() {
    let inner = Page::at("redirects").link();
    let json = format!(
        r#"{{"v":"0.1.0","o":{{"f":{{"file":"x","source":"{inner}"}}}},"d":[],"t":0,"p":null,
        "h":"0"}}"#
    );
    assert!(refused(&pack(json.as_bytes())).contains("damaged"));
    let spaced = json.replace("\"source\":\"", "\"source\":\" ");
    assert!(refused(&pack(spaced.as_bytes())).contains("damaged"));
}
