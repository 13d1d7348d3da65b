//! What playing a lesson shows, one thing at a time: for a person, or as one line of JSON.

use hashslot_core::lesson::{Diagnostic, Markdown};
use hashslot_core::view::Told;
use serde::{Serialize, Serializer};

/// One thing to show. In JSON its `kind` is the name in small letters.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    Lesson { file: String, title: String, about: String, minutes: u32 },
    Prose { line: usize, text: Prose },
    Step { line: usize, elapsed_us: u64, text: String },
    Printed { lines: Vec<String> },
    Event(Event),
    Look { line: usize, sight: String, lines: Vec<String> },
    Prediction(Prediction),
    Verdict(Verdict),
    CounterRun(CounterRun),
    Quiz(Question),
    QuizVerdict(QuizVerdict),
    Finding(Diagnostic),
    End { elapsed_us: u64, digest: String, findings: usize },
}

impl Item {
    /// Whether it belongs to a transcript.
    pub fn is_of_lab(&self) -> bool {
        matches!(self, Item::Step { .. } | Item::Printed { .. } | Item::Event(_))
    }
}

/// Markdown; in JSON its source.
#[derive(Clone, Debug)]
pub struct Prose(pub Markdown);

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.source)
    }
}

/// News, in words.
#[derive(Debug, Serialize)]
pub struct Event {
    pub elapsed_us: u64,
    /// Who noticed it.
    pub node: String,
    pub text: String,
    /// Whether a learner should stop here: the first suspicion, the vote, a lost write.
    pub is_moment: bool,
}

impl Event {
    pub fn of(told: &Told) -> Event {
        Event {
            elapsed_us: told.elapsed.micros(),
            node: told.node.clone(),
            text: told.text.clone(),
            is_moment: told.moment.is_some(),
        }
    }
}

/// A question about the next step. Options are numbered from 1, everywhere.
#[derive(Debug, Serialize)]
pub struct Prediction {
    pub line: usize,
    pub question: Prose,
    pub step: String,
    pub options: Vec<Vec<String>>,
}

/// What the run said.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Nobody chose when nobody was asked.
    pub chosen: Option<usize>,
    pub right: Option<usize>,
    pub got: Vec<String>,
    /// Why each of the others was wrong.
    pub others: Vec<Other>,
}

/// An option that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Other {
    pub option: usize,
    /// The rule that forbids it.
    pub never: Option<Prose>,
    /// Steps after which it would be right.
    pub counter: Vec<String>,
}

/// What would have been.
#[derive(Debug, Serialize)]
pub struct CounterRun {
    pub option: usize,
    pub steps: Vec<String>,
    pub events: Vec<Event>,
    pub got: Vec<String>,
    pub came_true: bool,
}

/// A question that the author answers.
#[derive(Debug, Serialize)]
pub struct Question {
    pub line: usize,
    pub question: Prose,
    /// Whether several options may be right.
    pub several: bool,
    pub options: Vec<Prose>,
}

/// The author's answer.
#[derive(Debug, Serialize)]
pub struct QuizVerdict {
    /// Nobody chose when nobody was asked.
    pub chosen: Option<Vec<usize>>,
    pub right: Vec<usize>,
    pub is_right: bool,
    /// What is said of the options that were chosen.
    pub feedback: Vec<Prose>,
    pub explanation: Prose,
}
