//! Settings in YAML: keys with a text or with settings of their own, each with its place.
//!
//! Front matter needs a sliver of YAML. `granit-parser` knows the syntax and says what stands
//! where; here its events become a tree of bounded depth and size. Refused is what no setting is
//! (a list), and what makes a text mean more than it says: anchors, aliases, tags, directives, a
//! second document.

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, options};

use crate::words::{TextError, nearest};

/// Where something begins: its line, from 1, and its column in characters, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Above the first line.
    const ABOVE: Place = Place { line: 0, column: 1 };

    fn of(marker: &Marker) -> Place {
        Place { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    pub value: T,
    pub place: Place,
}

/// A mistake, and the line that has it.
#[derive(Debug)]
pub struct Mistake {
    pub line: usize,
    pub error: TextError,
}

impl Mistake {
    fn new(place: Place, length: usize, message: String, help: impl Into<String>) -> Mistake {
        let error = TextError::new(place.column, length, message, help);
        Mistake { line: place.line, error }
    }
}

/// The keys that may be set, each with an example of how it is written.
pub type Keys = &'static [(&'static str, &'static str)];

/// Keys and their values, in the order in which they are written.
#[derive(Debug)]
pub struct Settings {
    pub place: Place,
    keys: Keys,
    entries: Vec<(Placed<String>, Value)>,
}

#[derive(Debug)]
enum Value {
    Nothing,
    Text(Placed<String>),
    Tree(Tree),
}

/// Settings whose keys were not looked at yet.
type Tree = Placed<Vec<(Placed<String>, Value)>>;

/// No setting is deeper, and there are no more of them.
const DEPTH_MAX: usize = 4;
const EVENTS_MAX: usize = 1_000;

/// Reads settings, all of which must have known keys.
pub fn read(text: &str, keys: Keys) -> Result<Settings, Mistake> {
    let options = options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let tree = Reader { text, events, left: EVENTS_MAX }.document()?;
    Settings::of(tree, keys)
}

impl Settings {
    fn of(tree: Tree, keys: Keys) -> Result<Settings, Mistake> {
        for (index, (key, _)) in tree.value.iter().enumerate() {
            let (name, length) = (&key.value, key.value.chars().count());
            if !keys.iter().any(|(known, _)| known == name) {
                let message = format!("unknown key `{name}`");
                return Err(Mistake::new(key.place, length, message, key_help(name, keys)));
            }
            if tree.value[..index].iter().any(|(before, _)| before.value == *name) {
                let message = format!("the key `{name}` is written twice");
                return Err(Mistake::new(key.place, length, message, "keep one of the two"));
            }
        }
        Ok(Settings { place: tree.place, keys, entries: tree.value })
    }

    /// The text of a key, if it is set.
    pub fn text(&mut self, key: &str) -> Result<Option<Placed<String>>, Mistake> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, &other, "one text")),
        }
    }

    /// The whole number of a key, if it is set.
    pub fn number<T: TryFrom<u64>>(&mut self, key: &str) -> Result<Option<Placed<T>>, Mistake> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = match &value {
            Value::Text(text) => whole_number(&text.value).map(|number| (number, text.place)),
            _ => None,
        };
        let Some((number, place)) = number else {
            return Err(self.wrong(key, &value, "a whole number"));
        };
        match T::try_from(number) {
            Ok(value) => Ok(Some(Placed { value, place })),
            Err(_) => Err(self.wrong(key, &value, "a smaller number")),
        }
    }

    /// The settings of a key, if it is set.
    pub fn settings(&mut self, key: &str, keys: Keys) -> Result<Option<Settings>, Mistake> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Tree(tree)) => Settings::of(tree, keys).map(Some),
            Some(other) => Err(self.wrong(key, &other, "settings of its own")),
        }
    }

    /// What a key must have, of what was found for it.
    pub fn needed<T>(&self, key: &str, found: Option<T>) -> Result<T, Mistake> {
        found.ok_or_else(|| self.missing(key))
    }

    pub fn missing(&self, key: &str) -> Mistake {
        let help = format!("write: {}", self.example(key));
        match self.entries.iter().find(|(written, _)| written.value == key) {
            None => {
                let message = format!("the key `{key}` is missing");
                Mistake::new(Place::ABOVE, 3, message, help)
            }
            Some((written, _)) => {
                let message = format!("the key `{key}` has no value");
                Mistake::new(written.place, key.chars().count(), message, help)
            }
        }
    }

    /// Takes the value of a key, unless there is nothing after its colon.
    fn take(&mut self, key: &str) -> Option<Value> {
        let (_, value) = self.entries.iter_mut().find(|(written, _)| written.value == key)?;
        match std::mem::replace(value, Value::Nothing) {
            Value::Nothing => None,
            value => Some(value),
        }
    }

    /// A value that is not what its key needs.
    fn wrong(&self, key: &str, value: &Value, needed: &str) -> Mistake {
        let help = format!("write: {}", self.example(key));
        let (place, length, shown) = match value {
            Value::Text(text) => {
                (text.place, text.value.chars().count(), format!("`{}`", text.value))
            }
            Value::Tree(tree) => (tree.place, 1, "settings".to_owned()),
            Value::Nothing => (self.place, 1, "nothing".to_owned()),
        };
        let message = format!("the key `{key}` needs {needed}, not {shown}");
        Mistake::new(place, length, message, help)
    }

    fn example(&self, key: &str) -> &'static str {
        let row = self.keys.iter().find(|(known, _)| *known == key);
        row.map_or("the key and its value", |(_, example)| example)
    }
}

