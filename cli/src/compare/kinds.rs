//! Lines of a log by their kind: without what differs from run to run.

/// Lines of housekeeping, which say nothing of the cluster: of clients, the start, and the files of
/// the disk.
const HOUSEKEEPING: &[&str] = &[
    "Accepted ",
    "Accepting ",
    "Client closed connection",
    "DB ",
    "Done loading RDB",
    "Loading RDB",
    "Opening AOF",
    "RDB ",
    "Reading RDB",
    // Said if two votes do not arrive at the same moment.
    "Currently unable to failover: Waiting for votes",
    "oO0OoO0OoO0Oo",
    "Redis version=",
    "Configuration loaded",
    "monotonic clock:",
    "Running mode=",
    "Server initialized",
    "WARNING",
    "Ready to accept connections",
    "Node configuration loaded",
    "No cluster configuration found",
];

/// A line without its numbers and ids; `None` if it is housekeeping.
pub fn kind_of(text: &str) -> Option<String> {
    if HOUSEKEEPING.iter().any(|lead| text.starts_with(lead)) {
        return None;
    }
    let mut kind = String::new();
    for word in text.split(' ') {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = bare.len() == 40 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = bare.bytes().any(|byte| byte.is_ascii_digit());
        kind += match (is_id, is_number) {
            (true, _) => "<id>",
            (false, true) => "<n>",
            (false, false) => word,
        };
        kind.push(' ');
    }
    // A client that is gone already has no address any more.
    Some(kind.trim_end().replace("replica client id <n> lost", "replica <n> lost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_do_not_make_a_kind() {
        let line = "Start of election delayed for 791 milliseconds (rank #0, offset 1234).";
        let kind = "Start of election delayed for <n> milliseconds (rank <n> offset <n>";
        assert_eq!(kind_of(line).as_deref(), Some(kind));
        assert_eq!(kind_of("DB saved on disk"), None);
    }
}
