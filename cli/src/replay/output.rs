//! Where reports go: to standard output as they come, or into a file at the end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hashslot::compare::{Paint, Report, page};

use super::Form;
use crate::failure::Failure;
use crate::terminal::{Ink, Terminal};

pub struct Output {
    form: Form,
    file: Option<PathBuf>,
    reports: Vec<Report>,
}

impl Output {
    /// Checks that the file can be written before anything is started.
    pub fn open(form: Form, file: Option<&Path>) -> Result<Output, Failure> {
        if let Some(path) = file {
            let opened = File::options().append(true).create(true).open(path);
            opened.map_err(|error| unwritable(path, &error))?;
        }
        Ok(Output { form, file: file.map(Path::to_owned), reports: Vec::new() })
    }

    pub fn add(&mut self, report: Report) -> Result<(), Failure> {
        if self.file.is_none() {
            match self.form {
                Form::Text => print(&painted(&report, Terminal::stdout()))?,
                Form::Json => print(&json(&report)?)?,
                // A page has its end only when all is known.
                Form::Html => {}
            }
        }
        self.reports.push(report);
        Ok(())
    }

    pub fn end(self) -> Result<(), Failure> {
        let Some(path) = &self.file else {
            return match self.form {
                Form::Html => print(&self.whole()?),
                Form::Text | Form::Json => Ok(()),
            };
        };
        let written = write_whole(path, self.whole()?.as_bytes());
        written.or_else(|error| {
            // What was found out must not be lost with the file.
            for report in &self.reports {
                print(&painted(report, Terminal::stdout()))?;
            }
            Err(unwritable(path, &error))
        })
    }

    fn whole(&self) -> Result<String, Failure> {
        match self.form {
            Form::Text => Ok(self.reports.iter().map(Report::plain).collect()),
            Form::Json => self.reports.iter().map(json).collect(),
            Form::Html => Ok(page(&self.reports)),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    Failure::usage(format!("{shown} cannot be written: {error}; name another file with --output"))
}

/// Writes a file in one go, so that an older one is there until the new one is whole.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if !fs::metadata(path)?.is_file() {
        return fs::write(path, bytes);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // It may not even have come to be.
        let _ = fs::remove_file(&part);
    }
    written
}

fn json(report: &Report) -> Result<String, Failure> {
    Ok(serde_json::to_string(report)? + "\n")
}

fn painted(report: &Report, terminal: Terminal) -> String {
    report.text(&Paint {
        good: &|text| terminal.paint(Ink::Good, text),
        bad: &|text| terminal.paint(Ink::Bad, text),
        strong: &|text| terminal.paint(Ink::Strong, text),
        dim: &|text| terminal.paint(Ink::Dim, text),
    })
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
