//! What both sides have in common: a node, its false peers, and a client.

use std::io;

use bytes::Bytes;
use hashslot_core::data::Reply;
use hashslot_core::node::Message;

use super::script::Link;
use super::wire::Heard;

/// A node among false peers, real or simulated.
pub trait Side {
    /// Says something to the node; whether there was a link.
    fn say(&mut self, by: usize, link: Link, message: &Message) -> io::Result<bool>;
    /// A peer closes a link, if there is one.
    fn hang_up(&mut self, by: usize, link: Link);
    /// The reply, if there is one at once; else the client goes, and another comes.
    fn ask(&mut self, call: &[Bytes]) -> io::Result<Option<Reply>>;
    /// What came on a link since this was last asked, but pings.
    fn heard(&mut self, peer: usize, link: Link) -> Vec<Heard>;
    /// How many links there are that one side opened.
    fn links(&mut self, peer: usize, link: Link) -> usize;
    /// The file as it stands.
    fn nodes_conf(&mut self) -> io::Result<String>;
    /// The lines written since this was last asked: level's mark and text.
    fn log(&mut self) -> io::Result<Vec<String>>;
}
