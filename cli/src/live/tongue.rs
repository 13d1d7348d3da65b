//! Who translates between the names of a lesson and those of a real cluster.

use std::net::SocketAddrV4;

use bytes::Bytes;
use hashslot_core::data::Reply;

use super::Names;

/// What is said to nodes goes in through this, and what they say comes out of it.
pub trait Tongue {
    /// The real place of an address of the lesson.
    fn real_place(&self, of: SocketAddrV4) -> SocketAddrV4;
    /// A call as it is sent.
    fn call_to_real(&self, args: &[Bytes]) -> Vec<Bytes>;
    /// A reply as the lesson would have it.
    fn reply_to_script(&self, reply: Reply) -> Reply;
}

impl Tongue for Names {
    fn real_place(&self, of: SocketAddrV4) -> SocketAddrV4 {
        Names::real_place(self, of)
    }

    fn call_to_real(&self, args: &[Bytes]) -> Vec<Bytes> {
        Names::call_to_real(self, args)
    }

    fn reply_to_script(&self, reply: Reply) -> Reply {
        Names::reply_to_script(self, reply)
    }
}
