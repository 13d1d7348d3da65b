//! Numbers in a log that the rules of the simulator hold in bounds.
//!
//! Two runs draw different numbers, so a line's numbers are not compared with those of another run,
//! but with what the rule allows.

use hashslot_core::node::Profile;

/// What the line should say, if its numbers are beyond what the rules allow.
pub fn broken(line: &str, profile: &Profile) -> Option<String> {
    election_delay(line, profile)
}

/// `Start of election delayed for 791 milliseconds (rank #0, offset 1234).`
fn election_delay(line: &str, profile: &Profile) -> Option<String> {
    let rest = line.strip_prefix("Start of election delayed for ")?;
    let (delay, rest) = rest.split_once(" milliseconds (rank #")?;
    let (rank, _) = rest.split_once(',')?;
    let (delay, rank): (u64, u64) = (delay.parse().ok()?, rank.parse().ok()?);
    if delay == 0 {
        // A manual failover does not wait.
        return None;
    }
    let least = profile.election_delay_ms + rank * profile.rank_delay_ms;
    let most = least + profile.election_jitter_ms;
    (!(least..most).contains(&delay))
        .then(|| format!("a delay of {least} to {} milliseconds at rank #{rank}", most - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_must_be_one_that_the_rule_allows() {
        let line = |delay: u64, rank: u64| {
            format!("Start of election delayed for {delay} milliseconds (rank #{rank}, offset 5).")
        };
        let judge = |delay, rank| broken(&line(delay, rank), &Profile::REDIS_7_0);
        assert_eq!(judge(500, 0), None);
        assert_eq!(judge(999, 0), None);
        assert_eq!(judge(0, 0), None);
        assert_eq!(judge(1_700, 1), None);
        assert!(judge(499, 0).is_some());
        assert!(judge(1_000, 0).is_some());
        assert!(judge(700, 1).is_some());
        assert_eq!(broken("Ready to accept connections", &Profile::REDIS_7_0), None);
    }
}
