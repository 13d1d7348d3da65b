//! Reading a line: its prompt says who acts.

use crate::words::{TextError, split_args};

use super::{Ask, ClientName, Line, Name, Port, Step, is_name_byte, verbs};

impl Line {
    /// Reads a line with its prompt.
    pub fn parse(text: &str) -> Result<Line, TextError> {
        match Prompt::of(text)? {
            (Prompt::Hand, rest) => verbs::parse(&text[rest..]).map_err(|e| shift(e, text, rest)),
            (Prompt::Client(client), rest) => {
                parse_command(client, &text[rest..]).map_err(|e| shift(e, text, rest))
            }
        }
    }

    /// Reads a line whose `$ ` may be left out, as after `counter:` or at the prompt of a shell.
    pub fn parse_bare(text: &str) -> Result<Line, TextError> {
        match Prompt::begins(text) {
            true => Line::parse(text),
            false => verbs::parse(text),
        }
    }

    /// Whether a line of a transcript is a step: whether it opens with a prompt.
    pub fn has_prompt(text: &str) -> bool {
        Prompt::begins(text)
    }
}

impl Step {
    /// Reads a line that must be a step.
    pub fn parse(text: &str) -> Result<Step, TextError> {
        match Line::parse(text)? {
            Line::Step(step) => Ok(step),
            Line::Ask(_) => Err(TextError::new(
                1,
                text.chars().count(),
                "this asks, but does nothing",
                "a step is expected here, as in `$ run 1s` or `7000> GET k`",
            )),
        }
    }
}

impl Ask {
    /// Reads a line that must be a question about the world.
    pub fn parse(text: &str) -> Result<Ask, TextError> {
        match Line::parse(text)? {
            Line::Ask(ask) => Ok(ask),
            Line::Step(_) => {
                let help = "a question is expected here, as in `$ events` or `$ why 7004`";
                Err(TextError::new(1, text.chars().count(), "this is a step", help))
            }
        }
    }
}

enum Prompt {
    Hand,
    Client(ClientName),
}

impl Prompt {
    /// The prompt of a line, and the byte at which the rest begins.
    fn of(text: &str) -> Result<(Prompt, usize), TextError> {
        let end = Prompt::end(text).ok_or_else(Prompt::missing)?;
        let Some(speaker) = text[..end].strip_suffix('>') else {
            return Ok((Prompt::Hand, end));
        };
        match ClientName::parse(speaker) {
            Some(client) => Ok((Prompt::Client(client), end)),
            None => Err(TextError::new(
                1,
                speaker.chars().count(),
                format!("`{speaker}` names neither a node nor a client"),
                "write a node's port, as in `7000> GET k`, or a name that begins with a letter",
            )),
        }
    }

    fn begins(text: &str) -> bool {
        Prompt::end(text).is_some()
    }

    /// The byte after `$` or `NAME>`, if that is followed by a space or the end.
    fn end(text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        let end = match bytes.first()? {
            b'$' => 1,
            b'>' => 1,
            first if !first.is_ascii_alphanumeric() => return None,
            _ => bytes.iter().position(|&byte| !is_name_byte(byte))? + 1,
        };
        let is_prompt = matches!(bytes[end - 1], b'$' | b'>');
        let is_apart = matches!(bytes.get(end), None | Some(b' '));
        (is_prompt && is_apart).then_some(end)
    }

    fn missing() -> TextError {
        TextError::new(
            1,
            0,
            "a step begins with a prompt",
            "write `7000> COMMAND`, `> COMMAND` or `$ VERB`",
        )
    }
}

impl ClientName {
    /// Reads what stands before the `>` of a prompt.
    pub fn parse(text: &str) -> Option<ClientName> {
        match text {
            "" | "cli" => Some(ClientName::Cli),
            _ => match Port::parse(text) {
                Some(port) => Some(ClientName::Node(port)),
                None => Name::parse(text).map(ClientName::Named),
            },
        }
    }
}

fn parse_command(client: ClientName, text: &str) -> Result<Line, TextError> {
    let args = split_args(text)?;
    if args.is_empty() {
        let message = "a command is missing after the prompt";
        let help = "write a Redis command, as in `7000> GET k`";
        return Err(TextError::new(2, 0, message, help));
    }
    Ok(Line::Step(Step::Command { client, args }))
}

fn shift(error: TextError, text: &str, bytes: usize) -> TextError {
    error.shifted(text[..bytes].chars().count())
}
