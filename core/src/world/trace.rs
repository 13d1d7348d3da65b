//! The trace: the past of the world.
//!
//! Events are only ever added, so the past is kept in chunks that branches share: a copy of a trace
//! copies at most the chunk that is being filled. Times never fall, and each owner counts its
//! events upwards, so both are found by halving. The trace may forget its oldest chunks; whoever
//! looks for what was forgotten is told that it is not there.

use std::sync::Arc;

use super::event::Event;
use crate::words::{ActorId, EventId, Time};

const CHUNK: usize = 1024;

/// How much is kept. Names and digests of events are the same at every level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Off,
    /// Everything but the traffic: what was sent, received and held up.
    Facts,
    Full,
}

/// The events so far, oldest first.
#[derive(Clone, Debug)]
pub struct Trace {
    level: Level,
    chunks: Vec<Arc<Chunk>>,
    /// How many events lie in chunks that were forgotten.
    forgotten: usize,
    bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    events: Vec<Event>,
    bytes: usize,
    /// The first count of every owner in this chunk, sorted by owner.
    first: Vec<(ActorId, u32)>,
}

impl Trace {
    pub fn new(level: Level) -> Trace {
        Trace { level, chunks: Vec::new(), forgotten: 0, bytes: 0 }
    }

    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether an event would be kept: if not, it need not be made.
    pub fn keeps(&self, is_traffic: Traffic) -> bool {
        match is_traffic {
            Traffic::Yes => self.level == Level::Full,
            Traffic::No => self.level >= Level::Facts,
        }
    }

    /// Adds an event, if the level asks for it.
    pub fn push(&mut self, event: Event) {
        let traffic = if event.kind.is_traffic() { Traffic::Yes } else { Traffic::No };
        if !self.keeps(traffic) {
            return;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.events.len() == CHUNK) {
            self.chunks.push(Arc::default());
        }
        let chunk = self.chunks.last_mut().expect("there is a chunk to fill");
        let bytes = size_of::<Event>() + event.kind.heap_bytes();
        self.bytes += bytes;
        Arc::make_mut(chunk).push(event, bytes);
    }

    /// How many events there were, the forgotten ones included: the position of the next.
    pub fn len(&self) -> usize {
        self.forgotten + self.chunks.iter().map(|chunk| chunk.events.len()).sum::<usize>()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first position that is not forgotten.
    pub fn start(&self) -> usize {
        self.forgotten
    }

    /// Roughly how much memory the events take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn get(&self, position: usize) -> Option<&Event> {
        let at = position.checked_sub(self.forgotten)?;
        self.chunks.get(at / CHUNK)?.events.get(at % CHUNK)
    }

    /// The events from this position on.
    pub fn from(&self, position: usize) -> impl DoubleEndedIterator<Item = &Event> + '_ {
        let at = position.saturating_sub(self.forgotten);
        let first = (at / CHUNK).min(self.chunks.len());
        let skipped = match self.chunks.get(first) {
            Some(chunk) => (at % CHUNK).min(chunk.events.len()),
            None => 0,
        };
        let (head, tail) = self.chunks[first..].split_at(self.chunks[first..].len().min(1));
        let head = head.iter().flat_map(move |chunk| &chunk.events[skipped..]);
        head.chain(tail.iter().flat_map(|chunk| &chunk.events))
    }

    /// The position of the first event at or after this time.
    pub fn at(&self, time: Time) -> usize {
        let ends_before = |chunk: &Arc<Chunk>| chunk.events.last().is_some_and(|e| e.at < time);
        let index = self.chunks.partition_point(ends_before);
        let within = match self.chunks.get(index) {
            Some(chunk) => chunk.events.partition_point(|event| event.at < time),
            None => return self.len(),
        };
        self.forgotten + index * CHUNK + within
    }

    /// Where the event of this name lies, if it is kept.
    pub fn position(&self, id: EventId) -> Option<usize> {
        // Chunks are few, and an owner may be silent in many: walk back from the last.
        for (index, chunk) in self.chunks.iter().enumerate().rev() {
            let Some(first) = chunk.first_of(id.owner) else { continue };
            if first <= id.count {
                let within = chunk.events.iter().position(|event| event.id == id)?;
                return Some(self.forgotten + index * CHUNK + within);
            }
        }
        None
    }

    pub fn find(&self, id: EventId) -> Option<&Event> {
        self.get(self.position(id)?)
    }

    /// Goes back to an earlier length: what came later has not happened.
    pub fn truncate(&mut self, len: usize) {
        let keep = len.saturating_sub(self.forgotten);
        self.chunks.truncate(keep.div_ceil(CHUNK));
        if let Some(last) = self.chunks.last_mut()
            && !keep.is_multiple_of(CHUNK)
            && last.events.len() > keep % CHUNK
        {
            Arc::make_mut(last).truncate(keep % CHUNK);
        }
        self.bytes = self.chunks.iter().map(|chunk| chunk.bytes).sum();
    }

    /// Forgets whole chunks, the oldest first, until the rest fits; the last one stays.
    pub fn fit(&mut self, bytes_max: usize) {
        let mut drop = 0;
        while self.bytes > bytes_max && drop + 1 < self.chunks.len() {
            self.bytes -= self.chunks[drop].bytes;
            self.forgotten += self.chunks[drop].events.len();
            drop += 1;
        }
        self.chunks.drain(..drop);
    }
}

