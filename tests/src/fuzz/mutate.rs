//! Inputs made of kept ones by chance, for machines without a fuzzer: one seed, one input.

use hashslot_core::words::Dice;

/// What parsers care for.
const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"*",
    b"$",
    b"-1",
    b"0",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"\"",
    b"\\x",
    b"1048577",
    b"536870913",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"1e999",
    b"ms",
    b"us",
    b"*3\r\n$3\r\nSET\r\n$5\r\nhello\r\n$1\r\n1\r\n",
    b"MULTI\r\n",
    b"EXEC\r\n",
    b"$ run 1s",
    b"until ",
];
const CHANGES_MAX: u64 = 6;
const LENGTH_MAX: usize = 4_096;

/// An input that comes of one of these by a few changes.
pub fn mutate(inputs: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed, "mutations", 0);
    let mut input = pick(inputs, &mut dice).clone();
    for _ in 0..=dice.below(CHANGES_MAX) {
        change(&mut input, inputs, &mut dice);
    }
    input.truncate(LENGTH_MAX);
    input
}

fn pick<'a, T>(all: &'a [T], dice: &mut Dice) -> &'a T {
    &all[dice.below(all.len() as u64) as usize]
}

fn change(input: &mut Vec<u8>, inputs: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(input.len() as u64 + 1) as usize;
    let end = (at + dice.below(20) as usize).min(input.len());
    match dice.below(6) {
        0 if at < input.len() => input[at] ^= 1 << dice.below(8),
        1 => drop(input.drain(at..end)),
        2 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        3 => {
            let other = pick(inputs, dice);
            let from = dice.below(other.len() as u64 + 1) as usize;
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        4 => input.insert(at, dice.below(256) as u8),
        _ => drop(input.splice(at..at, pick(TOKENS, dice).iter().copied())),
    }
}
