//! The recorded transcripts, once more: on real nodes, to know that the masks are right, and on
//! simulated ones.

use std::fs;
use std::panic::{catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use hashslot_tests::judges::masks::Names;
use hashslot_tests::judges::{NO_AGREEMENT, Side, has_redis_cli};

use super::sessions::{Played, SESSIONS, Session, Shown};

/// Looked at within milliseconds after slots have moved, so that replicas may or may not have heard
/// of it: in these two, a line that says so counts as one that does not.
const TOO_SOON: &[&str] = &["14-check-open", "15-fix-case4"];
const AGREE: &str = "[OK] All nodes agree about slots configuration.";
const DISAGREE: &str = "[ERR] Nodes don't agree about configuration!";

/// As many lines of a difference are shown.
const LINES_SHOWN: usize = 12;

fn recorded(session: &Session) -> Shown {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster_manager").join(session.folder);
    let entries = fs::read_dir(&folder).expect("the recorded session is there");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(path).expect("a transcript is text");
            (&*name.leak(), text)
        })
        .collect()
}

/// The transcripts with names for nodes.
fn masked(shown: &Shown, ports: &[u16]) -> Shown {
    let mut names = Names::new(ports);
    for (_, text) in shown {
        names.learn(text);
    }
    let mask = |(name, text): &(&'static str, String)| {
        let masked = names.mask(text);
        match TOO_SOON.contains(name) {
            true => (*name, masked.replace(DISAGREE, AGREE)),
            false => (*name, masked),
        }
    };
    shown.iter().map(mask).collect()
}

/// Where two texts part, line by line; `None` if they do not.
fn difference(wanted: &str, shown: &str) -> Option<String> {
    if wanted == shown {
        return None;
    }
    let same = wanted.lines().zip(shown.lines()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let lines: Vec<&str> = text.lines().skip(same).take(LINES_SHOWN).collect();
        lines.join("\n    ")
    };
    Some(format!(
        "  line {}:\n  recorded:\n    {}\n  now:\n    {}",
        same + 1,
        part(wanted),
        part(shown)
    ))
}

/// Plays a session. Its nodes may lose a slot that comes back (docs/FIDELITY.md, "Epochs and
/// slots"), real ones too; then they never agree, and it is played once more. Any other failure is
/// one.
fn play(session: &Session, side: Side) -> Option<Played> {
    catch_unwind(|| (session.play)(side)).unwrap_or_else(|failure| {
        let said = failure.downcast_ref::<String>();
        if !said.is_some_and(|said| said.starts_with(NO_AGREEMENT)) {
            resume_unwind(failure);
        }
        (session.play)(side)
    })
}

fn plays_as_recorded(session: &Session, side: Side) {
    if !has_redis_cli() {
        return;
    }
    let Some(Played { shown, ports }) = play(session, side) else { return };
    let wanted = masked(&recorded(session), session.recorded_ports);
    let shown = masked(&shown, &ports);
    let mut problems = Vec::new();
    for (name, wanted) in &wanted {
        let found = shown.iter().find(|(other, _)| other == name);
        let (_, text) = found.unwrap_or_else(|| panic!("{name} is not played"));
        problems.extend(difference(wanted, text).map(|what| format!("{name}\n{what}")));
    }
    assert_eq!(shown.len(), wanted.len(), "what is played was recorded");
    assert!(problems.is_empty(), "{side:?}, {} differ:\n{}", problems.len(), problems.join("\n"));
}

macro_rules! sessions {
    ($($real:ident, $simulated:ident: $index:literal;)*) => {$(
        #[test]
        fn $real() {
            plays_as_recorded(&SESSIONS[$index], Side::Real);
        }

        #[test]
        fn $simulated() {
            plays_as_recorded(&SESSIONS[$index], Side::Simulated);
        }
    )*};
}

sessions! {
    real_nodes_show_the_first_session, simulated_nodes_show_the_first_session: 0;
    real_nodes_show_the_second_session, simulated_nodes_show_the_second_session: 1;
    real_nodes_show_the_third_session, simulated_nodes_show_the_third_session: 2;
}

#[test]
fn another_owner_of_a_slot_is_a_difference() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("cluster_manager/first/04-check.txt"),
    );
    let text = text.expect("it was recorded");
    let ports = SESSIONS[0].recorded_ports;
    let mask = |text: &str| masked(&vec![("", text.to_owned())], ports)[0].1.clone();
    assert!(difference(&mask(&text), &mask(&text)).is_none());
    let other = text.replace("slots:[0-5460]", "slots:[0-5461]");
    assert!(difference(&mask(&text), &mask(&other)).is_some());
}
