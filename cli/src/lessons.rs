//! Finding lessons: on the shelf that comes with the program, or in files.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, PossibleValue, TypedValueParser};
use hashslot_core::lab::{SHELF, Shelf};
use hashslot_core::words::nearest;

use crate::failure::Failure;

/// A lesson as it was found, not yet read.
#[derive(Debug)]
pub struct Found {
    /// Its name in messages.
    pub name: String,
    pub bytes: Vec<u8>,
    /// The file, if it is none of those that come with the program.
    pub path: Option<PathBuf>,
}

/// The lessons that come with the program.
pub fn shelf() -> Vec<Found> {
    SHELF.iter().map(from_shelf).collect()
}

fn from_shelf(shelved: &Shelf) -> Found {
    let bytes = shelved.source.as_bytes().to_vec();
    Found { name: shelved.file.to_owned(), bytes, path: None }
}

/// The lesson of an id, of a number in the course, or in a file.
pub fn find(name: &OsStr) -> Result<Found, Failure> {
    if let Some(shelved) = name.to_str().and_then(Shelf::find) {
        return Ok(from_shelf(shelved));
    }
    let path = Path::new(name);
    if !path.exists() && !looks_like_path(path) {
        return Err(Failure::usage(unknown(&name.to_string_lossy())));
    }
    read(path)
}

/// The lessons of a file, or of all files `*.md` in a folder.
pub fn find_all(name: &OsStr) -> Result<Vec<Found>, Failure> {
    let path = Path::new(name);
    if !path.is_dir() {
        return find(name).map(|found| vec![found]);
    }
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let is_lesson = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_lesson).collect();
    if paths.is_empty() {
        let shown = path.display();
        return Err(Failure::usage(format!("there is no lesson (*.md) in {shown}")));
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn looks_like_path(path: &Path) -> bool {
    path.components().count() > 1 || path.extension().is_some()
}

fn read(path: &Path) -> Result<Found, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let name = path.display().to_string();
    Ok(Found { name, bytes, path: Some(path.to_owned()) })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    Failure::usage(format!("{shown} cannot be read: {error}; name a lesson or its file"))
}

fn unknown(name: &str) -> String {
    let near = nearest(name, SHELF.iter().map(|shelved| shelved.id));
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("there is no lesson and no file `{name}`{hint}\n\n{}", list())
}

/// The lessons that come with the program, one a line.
pub fn list() -> String {
    let mut text = String::from("Lessons:");
    let width = SHELF.iter().map(|shelved| shelved.id.len()).max().unwrap_or(0);
    for shelved in SHELF {
        let number = shelved.file.split('-').next().unwrap_or("").trim_start_matches('0');
        let title = shelved.describe().title;
        text.push_str(&format!("\n  {number:>2}  {:<width$}  {title}", shelved.id));
    }
    text
}

/// Takes any text as a lesson, and tells the shell's completion which ids there are.
#[derive(Clone, Debug)]
pub struct LessonParser;

impl TypedValueParser for LessonParser {
    type Value = std::ffi::OsString;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        OsStringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |shelved: &'static Shelf| PossibleValue::new(shelved.id);
        Some(Box::new(SHELF.iter().map(value)))
    }
}
