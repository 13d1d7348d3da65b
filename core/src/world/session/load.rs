//! Reading a run and playing it, a few lines at a time.
//!
//! The problem: a text may be anything, and a record of real clients is long. The idea: read some
//! lines, play them, and say how far that came, so that whoever drives it can show progress or
//! stop. What was not written by this program is pointed at with line, column and remedy. A record
//! whose writer was killed has no last line; it is played as far as it goes.

use bytes::Bytes;

use super::super::step::{Port, Step};
use super::super::{Level, Outside};
use super::script::Entry;
use super::text::{LoadError, TITLE, wrong};
use super::{Budget, Session, head};
use crate::words::{ConnId, Span, Time, Word, split_words};

/// How many lines are played in one go, and for how long their steps may wait: only then it is seen
/// how much time they took.
const LINES_AT_ONCE: usize = 512;
const WAITS_AT_ONCE: Span = Span::from_secs(600);

/// A text that is being played.
pub struct Loader<'a> {
    session: Session,
    /// What is not read yet.
    rest: &'a str,
    /// How many lines were read.
    line: usize,
    reader: Reader,
    time_max: Span,
}

/// How far a text was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more; so many bytes are not read yet.
    Left(usize),
    Ended(Ending),
}

/// How a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the digest that it says.
    Same,
    /// With another one.
    Differs { said: u64 },
    /// The last line is missing, or the end of it.
    Missing,
}

impl<'a> Loader<'a> {
    /// Reads the lines before the first entry. The run is refused if it takes more virtual time
    /// than `time_max`.
    pub fn new(
        text: &'a str,
        level: Level,
        budget: Budget,
        time_max: impl FnOnce(u64) -> Span,
    ) -> Result<Loader<'a>, LoadError> {
        let mut lines = Lines { rest: text, line: 0 };
        if lines.next().unwrap_or("") != TITLE {
            let help = format!("write: {TITLE}");
            return Err(wrong(1, 1, "this is no session that I can read", help));
        }
        let mut setup = head::read_cluster((2, lines.next().unwrap_or("")))?;
        while lines.rest.starts_with("setting ")
            && let Some(line) = lines.next()
        {
            head::read_setting(&mut setup.config, lines.line, line)?;
        }
        let time_max = time_max(u64::from(setup.nodes()));
        let Some(session) = Session::try_with(setup, level, budget) else {
            let help = "a message must arrive within half of the node timeout".to_owned();
            return Err(wrong(2, 1, "this cluster does not form", help));
        };
        let origin = session.world().origin();
        let reader = Reader { origin, last: Span::ZERO, next_conn: 0 };
        Ok(Loader { session, rest: lines.rest, line: lines.line, reader, time_max })
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn into_session(self) -> Session {
        self.session
    }

    /// How many lines were read.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Reads and plays some lines more.
    pub fn play_some(&mut self) -> Result<Progress, LoadError> {
        let mut lines = Lines { rest: self.rest, line: self.line };
        let mut script = Vec::new();
        let mut waits = Span::ZERO;
        let mut progress = None;
        while progress.is_none() {
            let is_enough = script.len() >= LINES_AT_ONCE || waits >= WAITS_AT_ONCE;
            // A step must not be played before it is known whether it is broken off.
            if is_enough && !lines.rest.starts_with("break ") {
                progress = Some(Progress::Left(lines.rest.len()));
                break;
            }
            let is_torn = !lines.rest.contains('\n');
            let line = lines.next();
            progress = match line {
                None => Some(Progress::Ended(Ending::Missing)),
                Some(line) => match line.strip_prefix("end ") {
                    Some(digest) if !is_torn || digest.len() >= "digest=".len() + 16 => {
                        Some(Progress::Ended(self.read_end(&lines, digest)?))
                    }
                    Some(_) => Some(Progress::Ended(Ending::Missing)),
                    None if is_torn => Some(Progress::Ended(Ending::Missing)),
                    None => {
                        let entry = self.entry(lines.line, line)?;
                        if let Entry::Step(step) = &entry {
                            waits = waits + step.time_max();
                        }
                        script.push(entry);
                        None
                    }
                },
            };
        }
        (self.rest, self.line) = (lines.rest, lines.line);
        self.follow(script)?;
        Ok(match progress {
            Some(Progress::Ended(Ending::Differs { said })) if said == self.session.digest() => {
                Progress::Ended(Ending::Same)
            }
            Some(progress) => progress,
            None => Progress::Left(lines.rest.len()),
        })
    }

    /// The digest that the text says; nothing may follow it.
    fn read_end(&self, lines: &Lines, text: &str) -> Result<Ending, LoadError> {
        let digits = text.strip_prefix("digest=").filter(|digits| digits.len() == 16);
        let said = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let said = said.ok_or_else(|| {
            let help = "write: end digest= and 16 hex digits".to_owned();
            wrong(lines.line, 1 + "end ".len(), "this is no digest", help)
        })?;
        if !lines.rest.trim().is_empty() {
            let help = "a run ends with its digest: remove what follows".to_owned();
            return Err(wrong(lines.line + 1, 1, "the run is over already", help));
        }
        Ok(Ending::Differs { said })
    }