/// Digits, without sign or leading zeros.
fn whole_number(text: &str) -> Option<u64> {
    let is_number =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_number)
}

fn key_help(found: &str, keys: Keys) -> String {
    let known = || keys.iter().map(|(known, _)| *known);
    match nearest(found, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are: {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// Reads the events of a text into a tree.
struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    /// How many events may still come.
    left: usize,
}

impl<'a> Reader<'a> {
    /// The only document of the text; without one, nothing is set.
    fn document(mut self) -> Result<Tree, Mistake> {
        let mut tree = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(..) if tree.is_some() => {
                    let help = "write all settings in one";
                    return Err(self.refused(place, "settings begin for a second time", help));
                }
                Event::DocumentStart(..) => tree = Some(self.root()?),
                _ => return Err(self.no_settings(place)),
            }
        }
        let first = Place { line: 1, column: 1 };
        Ok(tree.unwrap_or(Placed { value: Vec::new(), place: first }))
    }

    fn root(&mut self) -> Result<Tree, Mistake> {
        let (event, place) = self.next()?;
        match self.value(event, place, 1)? {
            Value::Tree(tree) => Ok(tree),
            Value::Text(_) => Err(self.no_settings(place)),
            Value::Nothing => Ok(Placed { value: Vec::new(), place }),
        }
    }

    /// The value that an event begins.
    fn value(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Value, Mistake> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if is_nothing(&text) => Ok(Value::Nothing),
            Event::Scalar(text, ..) => Ok(Value::Text(Placed { value: text.into_owned(), place })),
            Event::MappingStart(..) if depth <= DEPTH_MAX => {
                let value = self.entries(depth)?;
                Ok(Value::Tree(Placed { value, place }))
            }
            Event::MappingStart(..) => {
                let help = "write one value after the colon";
                Err(self.refused(place, "this is nested too deeply for a setting", help))
            }
            _ => {
                let help = "write one value after the colon, in quotes if it is a text";
                Err(self.refused(place, "a list is no setting", help))
            }
        }
    }

    /// Keys and values up to the end of what holds them.
    fn entries(&mut self, depth: usize) -> Result<Vec<(Placed<String>, Value)>, Mistake> {
        let mut entries = Vec::new();
        loop {
            let (event, place) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(text, ..) => Placed { value: text.into_owned(), place },
                _ => {
                    let help = "write the key, a colon and the value, as in minutes: 15";
                    return Err(self.refused(place, "a key is a word", help));
                }
            };
            let (event, place) = self.next()?;
            entries.push((key, self.value(event, place, depth + 1)?));
        }
    }

    /// The next event, if it means what it says.
    fn next(&mut self) -> Result<(Event<'a>, Place), Mistake> {
        let (event, span) = match self.events.next() {
            Some(Ok(event)) => event,
            Some(Err(error)) => return Err(self.no_yaml(&error)),
            None => return Ok((Event::StreamEnd, Place::ABOVE)),
        };
        let place = Place::of(&span.start);
        if self.left == 0 {
            let help = "keep to the settings that a lesson has";
            return Err(self.refused(place, "there are too many settings", help));
        }
        self.left -= 1;
        let is_alias = matches!(event, Event::Alias(_) | Event::UnresolvedAlias(_));
        if is_alias || event.anchor_id().is_some() {
            let message = "anchors (`&`) and aliases (`*`) have no meaning here";
            let help = "write the value itself, in quotes if it is a text";
            return Err(self.refused(place, message, help));
        }
        if event.tag().is_some() {
            let place = span.tag_start.as_ref().map_or(place, Place::of);
            let message = "tags (`!`) have no meaning here";
            let help = "write the value alone, in quotes if it is a text";
            return Err(self.refused(place, message, help));
        }
        Ok((event, place))
    }

    /// A mistake that YAML found.
    fn no_yaml(&self, error: &ScanError) -> Mistake {
        let message = format!("this is no YAML: {}", error.info());
        let help = "values with `:`, `#` or quotes must be quoted, as in title: \"...\"";
        self.refused(Place::of(error.marker()), &message, help)
    }

    fn no_settings(&self, place: Place) -> Mistake {
        let help = "write a key, a colon and a value, as in minutes: 15";
        self.refused(place, "settings are expected here", help)
    }

    /// A mistake from a place to the end of its line.
    fn refused(&self, place: Place, message: &str, help: &str) -> Mistake {
        let shown = self.text.lines().nth(place.line.max(1) - 1).unwrap_or("");
        let length = shown.chars().skip(place.column - 1).count();
        Mistake::new(place, length, message.to_owned(), help)
    }
}

