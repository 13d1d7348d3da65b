//! Golden scripts: what they are, how they are played, and what remains of a run, its digest.
//!
//! A script shows one claim. Its first line says it, `# Pings are ...`; the second may set the
//! stage, `cluster: { masters: 3 }`; what follows is a transcript as in a lesson's `lab` block. So
//! a script is played as what it is, a lesson of one block, and its findings are the lesson's with
//! the lines counted from the script's own beginning.
//!
//! A run that was saved has a digest too, so that one with real clients in it is played everywhere.
//!
//! This crate is built natively for the tests and as a wasm module that imports nothing: the digest
//! of a script must not depend on where it is played.

mod module;

use std::sync::Arc;

use hashslot_core::lab::Player;
use hashslot_core::lesson::{Diagnostic, ErrorCodes, Lesson, update};
use hashslot_core::world::Session;

/// The stage of a script that says nothing about it.
const STAGE: &str = "cluster: { masters: 3, replicas: 1, node-timeout: 2s, seed: 7 }";
/// The lines of the lesson above the script's transcript: the front matter and the fence.
const LINES_ABOVE: usize = 10;

/// A script, read.
pub struct Script {
    file: String,
    /// What it shows, without the `#`.
    claim: String,
    /// Its lines before the transcript, as written.
    head: Vec<String>,
    lesson: Arc<Lesson>,
}

/// A script that was played to its end.
pub struct Played {
    pub player: Player,
    /// What differs from the script, with the script's own lines.
    pub findings: Vec<Diagnostic>,
}

impl Script {
    /// Reads a script; the error is every mistake in it.
    pub fn parse(file: &str, source: &str) -> Result<Script, Vec<Diagnostic>> {
        let lines: Vec<&str> = source.lines().collect();
        let claim = lines.first().and_then(|line| line.strip_prefix("# ")).unwrap_or("").trim();
        let head = head_of(&lines);
        match Lesson::parse(file, &as_lesson(source)) {
            Ok(lesson) => Ok(Script {
                file: file.to_owned(),
                claim: claim.to_owned(),
                head: head.iter().map(|&line| line.to_owned()).collect(),
                lesson: lesson.into(),
            }),
            Err(found) => Err(found.into_iter().map(|one| moved(one, head.len())).collect()),
        }
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// Plays the script to its end.
    pub fn play(&self) -> Played {
        let player = Player::test(self.lesson.clone());
        let found = player.findings().iter().map(|finding| finding.diagnostic(&self.lesson));
        let findings = found.map(|one| moved(one, self.head.len())).collect();
        Played { player, findings }
    }

    /// The script with its expected output as it was played.
    pub fn updated(&self, played: &Played) -> Result<String, Vec<Diagnostic>> {
        let text = update(&self.lesson, played.player.findings(), ErrorCodes::Accept)?;
        let all: Vec<&str> = text.lines().collect();
        let transcript = &all[LINES_ABOVE..all.len() - 1];
        let lines = self.head.iter().map(String::as_str).chain(transcript.iter().copied());
        Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
    }
}

/// The lines before the transcript: the claim, and the stage if there is one.
fn head_of<'a>(lines: &'a [&'a str]) -> &'a [&'a str] {
    let has_stage = lines.get(1).is_some_and(|line| line.starts_with("cluster:"));
    &lines[..lines.len().min(1 + usize::from(has_stage))]
}

/// A script as the lesson that it is.
pub fn as_lesson(source: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let head = head_of(&lines);
    let (stage, transcript) = (head.get(1).unwrap_or(&STAGE), lines[head.len()..].join("\n"));
    format!(
        "---\nformat: 1\nredis: \"7.0\"\ntitle: A golden script\nabout: Shows one claim.\n\
         minutes: 1\nmisconception: Not a lesson.\n{stage}\n---\n```lab\n{transcript}\n```\n"
    )
}

/// The digest of a run: that of a script, or one that was saved.
pub fn digest(source: &str) -> Result<u64, String> {
    session("script.txt", source).map(|session| session.digest())
}

/// A script, or a run that was saved, played to its end.
pub fn session(file: &str, source: &str) -> Result<Session, String> {
    if source.starts_with("hashslot session") {
        return Session::load(source).map_err(|error| error.to_string());
    }
    match Script::parse(file, source) {
        Ok(script) => Ok(script.play().player.session().clone()),
        Err(found) => Err(format!("{} mistakes in the script", found.len())),
    }
}

/// A diagnostic of the lesson, placed in the script.
fn moved(mut found: Diagnostic, head: usize) -> Diagnostic {
    found.line = match found.line.checked_sub(LINES_ABOVE) {
        Some(below @ 1..) => below + head,
        // The front matter, of which only the stage is the script's.
        Some(0) | None => head,
    };
    found
}