    fn entry(&mut self, number: usize, line: &str) -> Result<Entry, LoadError> {
        let entry = self.reader.entry(number, line)?;
        let until = match &entry {
            Entry::Step(step) => self.session.ends_at().since(self.reader.origin) + step.time_max(),
            Entry::Outside(..) | Entry::Pass(_) | Entry::Break(_) => self.reader.last,
        };
        if until > self.time_max { Err(too_long(number)) } else { Ok(entry) }
    }

    fn follow(&mut self, script: Vec<Entry>) -> Result<(), LoadError> {
        self.session.branches[0].follow(script);
        self.session.settle();
        let is_long = self.session.world().elapsed() > self.time_max;
        if is_long { Err(too_long(self.line)) } else { Ok(()) }
    }
}

fn too_long(number: usize) -> LoadError {
    let help = "it takes hours to play, as no run does that a person made";
    wrong(number, 1, "this run is longer than any that is read", help.to_owned())
}

/// Reads a session, and plays it to its end, which must be the one that it says.
pub(super) fn load(text: &str) -> Result<Session, LoadError> {
    let (level, budget) = (Level::Full, Budget::default());
    let mut loader = Loader::new(text, level, budget, Session::node_time_max)?;
    loop {
        match loader.play_some()? {
            Progress::Left(_) => {}
            Progress::Ended(Ending::Same) => return Ok(loader.session),
            Progress::Ended(Ending::Differs { .. }) => {
                let found = loader.session.digest();
                let message = "this version plays the run differently";
                let help =
                    format!("here it ends with digest={found:016x}: use the version that saved it");
                return Err(wrong(loader.line, 1 + "end ".len(), message, help));
            }
            Progress::Ended(Ending::Missing) => {
                let last = text.lines().count() + 1;
                let help = "write: end digest=...".to_owned();
                return Err(wrong(last, 1, "the last line is missing", help));
            }
        }
    }
}

/// The lines of a text.
struct Lines<'a> {
    rest: &'a str,
    /// How many were read.
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// Reads entries, whose times do not go back.
struct Reader {
    origin: Time,
    last: Span,
    /// The least number that the next connection may have.
    next_conn: u32,
}

impl Reader {
    fn entry(&mut self, number: usize, line: &str) -> Result<Entry, LoadError> {
        match line.split_once(' ') {
            Some(("until", time)) => Ok(Entry::Pass(self.time(number, 7, time)?)),
            Some(("break", time)) => Ok(Entry::Break(self.time(number, 7, time)?)),
            Some(("open" | "send" | "close", _)) => self.outside(number, line),
            _ => Step::parse(line)
                .map(|step| Entry::Step(Box::new(step)))
                .map_err(|error| wrong(number, error.column, &error.message, error.help.clone())),
        }
    }

    /// What a program outside did.
    fn outside(&mut self, number: usize, line: &str) -> Result<Entry, LoadError> {
        let words = split_words(line).map_err(|error| {
            wrong(number, error.column, &error.to_string(), "close the quotes".to_owned())
        })?;
        let usage = || {
            "write: open TIME CONNECTION PORT, send TIME CONNECTION \"BYTES\", or close TIME \
             CONNECTION"
                .to_owned()
        };
        let fault = |word: &Word, message: &str| wrong(number, word.column, message, usage());
        let text = |word: &Word| String::from_utf8_lossy(&word.bytes).into_owned();
        let [verb, time, conn, rest @ ..] = words.as_slice() else {
            let end = line.chars().count() + 1;
            return Err(wrong(number, end, "the line ends too early", usage()));
        };
        let at = self.time(number, time.column, &text(time))?;
        let id = text(conn).parse().map(ConnId).ok().filter(|id| !id.is_accepted());
        let id = id.ok_or_else(|| fault(conn, "this is no number of a connection"))?;
        let what = match (&*verb.bytes, rest) {
            (b"open", [port]) => {
                let to = Port::parse(&text(port));
                let to = to.ok_or_else(|| fault(port, "this is no port of a node"))?;
                if id.0 < self.next_conn {
                    let help = format!("the next new one is {}", self.next_conn);
                    let message = "this connection was opened before";
                    return Err(wrong(number, conn.column, message, help));
                }
                self.next_conn = id.0 + 1;
                Outside::Open { conn: id, to }
            }
            (b"send", [bytes]) => Outside::Send { conn: id, bytes: Bytes::clone(&bytes.bytes) },
            (b"close", []) => Outside::Close { conn: id },
            (_, [.., last]) => return Err(fault(last, "the line does not end here")),
            (_, []) => return Err(fault(conn, "the line ends too early")),
        };
        if !matches!(what, Outside::Open { .. }) && id.0 >= self.next_conn {
            return Err(fault(conn, "no connection of this number was opened"));
        }
        Ok(Entry::Outside(at, what))
    }

