//! The backlog: the last part of the stream, kept for replicas that come back.
//!
//! The rule (Redis 7.0, `replication.c: feedReplicationBuffer,
//! incrementalTrimReplicationBacklog`): the bytes of the stream lie in blocks, one after the other.
//! A block is made for what does not fit into the one before it, of 16 KiB at least and of a
//! sixteenth of `repl-backlog-size` at most, and takes all that the allocator gives for that. The
//! oldest block goes as soon as the rest without it is still longer than `repl-backlog-size`; so a
//! backlog is longer than that by up to two blocks.
//!
//! How we differ: a replica that is slow to read what it is sent keeps no block from going; and a
//! replica's blocks are made as its master's, whatever came in one reading.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::data::{call_len, decode_call, each_piece, push_call};
use crate::node::stream::Entry;

/// The least that `repl-backlog-size` can be set to.
pub(super) const BYTES_MIN: u64 = 16 * 1024;
/// A block holds no less, unless the allocator's rounding is counted.
const BLOCK_BYTES_MIN: u64 = 16 * 1024;
/// What a block takes in memory before its bytes.
const BLOCK_HEAD_BYTES: u64 = 40;

/// The last bytes of the stream; cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Backlog {
    /// The blocks that are full.
    full: imbl::Vector<Bytes>,
    /// The newest block.
    open: Arc<BytesMut>,
    /// How many bytes more fit into the newest block.
    room: u64,
    /// The offset before the first byte.
    start: u64,
    /// The offset of the last byte.
    end: u64,
}

impl Backlog {
    /// A backlog in which nothing follows `offset` yet.
    pub(super) fn new(offset: u64) -> Backlog {
        Backlog {
            full: imbl::Vector::new(),
            open: Arc::default(),
            room: 0,
            start: offset,
            end: offset,
        }
    }

    /// Adds a command; the oldest blocks go if it is more than `bytes_max` without them. A command
    /// that does not begin where the last one ended begins a new history.
    pub(super) fn push(&mut self, entry: &Entry, bytes_max: u64) {
        let begin = entry.end - call_len(&entry.args);
        if begin != self.end {
            *self = Backlog::new(begin);
        }
        if entry.end - begin <= self.room {
            push_call(&entry.args, Arc::make_mut(&mut self.open));
            self.room -= entry.end - begin;
            self.end = entry.end;
            self.trim(bytes_max);
        } else {
            each_piece(&entry.args, |piece| self.append(piece, bytes_max));
        }
    }

    /// Adds bytes, in new blocks as far as they do not fit.
    fn append(&mut self, mut bytes: &[u8], bytes_max: u64) {
        while !bytes.is_empty() {
            if self.room == 0 {
                let full = std::mem::take(&mut self.open);
                if !full.is_empty() {
                    self.full.push_back(Arc::unwrap_or_clone(full).freeze());
                }
                self.room = block_bytes(bytes.len() as u64, bytes_max);
            }
            let (fits, rest) = bytes.split_at(bytes.len().min(self.room as usize));
            Arc::make_mut(&mut self.open).extend_from_slice(fits);
            self.room -= fits.len() as u64;
            self.end += fits.len() as u64;
            bytes = rest;
            self.trim(bytes_max);
        }
    }

    /// Lets the oldest blocks go without which more than `bytes_max` is left.
    pub(super) fn trim(&mut self, bytes_max: u64) {
        while let Some(oldest) = self.full.front().map(|block| block.len() as u64)
            && self.end - self.start - oldest > bytes_max
        {
            self.full.pop_front();
            self.start += oldest;
        }
    }

    /// The number of its first byte, counted from 1, and how many bytes it has.
    pub(super) fn span(&self) -> (u64, u64) {
        (self.start + 1, self.end - self.start)
    }

    /// Whether it still has all that follows `offset`.
    pub(super) fn reaches(&self, offset: u64) -> bool {
        (self.start..=self.end).contains(&offset)
    }

    /// The bytes that follow `offset`, if it still has all of them.
    pub(super) fn after(&self, offset: u64) -> Option<Bytes> {
        let mut skip = self.reaches(offset).then(|| offset - self.start)? as usize;
        let mut bytes = BytesMut::with_capacity((self.end - offset) as usize);
        for block in self.full.iter().map(|block| &block[..]).chain([&self.open[..]]) {
            bytes.extend_from_slice(&block[skip.min(block.len())..]);
            skip = skip.saturating_sub(block.len());
        }
        Some(bytes.freeze())
    }
}

