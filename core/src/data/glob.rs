//! Glob patterns, as KEYS and SCAN match them.
//!
//! The rule (Redis 7.0, `util.c: stringmatchlen`): `*` matches any bytes, `?` any one byte,
//! `[a-c]` one byte of a class, `[^a]` one byte not in it; a backslash takes the next byte as it
//! is. A class that is never closed ends with the pattern. An empty text matches only the empty
//! pattern, even where `*` would match nothing (KEYS itself takes the pattern `*` for "all").
//!
//! Redis recurses at each `*` and gives up early when the rest cannot match any more; going back
//! to the last `*` alone decides the same without recursion, in at most |pattern| x |text| steps.

/// Whether the whole text matches the pattern.
pub fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Where the pattern goes on after the last star, and the first byte of the text not yet
    // given to that star.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            star = Some((p, t));
            continue;
        }
        if let Some(width) = match_one(&pattern[p..], text[t]) {
            p += width;
            t += 1;
            continue;
        }
        let Some((after, given)) = star else {
            return false;
        };
        star = Some((after, given + 1));
        (p, t) = (after, given + 1);
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// How many bytes of the pattern's start match this byte, or `None` if they do not.
fn match_one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', ref class @ ..] => {
            let (matches, width) = match_class(class, byte);
            matches.then_some(1 + width)
        }
        [b'\\', literal, ..] => (literal == byte).then_some(2),
        [literal, ..] => (literal == byte).then_some(1),
    }
}

/// Whether the byte is in the class whose opening bracket was just read, and the class's width
/// with its closing bracket.
fn match_class(class: &[u8], byte: u8) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match class[at..] {
            [] => break,
            [b'\\', literal, ..] => {
                found |= literal == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [from, b'-', to, ..] => {
                // Bytes compare as C's signed char.
                let (from, to, byte) = (from as i8, to as i8, byte as i8);
                found |= (from.min(to)..=from.max(to)).contains(&byte);
                at += 3;
            }
            [literal, ..] => {
                found |= literal == byte;
                at += 1;
            }
        }
    }
    (found != negated, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_on_the_real_server() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hallo", true),
            (r"h\*llo", "h*llo", true),
            (r"h\*llo", "hello", false),
            (r"[\]]", "]", true),
            ("[abc", "c", true),
            ("[^", "c", true),
            ("[", "[", false),
            (r"a\", r"a\", true),
            ("a**", "a", true),
            ("a*b*c", "a123b456c", true),
            ("a*b*c", "a123b456", false),
            ("**", "", false),
            ("", "", true),
            ("", "a", false),
            ("[a-]", "-", false),
            ("[a-]z", "]", true),
        ] {
            assert_eq!(
                glob_matches(pattern.as_bytes(), text.as_bytes()),
                matches,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn many_stars_cost_little() {
        let pattern = b"a*".repeat(50);
        assert!(!glob_matches(&pattern, &[b'b'; 10_000]));
        assert!(!glob_matches(&[&pattern[..], b"c"].concat(), &[b'a'; 10_000]));
    }
}
