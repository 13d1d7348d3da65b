//! Who sits before the terminal: a person who answers, or nobody.

use std::io::{self, BufRead};

use crate::failure::Failure;

/// Where answers come from.
pub enum Learner {
    Nobody,
    Person(Box<dyn BufRead>),
}

/// What was typed at a prompt.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Enter alone.
    Enter,
    Numbers(Vec<usize>),
    Text(String),
}

impl Learner {
    pub fn at_terminal() -> Learner {
        Learner::Person(Box::new(io::stdin().lock()))
    }

    pub fn is_there(&self) -> bool {
        matches!(self, Learner::Person(_))
    }

    /// Reads a line. The end of the input and `q` leave the lesson.
    pub fn read(&mut self) -> Result<Typed, Failure> {
        let Learner::Person(input) = self else { return Ok(Typed::Enter) };
        let mut line = String::new();
        let unreadable = |error| Failure::new(format!("the input could not be read: {error}"));
        if input.read_line(&mut line).map_err(unreadable)? == 0 {
            return Err(Failure::Left);
        }
        match line.trim() {
            "" => Ok(Typed::Enter),
            "q" | "quit" | "exit" => Err(Failure::Left),
            text => Ok(understand(text)),
        }
    }
}

/// Numbers with spaces or commas between them; anything else is text.
fn understand(text: &str) -> Typed {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let numbers: Result<Vec<usize>, _> = words.map(str::parse).collect();
    match numbers {
        Ok(numbers) => Typed::Numbers(numbers),
        Err(_) => Typed::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_lines() {
        let mut learner = Learner::Person(Box::new(io::Cursor::new("\n2\n1, 3\n$ beliefs\nq\n")));
        assert_eq!(learner.read().unwrap(), Typed::Enter);
        assert_eq!(learner.read().unwrap(), Typed::Numbers(vec![2]));
        assert_eq!(learner.read().unwrap(), Typed::Numbers(vec![1, 3]));
        assert_eq!(learner.read().unwrap(), Typed::Text("$ beliefs".to_owned()));
        assert!(matches!(learner.read(), Err(Failure::Left)));
    }
}
