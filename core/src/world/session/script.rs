//! The script of a run: what was done, in order, and for how long time passed in between.
//!
//! A run is its setup and its script and nothing else, so a moment can be saved, sent, and found
//! again. Four kinds of entry are enough: a step (which may let time pass by itself, as a command
//! does until its reply), what a program outside of the simulation did at a moment, time that
//! passes, and the breaking-off of a step that still waits, which is how a branch begins in the
//! middle of a `run`.
//!
//! Real clients make a million entries in a minute, so a script lies in chunks that all copies
//! share: a copy of it copies at most the chunk that is being filled. It may forget its oldest
//! chunks; the places of the others stay what they were.

use std::sync::Arc;

use super::super::Outside;
use super::super::step::Step;
use crate::words::Time;

const CHUNK: usize = 1024;

/// One line of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Step(Box<Step>),
    /// A program outside did this then.
    Outside(Time, Outside),
    /// Time passes until then.
    Pass(Time),
    /// The step before, which still waits, is broken off then.
    Break(Time),
}

impl Entry {
    /// Roughly how much memory it takes.
    fn bytes(&self) -> u64 {
        let beside = match self {
            Entry::Step(step) => size_of::<Step>() + step_bytes(step),
            Entry::Outside(_, Outside::Send { bytes, .. }) => bytes.len(),
            Entry::Outside(_, Outside::Open { .. } | Outside::Close { .. })
            | Entry::Pass(_)
            | Entry::Break(_) => 0,
        };
        (size_of::<Entry>() + beside) as u64
    }
}

fn step_bytes(step: &Step) -> usize {
    match step {
        Step::Command { args, .. } => args.iter().map(|arg| arg.len() + 32).sum(),
        _ => 0,
    }
}

/// The entries of a run, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Script {
    chunks: Vec<Arc<Vec<Entry>>>,
    /// How many entries lie in chunks that were forgotten.
    forgotten: usize,
    bytes: u64,
    bytes_forgotten: u64,
}

impl Script {
    /// How many entries there were, the forgotten ones included: the place of the next.
    pub fn len(&self) -> usize {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        self.forgotten + full + self.chunks.last().map_or(0, |chunk| chunk.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first place that is not forgotten.
    pub fn start(&self) -> usize {
        self.forgotten
    }

    /// Roughly how much memory the entries take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The same, with those that were forgotten.
    pub fn bytes_ever(&self) -> u64 {
        self.bytes + self.bytes_forgotten
    }

    pub fn get(&self, place: usize) -> Option<&Entry> {
        let at = place.checked_sub(self.forgotten)?;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub fn last(&self) -> Option<&Entry> {
        self.chunks.last()?.last()
    }

    /// The entries that are not forgotten.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => Arc::make_mut(chunk).push(entry),
            Some(_) | None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(entry);
                self.chunks.push(Arc::new(chunk));
            }
        }
    }

    /// Puts another entry in the place of the last one.
    pub fn replace_last(&mut self, entry: Entry) {
        if let Some(last) = self.chunks.last_mut().and_then(|chunk| Arc::make_mut(chunk).last_mut())
        {
            self.bytes += entry.bytes();
            self.bytes -= last.bytes();
            *last = entry;
        }
    }

    /// The entries before a place.
    pub fn up_to(&self, place: usize) -> Script {
        let count = place.min(self.len()).saturating_sub(self.forgotten);
        let mut chunks = self.chunks[..count.div_ceil(CHUNK)].to_vec();
        if let Some(last) = chunks.last_mut()
            && !count.is_multiple_of(CHUNK)
            && last.len() > count % CHUNK
        {
            Arc::make_mut(last).truncate(count % CHUNK);
        }
        let bytes = chunks.iter().flat_map(|chunk| chunk.iter()).map(Entry::bytes).sum();
        Script { chunks, bytes, ..*self }
    }

    /// Forgets whole chunks, the oldest first, until the rest takes so little, but nothing from
    /// this place on.
    pub fn forget(&mut self, bytes_max: u64, before: usize) {
        let mut count = 0;
        while self.bytes > bytes_max
            && count + 1 < self.chunks.len()
            && self.forgotten + CHUNK <= before
        {
            let bytes = self.chunks[count].iter().map(Entry::bytes).sum::<u64>();
            self.bytes -= bytes;
            self.bytes_forgotten += bytes;
            self.forgotten += CHUNK;
            count += 1;
        }
        self.chunks.drain(..count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u64) -> Script {
        let mut script = Script::default();
        (0..count).for_each(|at| script.push(Entry::Pass(Time::from_micros(at))));
        script
    }

    fn at(script: &Script, place: usize) -> Option<u64> {
        match script.get(place) {
            Some(Entry::Pass(time)) => Some(time.micros()),
            _ => None,
        }
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 56, "{}", size_of::<Entry>());
    }

    #[test]
    fn copies_share_all_but_the_last_chunk() {
        let mut script = filled(5_000);
        let copy = script.clone();
        script.push(Entry::Pass(Time::ZERO));
        script.replace_last(Entry::Pass(Time::MAX));
        assert_eq!((script.len(), copy.len()), (5_001, 5_000));
        let shared = script.chunks.iter().zip(&copy.chunks);
        assert_eq!(shared.filter(|(one, other)| Arc::ptr_eq(one, other)).count(), 4);
        assert_eq!((at(&copy, 4_999), at(&script, 5_000)), (Some(4_999), Some(u64::MAX)));
    }

    #[test]
    fn the_beginning_is_cut_out() {
        let script = filled(5_000);
        for count in [0, 1, 1_023, 1_024, 1_025, 4_999, 5_000, 6_000] {
            let part = script.up_to(count);
            assert_eq!(part.len(), count.min(5_000));
            assert_eq!(part.bytes(), part.len() as u64 * size_of::<Entry>() as u64);
            assert!(part.iter().eq(script.iter().take(count)));
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_places_stay() {
        let mut script = filled(5_000);
        script.forget(0, 2_500);
        assert_eq!((script.start(), script.len()), (2_048, 5_000));
        assert_eq!((at(&script, 2_047), at(&script, 2_048)), (None, Some(2_048)));
        assert_eq!(script.bytes(), (5_000 - 2_048) * size_of::<Entry>() as u64);
        assert_eq!(script.up_to(3_000).iter().count(), 3_000 - 2_048);
        script.forget(0, usize::MAX);
        assert_eq!((script.start(), script.len()), (4_096, 5_000));
        script.push(Entry::Pass(Time::ZERO));
        assert_eq!(at(&script, 5_000), Some(0));
    }
}