    fn time(&mut self, number: usize, column: usize, text: &str) -> Result<Time, LoadError> {
        let span: Span = text
            .parse()
            .map_err(|error| wrong(number, column, "this is no time", format!("{error}")))?;
        if span < self.last {
            let help = format!("it is {} already, and time does not go back", self.last);
            return Err(wrong(number, column, "this time is in the past", help));
        }
        self.last = span;
        Ok(self.origin + span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;
    use crate::world::Setup;

    const HEAD: &str = "hashslot session 1\ncluster masters=3 replicas=0 port=7000 seed=1\n";
    const BODY: &str = "open 1s 0 7000\nsend 1.0002s 0 \"PING\\r\\n\"\nclose 2s 0\nuntil 3s\n";

    /// How a text ends, and the digest there.
    fn play(text: &str) -> Result<(Ending, u64), LoadError> {
        let budget = Budget::default();
        let mut loader = Loader::new(text, Level::Off, budget, Session::node_time_max)?;
        loop {
            if let Progress::Ended(ending) = loader.play_some()? {
                return Ok((ending, loader.session().digest()));
            }
        }
    }

    #[test]
    fn a_text_without_an_end_is_played_as_far_as_it_goes() {
        let text = format!("{HEAD}{BODY}");
        let (ending, digest) = play(&text).unwrap();
        assert_eq!(ending, Ending::Missing);
        for torn in ["un", "send 4s 0 \"PI", "end dig", "$ kill 7000"] {
            assert_eq!(play(&format!("{text}{torn}")), Ok((Ending::Missing, digest)), "{torn}");
        }
        let whole = format!("{text}end digest={digest:016x}\n");
        assert_eq!(play(&whole), Ok((Ending::Same, digest)));
        assert!(Session::load(&whole).is_ok());
        let said = digest ^ 1;
        let other = format!("{text}end digest={said:016x}\n");
        assert_eq!(play(&other), Ok((Ending::Differs { said }, digest)));
        for wrong in [&text, &other] {
            assert_eq!(Session::load(wrong).map(drop).unwrap_err().line, 7);
        }
    }

    #[test]
    fn long_texts_are_read_in_parts_and_steps_are_broken_off() {
        let mut session = Session::new(Setup { replicas: 0, ..Setup::default() });
        for _ in 1..LINES_AT_ONCE {
            let step = "$ config 7000 cluster-allow-reads-when-down yes";
            session.apply(&Step::parse(step).unwrap());
        }
        session.apply(&Step::parse("$ run 10s").unwrap());
        let end = session.ends_at().since(Time::ZERO);
        session.seek(Time::ZERO + end.less(Span::from_secs(5)));
        session.fork("in the midst of it");
        session.run_for(Span::from_secs(1));
        let text = session.save().unwrap();
        assert!(text.contains("\nbreak "), "{text}");
        assert_eq!(play(&text), Ok((Ending::Same, session.digest())));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let cases = [
            ("open 1s 0 7000", "open 1s x 7000", (3, 9)),
            ("open 1s 0 7000", "open 1s 0 7000 7001", (3, 16)),
            ("open 1s 0 7000", "open 1s 0", (3, 9)),
            ("open 1s 0 7000", "open 1s", (3, 8)),
            ("open 1s 0 7000", "open 1 0 7000", (3, 6)),
            ("open 1s 0 7000", "open 1s 0 70000", (3, 11)),
            ("open 1s 0 7000", "open 1s 2147483648 7000", (3, 9)),
            ("close 2s 0", "open 2s 0 7000", (5, 9)),
            ("close 2s 0", "close 2s 1", (5, 10)),
            ("close 2s 0", "close 1s 0", (5, 7)),
            ("\\r\\n\"", "\\r\\n", (4, 16)),
            ("until 3s", "until 99h", (6, 1)),
        ];
        for (from, to, place) in cases {
            let text = format!("{HEAD}{BODY}").replace(from, to);
            let error = play(&text).unwrap_err();
            assert_eq!((error.line, error.column), place, "{to}: {error}");
        }
        let twice = format!("{HEAD}{BODY}end digest=0123456789abcdef\nuntil 4s\n");
        assert_eq!(play(&twice).unwrap_err().line, 8);
    }

    #[test]
    fn damaged_texts_are_errors_or_other_runs() {
        const LETTERS: &[u8] = b"0129 \n\"\\'xms-$>opensdclu";
        let more = "open 4s 1 7001\nsend 4s 1 \"*1\\r\\n$4\\r\\nQUIT\\r\\n\"\n7000> PING\n";
        let mut dice = Dice::new(1, "damage", 0);
        let mut ended = 0;
        for _ in 0..200 {
            let mut body = format!("{BODY}{more}").into_bytes();
            for _ in 0..=dice.below(3) {
                let at = dice.below(body.len() as u64) as usize;
                let letter = LETTERS[dice.below(LETTERS.len() as u64) as usize];
                match dice.below(3) {
                    0 => body[at] = letter,
                    1 => body.insert(at, letter),
                    _ => drop(body.remove(at)),
                }
            }
            let text = format!("{HEAD}{}", String::from_utf8(body).unwrap());
            ended += u32::from(play(&text).is_ok());
        }
        assert!((10..190).contains(&ended), "{ended}");
    }
}