/// Whether an event is traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    Yes,
    No,
}

impl Chunk {
    fn push(&mut self, event: Event, bytes: usize) {
        if self.events.capacity() == 0 {
            self.events.reserve_exact(CHUNK);
        }
        if let Err(at) = self.first.binary_search_by_key(&event.id.owner, |&(owner, _)| owner) {
            self.first.insert(at, (event.id.owner, event.id.count));
        }
        self.bytes += bytes;
        self.events.push(event);
    }

    fn truncate(&mut self, len: usize) {
        let events = std::mem::take(&mut self.events);
        *self = Chunk::default();
        for event in events.into_iter().take(len) {
            let bytes = size_of::<Event>() + event.kind.heap_bytes();
            self.push(event, bytes);
        }
    }

    fn first_of(&self, owner: ActorId) -> Option<u32> {
        let at = self.first.binary_search_by_key(&owner, |&(known, _)| known).ok()?;
        Some(self.first[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::event::{EventKind, Life};

    fn event(owner: u16, count: u32) -> Event {
        let id = EventId { owner: ActorId(owner), count };
        let at = Time::from_millis(u64::from(count));
        Event { id, at, cause: None, changed: false, kind: EventKind::Life(Life::Started) }
    }

    fn filled(count: u32) -> Trace {
        let mut trace = Trace::new(Level::Full);
        (0..count).for_each(|n| trace.push(event((n % 3) as u16, n)));
        trace
    }

    #[test]
    fn events_are_found_by_name_and_by_time() {
        let trace = filled(5_000);
        for count in [0, 1, 1_023, 1_024, 3_333, 4_999] {
            let found = trace.find(EventId { owner: ActorId((count % 3) as u16), count });
            assert_eq!(found.map(|event| event.id.count), Some(count));
            assert_eq!(trace.at(Time::from_millis(u64::from(count))), count as usize);
        }
        assert_eq!(trace.find(EventId { owner: ActorId(0), count: 1 }), None);
        assert_eq!(trace.at(Time::MAX), 5_000);
        assert_eq!(trace.from(4_000).count(), 1_000);
        assert_eq!(trace.from(9_000).count(), 0);
    }

    #[test]
    fn a_branch_shares_the_past_and_not_the_future() {
        let mut trunk = filled(2_500);
        let branch = trunk.clone();
        assert!(Arc::ptr_eq(&trunk.chunks[0], &branch.chunks[0]));
        trunk.push(event(0, 2_500));
        assert_eq!((trunk.len(), branch.len()), (2_501, 2_500));
        trunk.truncate(1_500);
        trunk.push(event(7, 1_500));
        assert_eq!(trunk.len(), 1_501);
        assert_eq!(
            branch.find(EventId { owner: ActorId(0), count: 1_500 }).map(|e| e.id.count),
            Some(1_500)
        );
        assert_eq!(trunk.find(EventId { owner: ActorId(0), count: 1_500 }), None);
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut trace = filled(5_000);
        trace.fit(2_000 * size_of::<Event>());
        assert_eq!(trace.len(), 5_000);
        assert_eq!(trace.start(), 3 * CHUNK);
        assert!(trace.find(EventId { owner: ActorId(0), count: 0 }).is_none());
        assert_eq!(trace.get(4_999).map(|event| event.id.count), Some(4_999));
    }

    #[test]
    fn the_level_decides_what_is_kept() {
        let mut trace = Trace::new(Level::Off);
        trace.push(event(0, 0));
        assert!(trace.is_empty());
    }
}
