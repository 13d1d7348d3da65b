//! The rules of the house that a machine can check: layers, sizes, banned words, opening essays.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// What may be found in a text, and where it may not.
struct Ban {
    text: &'static str,
    scope: Scope,
    instead: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Everywhere,
    Core,
    /// Everything but the page, whose input fields have an attribute of that name.
    OutsideTheWeb,
}

const fn ban(text: &'static str, scope: Scope, instead: &'static str) -> Ban {
    Ban { text, scope, instead }
}

const FINISH: &str = "finish it, or leave it out";
const TIME: &str = "time comes in as an argument";
const LIBM: &str = "std's differs between native and wasm: use libm";

const BANS: &[Ban] = &[
    ban("TODO", Scope::Everywhere, FINISH),
    ban("FIXME", Scope::Everywhere, FINISH),
    ban("XXX", Scope::Everywhere, FINISH),
    ban("todo!", Scope::Everywhere, FINISH),
    ban("unimplemented!", Scope::Everywhere, FINISH),
    ban("not yet implemented", Scope::Everywhere, FINISH),
    ban("for now", Scope::Everywhere, FINISH),
    ban("placeholder", Scope::OutsideTheWeb, FINISH),
    ban("#[ignore", Scope::Everywhere, "a test that is not run shows nothing"),
    ban("dbg!", Scope::Everywhere, "take it out"),
    ban("/work/", Scope::Everywhere, "a path of one machine is of no use on another"),
    ban("/tmp/", Scope::Everywhere, "a path of one machine is of no use on another"),
    ban("/root/", Scope::Everywhere, "a path of one machine is of no use on another"),
    ban("print!(", Scope::Core, "core has no terminal: return the text"),
    ban("println!(", Scope::Core, "core has no terminal: return the text"),
    ban("HashMap", Scope::Core, "its order is random: BTreeMap, or a dense index"),
    ban("HashSet", Scope::Core, "its order is random: BTreeSet, or a dense index"),
    ban("std::time", Scope::Core, TIME),
    ban("SystemTime", Scope::Core, TIME),
    ban("Instant", Scope::Core, TIME),
    ban("std::thread", Scope::Core, "core is one thread of events"),
    ban("std::fs", Scope::Core, "files are for shells"),
    ban("std::env", Scope::Core, "the environment is for shells"),
    ban(" rand::", Scope::Core, "dice are seeded: words::Dice"),
    ban(".sin()", Scope::Core, LIBM),
    ban(".cos()", Scope::Core, LIBM),
    ban(".tan()", Scope::Core, LIBM),
    ban(".atan2(", Scope::Core, LIBM),
    ban(".exp()", Scope::Core, LIBM),
    ban(".ln()", Scope::Core, LIBM),
    ban(".log2()", Scope::Core, LIBM),
    ban(".log10()", Scope::Core, LIBM),
    ban(".powf(", Scope::Core, LIBM),
    ban(".powi(", Scope::Core, LIBM),
    ban(".cbrt()", Scope::Core, LIBM),
    ban(".hypot(", Scope::Core, LIBM),
];

/// The layers of core; each may use itself and those of the ranks before its own.
const LAYERS: &[(&str, u8)] = &[
    ("words", 0),
    ("data", 1),
    ("node", 2),
    ("world", 3),
    ("lesson", 4),
    ("view", 4),
    ("explore", 4),
    ("lab", 5),
];

const LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;
/// Tables of rows, a row to a line, which may be longer and wider.
const TABLES: &[&str] = &["cli/src/shell/words.rs"];

/// A file of the repository: its path from the top, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn is_test(&self) -> bool {
        self.is_in("tests/") || self.path.contains("/tests/") || self.name().starts_with("test")
    }

    /// The text before the unit tests, which stand at the end.
    fn code(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests").next().unwrap()
    }
}