/// The commands of a part of the stream that begins after `offset`. Whoever counts wrong may ask
/// for one that begins within a command: it gets nothing.
pub(super) fn entries(bytes: Bytes, offset: u64) -> Vec<Entry> {
    let (mut rest, mut entries) = (BytesMut::from(bytes), Vec::new());
    let end = offset + rest.len() as u64;
    while rest.first() == Some(&b'*')
        && let Ok(Some(args)) = decode_call(&mut rest)
    {
        entries.push(Entry { args: args.into(), end: end - rest.len() as u64 });
    }
    entries
}

/// How many bytes a block holds that is made for so many.
fn block_bytes(wanted: u64, bytes_max: u64) -> u64 {
    let most = (bytes_max / 16).max(BLOCK_BYTES_MIN);
    allocated(wanted.clamp(BLOCK_BYTES_MIN, most) + BLOCK_HEAD_BYTES) - BLOCK_HEAD_BYTES
}

/// What the allocator gives to whoever wants so many bytes, 16 KiB or more: there are four sizes
/// for each power of two (jemalloc, which Redis is built with).
fn allocated(bytes: u64) -> u64 {
    let step = bytes.next_power_of_two() / 8;
    bytes.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SET k` and a value of so many bytes, after an offset.
    fn set(offset: u64, value_bytes: usize) -> Entry {
        let value = Bytes::from(vec![b'x'; value_bytes]);
        let args = [Bytes::from_static(b"SET"), Bytes::from_static(b"k"), value];
        Entry { end: offset + call_len(&args), args: args.into() }
    }

    fn filled(values: &[usize], bytes_max: u64) -> Backlog {
        let mut backlog = Backlog::new(0);
        for &value in values {
            backlog.push(&set(backlog.end, value), bytes_max);
        }
        backlog
    }

    #[test]
    fn blocks_are_as_long_as_the_allocator_makes_them() {
        for (wanted, bytes) in [
            (16_384, 16_384),
            (16_424, 20_480),
            (20_480, 20_480),
            (32_769, 40_960),
            (65_576, 81_920),
        ] {
            assert_eq!(allocated(wanted), bytes);
        }
        assert_eq!(block_bytes(1, 1 << 20), 20_440);
        assert_eq!(block_bytes(50_000, 1 << 20), 57_304);
        assert_eq!(block_bytes(200_000, 1 << 20), 81_880);
        assert_eq!(block_bytes(200_000, BYTES_MIN), 20_440);
    }

    #[test]
    fn the_oldest_block_goes_when_the_rest_is_long_enough() {
        // Each command is 1,029 bytes long, and two blocks 40,880.
        for (commands, span) in [
            (35, (1, 36_015)),
            (36, (20_441, 16_604)),
            (55, (20_441, 36_155)),
            (56, (40_881, 16_744)),
        ] {
            assert_eq!(filled(&vec![1_000; commands], BYTES_MIN).span(), span);
        }
        let mut backlog = filled(&[1_000; 500], 1 << 20);
        assert_eq!(backlog.span(), (1, 514_500));
        backlog.trim(300_000);
        assert_eq!(backlog.span(), (204_401, 310_100));
    }

    #[test]
    fn what_follows_an_offset_is_there_as_it_was_written() {
        let backlog = filled(&[10, 50_000, 3, 100_000, 20_000, 7], 100_000);
        let (first, bytes) = backlog.span();
        assert!(first > 1 && backlog.after(first - 2).is_none());
        assert!(backlog.after(first + bytes).is_none());
        assert_eq!(backlog.after(first - 1).map(|all| all.len() as u64), Some(bytes));
        assert_eq!(backlog.after(backlog.end).as_deref(), Some(&b""[..]));

        let last = [set(0, 20_000), set(set(0, 20_000).end, 7)].map(|entry| entry.end);
        let offset = backlog.end - last[1];
        let found = entries(backlog.after(offset).unwrap(), offset);
        assert_eq!(
            found.iter().map(|entry| entry.end).collect::<Vec<_>>(),
            last.map(|end| offset + end)
        );
        assert_eq!(found[1].args, set(0, 7).args);
        let within = entries(backlog.after(offset + 1).unwrap(), offset + 1);
        assert!(within.is_empty());
    }

    #[test]
    fn a_command_from_elsewhere_begins_anew() {
        let mut backlog = filled(&[5, 5], 1 << 20);
        let other = set(1_000, 5);
        backlog.push(&other, 1 << 20);
        assert_eq!(backlog.span(), (1_001, other.end - 1_000));
    }
}
