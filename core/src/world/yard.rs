//! The yard: where segments lie from the moment they are written until they arrive.
//!
//! The problem: a cluster of a thousand has a million connections with two directions each, and at
//! any moment a few dozen segments under way. A queue of its own for each direction would be half a
//! gigabyte of empty queues. The idea: one yard for all. Each direction is a line that knows its
//! first and its last segment; each segment knows the one behind it. A place that became free is
//! taken by the next segment, so in good weather the same few places are used over and over.

use super::pipe::Segment;

/// The name of a place in the yard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Berth(u32);

/// Segments in the order in which they were written; they lie in a [`Yard`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// The places of the first and the last; what they say counts only while there is one.
    first: u32,
    last: u32,
    len: u32,
}

impl Line {
    pub fn count(&self) -> u32 {
        self.len
    }
}

/// The segments of all lines.
#[derive(Clone, Debug, Default)]
pub struct Yard {
    places: Vec<Place>,
    /// The place that became free last, from which the other free ones follow.
    free: Option<Berth>,
}

#[derive(Clone, Debug)]
struct Place {
    segment: Option<Segment>,
    next: Option<Berth>,
}

impl Yard {
    /// Puts a segment at the end of a line.
    pub fn push(&mut self, line: &mut Line, segment: Segment) {
        let berth = self.take_place(segment);
        if line.len == 0 {
            line.first = berth.0;
        } else {
            self.places[line.last as usize].next = Some(berth);
        }
        line.last = berth.0;
        line.len += 1;
    }

    fn take_place(&mut self, segment: Segment) -> Berth {
        let Some(Berth(at)) = self.free else {
            self.places.push(Place { segment: Some(segment), next: None });
            return Berth(u32::try_from(self.places.len() - 1).expect("fewer than 2^32 segments"));
        };
        let place = &mut self.places[at as usize];
        self.free = place.next.take();
        place.segment = Some(segment);
        Berth(at)
    }

    /// Takes the first segment of a line.
    pub fn pop(&mut self, line: &mut Line) -> Option<Segment> {
        if line.len == 0 {
            return None;
        }
        let place = &mut self.places[line.first as usize];
        let segment = place.segment.take();
        let next = std::mem::replace(&mut place.next, self.free);
        self.free = Some(Berth(line.first));
        line.len -= 1;
        if let Some(Berth(next)) = next {
            line.first = next;
        }
        segment
    }

    /// The last segment of a line.
    pub fn last(&self, line: &Line) -> Option<&Segment> {
        if line.len == 0 { None } else { self.places[line.last as usize].segment.as_ref() }
    }

    /// The segments of a line, first to last.
    pub fn iter(&self, line: &Line) -> impl Iterator<Item = &Segment> + use<'_> {
        let mut next = Berth(line.first);
        (0..line.len).filter_map(move |_| {
            let place = &self.places[next.0 as usize];
            next = place.next.unwrap_or(next);
            place.segment.as_ref()
        })
    }

    /// Throws away all but the first `len` segments of a line.
    pub fn truncate(&mut self, line: &mut Line, len: u32) {
        let mut all = std::mem::take(line);
        while let Some(segment) = self.pop(&mut all) {
            if line.len < len {
                self.push(line, segment);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pipe::Load;
    use super::*;
    use crate::words::{ActorId, EventId};

    fn segment(count: u32) -> Segment {
        Segment { load: Load::Fin, sent: EventId { owner: ActorId(0), count } }
    }

    fn drain(yard: &mut Yard, line: &mut Line) -> Vec<u32> {
        std::iter::from_fn(|| yard.pop(line)).map(|segment| segment.sent.count).collect()
    }

    #[test]
    fn lines_keep_their_order_and_places_are_used_again() {
        let mut yard = Yard::default();
        let (mut one, mut other) = (Line::default(), Line::default());
        for count in 0..10 {
            yard.push(&mut one, segment(count));
            yard.push(&mut other, segment(100 + count));
        }
        assert_eq!(yard.last(&one).map(|segment| segment.sent.count), Some(9));
        yard.truncate(&mut one, 3);
        assert_eq!(one.count(), 3);
        assert_eq!(drain(&mut yard, &mut one), [0, 1, 2]);
        assert_eq!(drain(&mut yard, &mut other), (100..110).collect::<Vec<_>>());
        for count in 0..20 {
            yard.push(&mut one, segment(count));
        }
        assert_eq!(yard.places.len(), 20);
        assert_eq!(drain(&mut yard, &mut one), (0..20).collect::<Vec<_>>());
        assert!(yard.last(&one).is_none() && yard.pop(&mut one).is_none());
    }
}
