//! Consecutive ports that are free, together with their bus ports.
//!
//! Ports lie below those which the kernel gives to outgoing connections, and above all numbers of
//! slots, so that a port alone on a line can be told from a slot.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 17_000;
const STRIDE: u32 = 20;
const RANGES: u32 = 240;
const BUS_PORT_DISTANCE: u16 = 10_000;

/// The first of so many free ports.
pub fn take(count: u16) -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    assert!(u32::from(count) <= STRIDE, "at most {STRIDE} ports are taken at once");
    let start = process::id().wrapping_mul(7);
    for _ in 0..RANGES {
        let range = start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % RANGES;
        let first = (FIRST + range * STRIDE) as u16;
        if (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no {count} consecutive ports are free between {FIRST} and {}", FIRST + RANGES * STRIDE)
}

fn is_free(port: u16) -> bool {
    let listens = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    listens(port) && listens(port + BUS_PORT_DISTANCE)
}
