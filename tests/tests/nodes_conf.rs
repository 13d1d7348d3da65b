//! nodes.conf: what is written is what is read, whatever a node may know.

#![allow(clippy::unwrap_used)]

use hashslot_core::node::Durable;
use proptest::prelude::*;

/// What a line says beside its id: flags, whether a master is named, times and epoch, whether it is
/// linked, and the pieces of slots of this node among all pieces.
type Line = (usize, bool, (u64, u64, u64), bool, Vec<bool>);

const FLAGS: [&str; 6] =
    ["master", "slave", "master,fail?", "slave,fail", "master,noaddr", "slave,nofailover"];
const PIECES: usize = 8;
const PIECE_SLOTS: usize = 16_384 / PIECES;

fn any_line() -> impl Strategy<Value = Line> {
    let times = (any::<u64>(), any::<u64>(), any::<u64>());
    let pieces = prop::collection::vec(any::<bool>(), PIECES);
    (0..FLAGS.len(), any::<bool>(), times, any::<bool>(), pieces)
}

/// Runs of slots that do not touch, so that each stands alone in the text.
fn ranges(pieces: &[bool]) -> String {
    let own = pieces.iter().enumerate().filter(|(_, own)| **own);
    own.map(|(piece, _)| {
        let first = piece * PIECE_SLOTS;
        match piece % 2 {
            0 => format!(" {first}-{}", first + PIECE_SLOTS / 2),
            _ => format!(" {first}"),
        }
    })
    .collect()
}

fn file(lines: &[Line], (current, vote): (u64, u64), open: bool) -> String {
    let id = |place: usize| format!("{place:040x}");
    let mut text = String::new();
    for (place, (flags, follows, (ping, pong, epoch), linked, pieces)) in lines.iter().enumerate() {
        let flags = match place {
            0 => format!("myself,{}", FLAGS[*flags]),
            _ => FLAGS[*flags].to_owned(),
        };
        let master = if *follows { id((place + 1) % lines.len()) } else { "-".to_owned() };
        let linked = if *linked { "connected" } else { "disconnected" };
        let port = 7000 + place;
        let address = if place == 0 { String::new() } else { format!("127.0.0.{place}") };
        text.push_str(&format!(
            "{} {address}:{port}@{} {flags} {master} {ping} {pong} {epoch} {linked}{}",
            id(place),
            port + 10_000,
            ranges(pieces),
        ));
        if place == 0 && open {
            let other = id(lines.len() - 1);
            text.push_str(&format!(" [93->-{other}] [94-<-{other}]"));
        }
        text.push('\n');
    }
    text + &format!("vars currentEpoch {current} lastVoteEpoch {vote}\n")
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(
        lines in prop::collection::vec(any_line(), 1..8),
        epochs in (any::<u64>(), any::<u64>()),
        open in any::<bool>(),
    ) {
        let text = file(&lines, epochs, open);
        let durable = Durable::parse(&text).unwrap();
        prop_assert_eq!(durable.text(), text);
    }

    #[test]
    fn no_text_makes_a_reader_panic(
        lines in prop::collection::vec(any_line(), 1..4),
        cut in any::<prop::sample::Index>(),
        junk in "[ -~\n]{0,8}",
    ) {
        let text = file(&lines, (1, 2), true);
        let at = cut.index(text.len());
        let _ = Durable::parse(&format!("{}{junk}{}", &text[..at], &text[at..]));
        let _ = Durable::parse(&text[..at]);
    }
}
