//! One node among false peers: a real server and a simulated node hear the same on the bus.
//!
//! The problem: beside real clusters, nodes only ever hear what well-behaved nodes say. What a node
//! does of an old claim, a strange vote or a lie, no script of steps can ask. The idea: everybody
//! else is ours. A real node and a simulated one begin with the same nodes.conf; peers that are
//! only a program say the same to both, whatever it is; and both must believe, write down and
//! answer the same.
//!
//! | file | concern |
//! |---|---|
//! | `wire` | bytes of the bus |
//! | `script`, `random` | what is said and asked, and with which nodes.conf it begins |
//! | `side` | what both sides have in common |
//! | `served`, `lone` | the real server and its false peers; the simulated node |
//! | `look` | what can be seen of a node |
//! | `play`, `many` | both, step by step; the shortest script of a difference |

pub mod lone;
pub mod look;
pub mod many;
pub mod play;
pub mod random;
pub mod script;
pub mod served;
pub mod side;
pub mod wire;
