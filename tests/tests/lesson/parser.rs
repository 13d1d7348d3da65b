//! The lesson parser reads anything without a panic, and points into the file when it refuses.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use hashslot_core::lesson::{
    Block, Colour, ErrorCodes, Lesson, Markdown, Mode, Observation, Runner, RunnerAsk, Target,
    escape, update,
};
use proptest::prelude::*;

const FRONT: &str = "---\nformat: 1\nredis: \"7.0\"\ntitle: T\nabout: A\nminutes: 1\n\
                     misconception: M\ncluster: { masters: 3, replicas: 1 }\n---\n";

fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "---\n",
        "```lab\n",
        "```\n",
        "~~~quiz\n",
        "~~~\n",
        "```predict\n",
        "````look\n",
        "````\n",
        "format: 1\n",
        "cluster: { masters: 3 }\n",
        "title: [\n",
        "$ kill 7001\n",
        "$ run\n",
        "7000> GET k\n",
        "> SET k \"v\n",
        "ask: what?\n",
        "( ) a\n",
        "(x) b | c\n",
        "[ ] d\n",
        "    counter: run 1s\n",
        "    never: no\n",
        "    \u{e9}\u{301}\n",
        "...\n",
        "<id 7001> <any>\n",
        "unordered\n",
        "# T\n",
        "- a\n  - b\n",
        "> q\n",
        "|a|b|\n|-|-|\n",
        "<b>x</b>\n",
        "\r\n",
        "\\\n",
        "*",
        "[x](y)",
        "\t",
        "\u{0}",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

fn check(source: &str) {
    match Lesson::parse("x.md", source) {
        Ok(lesson) => play(lesson),
        Err(found) => {
            assert!(!found.is_empty());
            let lines = source.split('\n').count();
            for diagnostic in found {
                assert!((1..=lines).contains(&diagnostic.line), "{diagnostic:?}");
                assert!(diagnostic.column >= 1 && !diagnostic.help.is_empty(), "{diagnostic:?}");
                diagnostic.render(Colour::Plain);
                diagnostic.render(Colour::Ansi);
            }
        }
    }
}

/// Plays a lesson to its end, with the same output for every step; and rewrites it.
fn play(lesson: Lesson) {
    let lesson = Arc::new(lesson);
    let mut runner = Runner::new(Arc::clone(&lesson), Mode::Test, Target::Simulator);
    while runner.next() != RunnerAsk::Done {
        let observation = match runner.next() {
            RunnerAsk::Perform { .. } => {
                Observation::Printed(vec!["> a".into(), String::new(), "b".into()])
            }
            _ => Observation::Seen,
        };
        runner.answer(observation).unwrap();
    }
    let rewritten = update(&lesson, runner.findings(), ErrorCodes::Accept).unwrap();
    let again = Lesson::parse("x.md", &rewritten);
    assert!(again.is_ok(), "{rewritten:?}: {again:?}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(parts in prop::collection::vec(fragment(), 0..24)) {
        check(&parts.concat());
        check(&format!("{FRONT}{}", parts.concat()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Lesson::parse_bytes("x.md", &bytes);
        let lesson = [FRONT.as_bytes(), &bytes].concat();
        let _ = Lesson::parse_bytes("x.md", &lesson);
    }

    #[test]
    fn output_that_is_escaped_is_expected(lines in prop::collection::vec("[ -~]{0,12}", 1..4)) {
        let output: Vec<String> = lines.iter().map(|line| format!("x{line}")).collect();
        let mut written: Vec<String> = output.iter().map(|line| escape(line)).collect();
        written.push(escape(&lines[0]));
        let source = format!("{FRONT}```lab\n$ run 1s\n{}\n```\n", written.join("\n"));
        let lesson = Arc::new(Lesson::parse("x.md", &source).unwrap());
        let mut runner = Runner::new(lesson, Mode::Test, Target::Simulator);
        let printed = [output, vec![lines[0].clone()]].concat();
        runner.answer(Observation::Printed(printed)).unwrap();
        prop_assert_eq!(runner.findings(), &[]);
    }
}

#[test]
fn deep_nesting_and_great_size_are_bounded() {
    let deep = "> ".repeat(5_000) + "x\n";
    assert!(Lesson::parse("x.md", &format!("{FRONT}{deep}")).is_ok());
    let stars = "*a ".repeat(5_000);
    assert!(!Markdown::parse(&stars).nodes.is_empty());
    let bombs = ["[", "{a: ", "- ", "&a [*a, "];
    for bomb in bombs {
        check(&format!("---\ntitle: {}\n---\n", bomb.repeat(20_000)));
    }
    let long = "x".repeat(Lesson::SIZE_MAX + 1);
    assert_eq!(Lesson::parse("x.md", &long).unwrap_err().len(), 1);
}

#[test]
fn line_numbers_are_those_of_the_file() {
    let source = format!("{FRONT}\n# T\n\n```lab\n$ run 1s\n```\n\nProse.\n").replace('\n', "\r\n");
    let lesson = Lesson::parse("x.md", &source).unwrap();
    let lines: Vec<usize> = lesson.blocks.iter().map(Block::line).collect();
    assert_eq!(lines, [11, 13, 17]);
}