/// All texts of the repository, but for what tools write and this list of what is banned.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    collect(root, &mut found);
    let files = found.into_iter().filter_map(|path| {
        let parts = path.strip_prefix(root).unwrap().iter();
        let name: Vec<&str> = parts.map(|part| part.to_str().unwrap()).collect();
        Some(File { path: name.join("/"), text: fs::read_to_string(&path).ok()? })
    });
    let files: Vec<File> = files.filter(|file| file.path != "tests/tests/tidy.rs").collect();
    assert!(files.len() > 300, "only {} files were found", files.len());
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    const WRITTEN_BY_TOOLS: [&str; 5] = [".git", ".tools", "target", "Cargo.lock", "node_modules"];
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if WRITTEN_BY_TOOLS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Asserts that a check finds nothing in any file.
fn nothing(check: impl Fn(&File) -> Vec<String>) {
    let found: Vec<String> = files().iter().flat_map(check).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn banned_words_are_not_used() {
    nothing(|file| {
        let applies = |ban: &&Ban| match ban.scope {
            Scope::Everywhere => true,
            Scope::Core => file.is_in("core/"),
            Scope::OutsideTheWeb => !file.is_in("web/"),
        };
        let bans: Vec<&Ban> = BANS.iter().filter(applies).collect();
        let mut found = Vec::new();
        for (index, line) in file.text.lines().enumerate() {
            for ban in bans.iter().filter(|ban| line.contains(ban.text)) {
                let (path, number) = (&file.path, index + 1);
                found.push(format!("{path}:{number}: `{}`: {}", ban.text, ban.instead));
            }
        }
        found
    });
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    nothing(|file| {
        let is_program = ["core/src/", "cli/src/", "web/src/"].iter().any(|at| file.is_in(at));
        if !is_program || !file.is_rust() || file.is_test() {
            return Vec::new();
        }
        let lines = file.code().lines().enumerate();
        lines
            .filter(|(_, line)| line.contains(".unwrap()"))
            .map(|(index, _)| format!("{}:{}: say why it must hold", file.path, index + 1))
            .collect()
    });
}

#[test]
fn files_and_lines_are_short() {
    nothing(|file| {
        if !file.is_rust() || TABLES.contains(&&file.path[..]) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let lines = file.text.lines().count();
        if lines > LINES_MAX && !file.is_test() {
            found.push(format!("{}: {lines} lines: split it by concern", file.path));
        }
        let is_long = |(_, line): &(usize, &str)| line.chars().count() > COLUMNS_MAX;
        let long = file.text.lines().enumerate().filter(is_long);
        found.extend(long.map(|(index, line)| {
            format!("{}:{}: {} columns", file.path, index + 1, line.chars().count())
        }));
        found
    });
}

#[test]
fn every_file_opens_with_an_essay() {
    nothing(|file| {
        let is_open = !file.is_rust() || !file.is_in("core/") || file.text.starts_with("//! ");
        (!is_open).then(|| format!("{}: begin with `//!`", file.path)).into_iter().collect()
    });
}

/// The layer of a file of core.
fn layer_of(file: &File) -> Option<(&'static str, u8)> {
    let within = file.path.strip_prefix("core/src/")?;
    let folder = within.split(['/', '.']).next().unwrap();
    LAYERS.iter().find(|(name, _)| *name == folder).copied()
}

#[test]
fn core_has_no_other_layers() {
    nothing(|file| {
        let is_placed =
            !file.is_in("core/src/") || file.path == "core/src/lib.rs" || layer_of(file).is_some();
        (!is_placed).then(|| format!("{}: of which layer?", file.path)).into_iter().collect()
    });
}

#[test]
fn layers_use_only_those_before_them() {
    nothing(|file| {
        let Some((own, rank)) = layer_of(file) else { return Vec::new() };
        let forbidden: Vec<&str> = LAYERS
            .iter()
            .filter(|(name, other)| *name != own && *other >= rank)
            .map(|(name, _)| *name)
            .collect();
        let uses = file.text.match_indices("crate::").map(|(at, _)| &file.text[at + 7..]);
        let named = uses.flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![after],
        });
        named
            .filter_map(|used| used.split(|c: char| !c.is_alphanumeric() && c != '_').next())
            .filter(|used| forbidden.contains(used))
            .map(|used| format!("{}: {own} may not use {used}", file.path))
            .collect()
    });
}

#[test]
fn no_path_climbs_out_of_its_layer() {
    nothing(|file| {
        if layer_of(file).is_none() || !file.is_rust() {
            return Vec::new();
        }
        let folders = file.path.matches('/').count() - 2;
        let modules = if file.name() == "mod.rs" { folders } else { folders + 1 };
        let climb = "super::".repeat(modules);
        let climbs = file.code().contains(&climb);
        let advice = || format!("{}: say crate:: instead of {climb}", file.path);
        climbs.then(advice).into_iter().collect()
    });
}
