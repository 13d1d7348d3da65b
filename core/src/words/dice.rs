//! Seeded randomness: one stream per owner.
//!
//! A die belongs to one node, link or client, and is part of its state. Its stream is named by the
//! world's seed, the owner's name and its incarnation, so that a fault in one corner, or one more
//! node, does not reshuffle the rest: a learner can compare two futures.

use rand_core::Rng;
use rand_pcg::Pcg32;

use super::Digest;

/// A stream of random draws that belongs to one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dice(Pcg32);

impl Dice {
    /// The stream of `owner` in a world of this seed; each restart of the owner is another
    /// incarnation and so another stream.
    pub fn new(seed: u64, owner: &str, incarnation: u32) -> Dice {
        let mut name = Digest::new();
        name.bytes(owner.as_bytes());
        name.word(u64::from(incarnation));
        Dice(Pcg32::new(seed, name.value()))
    }

    /// A uniform draw from `0..limit`; 0 when `limit` is 0 or 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit <= 1 {
            return 0;
        }
        let product = u128::from(self.bits()) * u128::from(limit);
        (product >> 64) as u64
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_draw_from_streams_of_their_own() {
        let draw = |owner, incarnation| {
            let mut dice = Dice::new(7, owner, incarnation);
            (0..4).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw("7000", 0), draw("7000", 0));
        assert_ne!(draw("7000", 0), draw("7001", 0));
        assert_ne!(draw("7000", 0), draw("7000", 1));
    }

    #[test]
    fn draws_cover_the_range_and_stay_in_it() {
        let mut dice = Dice::new(1, "x", 0);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[dice.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
    }
}