/// How YAML writes that there is no value.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys = &[("a", "a: 1"), ("b", "b: { a: 1 }")];

    #[test]
    fn both_styles_of_yaml_say_the_same() {
        let flow = "# a comment\na: 'x: y' # another\nb: { a: \"3\", b: null }\n";
        let block = "\"a\": \"x: y\"\nb:\n  a: 3\n  b: ~\n";
        for text in [flow, block] {
            let mut settings = read(text, KEYS).unwrap();
            assert_eq!(settings.text("a").unwrap().unwrap().value, "x: y");
            let mut inner = settings.settings("b", KEYS).unwrap().unwrap();
            assert_eq!(inner.number::<u16>("a").unwrap().unwrap().value, 3);
            assert!(inner.text("b").unwrap().is_none());
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        for text in ["03", "+3", "-3", "3.0", "0x3", "", "18446744073709551616"] {
            assert_eq!(whole_number(text), None, "{text}");
        }
        assert_eq!(whole_number("0"), Some(0));
    }

    #[test]
    fn what_grows_is_refused() {
        let many = "a: 1\n".repeat(5_000);
        let bombs = ["[", "{a: ", "- ", "&a [*a, ", "? ", "a: &b\n ", "!t "];
        for text in bombs.iter().map(|bomb| bomb.repeat(20_000)).chain([many]) {
            let mistake = read(&text, KEYS).unwrap_err();
            assert!(!mistake.error.help.is_empty(), "{mistake:?}");
        }
    }
}
