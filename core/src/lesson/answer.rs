//! When an option of a prediction matches what a step printed.
//!
//! Options are compared by kind and content, not by every letter: an error counts by its code, a
//! MOVED or ASK by whom it names. What `redis-cli -c` says about a redirect on the way counts only
//! if the option says it too. Everything else is compared as expected output is.

use super::expected::{ExpectedLine, Ids, Order, matches, trimmed};

/// What counts in an error.
#[derive(Debug, PartialEq, Eq)]
enum Error<'a> {
    /// MOVED or ASK, and the address named.
    Redirect { code: &'a str, to: &'a str },
    /// Any other error, by its code.
    Code(&'a str),
}

/// Whether the option says what the step printed.
pub fn is_answer(option: &[ExpectedLine], output: &[String], ids: &mut Ids) -> bool {
    let says_redirect = option.iter().any(|line| is_redirect_note(&line.text));
    let output = match says_redirect {
        true => trimmed(output),
        false => without_redirect_notes(trimmed(output)),
    };
    matches(option, output, Order::Ordered, ids) || is_same_error(option, output)
}

fn is_redirect_note(line: &str) -> bool {
    line.starts_with("-> Redirected to slot ")
}

fn without_redirect_notes(output: &[String]) -> &[String] {
    let notes = output.iter().take_while(|line| is_redirect_note(line));
    &output[notes.count()..]
}

fn is_same_error(option: &[ExpectedLine], output: &[String]) -> bool {
    let ([option], [output]) = (option, output) else {
        return false;
    };
    match (error(&option.text), error(output)) {
        (Some(expected), Some(found)) => expected == found,
        _ => false,
    }
}

fn error(line: &str) -> Option<Error<'_>> {
    let mut words = line.strip_prefix("(error) ")?.split(' ');
    let code = words.next()?;
    match code {
        "MOVED" | "ASK" => Some(Error::Redirect { code, to: words.nth(1)? }),
        _ => Some(Error::Code(code)),
    }
}

/// The code of the error that a line of output shows.
pub(super) fn error_code(line: &str) -> Option<&str> {
    line.strip_prefix("(error) ")?.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(option: &str, output: &str) -> bool {
        let option: Vec<ExpectedLine> =
            option.lines().map(|text| ExpectedLine::parse(1, text)).collect();
        let output: Vec<String> = output.lines().map(str::to_owned).collect();
        is_answer(&option, &output, &mut Ids::new())
    }

    #[test]
    fn errors_count_by_code_and_redirects_by_whom_they_name() {
        assert!(check(
            "(error) CLUSTERDOWN The cluster is down",
            "(error) CLUSTERDOWN Hash slot not served"
        ));
        assert!(check("(error) MOVED 1 127.0.0.1:7001", "(error) MOVED 1 127.0.0.1:7001"));
        assert!(!check("(error) MOVED 1 127.0.0.1:7001", "(error) MOVED 1 127.0.0.1:7004"));
        assert!(!check("(error) MOVED 1 127.0.0.1:7001", "(error) ASK 1 127.0.0.1:7001"));
        assert!(!check("(nil)", "\"alice\""));
    }

    #[test]
    fn a_redirect_on_the_way_counts_if_it_is_said() {
        let output = "-> Redirected to slot [1] located at 127.0.0.1:7001\n\"x\"";
        assert!(check("\"x\"", output));
        assert!(check(output, output));
        assert!(!check(output, "\"x\""));
    }
}
