//! Messages of the real bus, as far as a proxy has to know them: how long, and of which type.

use bytes::{Buf, Bytes, BytesMut};
use hashslot_core::world::step::MessageKind;

/// Where a header has the length of the whole message, and its type.
const LENGTH_AT: usize = 4;
const TYPE_AT: usize = 12;
const HEAD: usize = TYPE_AT + 2;
const SIGNATURE: &[u8] = b"RCmb";

/// The number of a bus message's type (Redis 7.0, `cluster.h: CLUSTERMSG_TYPE_*`); the replication
/// stream is none.
pub fn packet_type(kind: MessageKind) -> Option<u16> {
    match kind {
        MessageKind::Ping => Some(0),
        MessageKind::Pong => Some(1),
        MessageKind::Meet => Some(2),
        MessageKind::Fail => Some(3),
        MessageKind::Publish => Some(4),
        MessageKind::AuthReq => Some(5),
        MessageKind::AuthAck => Some(6),
        MessageKind::Update => Some(7),
        MessageKind::MfStart => Some(8),
        MessageKind::PublishShard => Some(10),
        MessageKind::Replication => None,
    }
}

/// What a stream is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole message of the bus and its type.
    Message { number: u16, bytes: Bytes },
    /// Bytes that have no frame.
    Plain(Bytes),
}

/// Takes the next message off a stream of the bus, if it is there as a whole. What does not look
/// like one is taken as it is: it is not for us to judge.
pub fn take_message(stream: &mut BytesMut) -> Option<Piece> {
    if stream.len() < HEAD {
        return None;
    }
    let length = (&stream[LENGTH_AT..]).get_u32() as usize;
    let number = (&stream[TYPE_AT..]).get_u16();
    if !stream.starts_with(SIGNATURE) || length < HEAD {
        return Some(Piece::Plain(stream.split().freeze()));
    }
    let is_whole = stream.len() >= length;
    is_whole.then(|| Piece::Message { number, bytes: stream.split_to(length).freeze() })
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::*;

    fn message(number: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.put_slice(SIGNATURE);
        bytes.put_u32((HEAD + body.len()) as u32);
        bytes.put_u16(1);
        bytes.put_u16(7000);
        bytes.put_u16(number);
        bytes.put_slice(body);
        bytes
    }

    #[test]
    fn messages_are_taken_one_by_one_however_they_come() {
        let whole = [message(3, b"abc"), message(10, b"")].concat();
        for cut in 0..whole.len() {
            let mut stream = BytesMut::from(&whole[..cut]);
            let mut taken: Vec<Piece> = std::iter::from_fn(|| take_message(&mut stream)).collect();
            stream.extend_from_slice(&whole[cut..]);
            taken.extend(std::iter::from_fn(|| take_message(&mut stream)));
            let expected = [(3, message(3, b"abc")), (10, message(10, b""))];
            let expected =
                expected.map(|(number, bytes)| Piece::Message { number, bytes: bytes.into() });
            assert_eq!(taken, expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_message_passes() {
        let mut stream = BytesMut::from(&b"*1\r\n$4\r\nPING\r\n"[..]);
        assert_eq!(
            take_message(&mut stream),
            Some(Piece::Plain(Bytes::from_static(b"*1\r\n$4\r\nPING\r\n")))
        );
        let mut stream = BytesMut::from(&b"RCmb\0\0\0\x01\0\0\0\0\0\0"[..]);
        assert!(
            matches!(take_message(&mut stream), Some(Piece::Plain(_))),
            "shorter than its head"
        );
    }
}
