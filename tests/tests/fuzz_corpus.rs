//! What the fuzzers have kept: none of it does harm.

#![cfg(unix)]

use hashslot_tests::fuzz::mutate::mutate;
use hashslot_tests::fuzz::{TARGETS, corpus};
use hashslot_tests::seeds;

/// So many inputs for each target, if no other number is asked for.
const CASES: u64 = 300;

#[test]
fn kept_inputs_do_no_harm() {
    for (target, feed) in TARGETS {
        let inputs = corpus(target);
        assert!(!inputs.is_empty(), "tests/corpus/{target} is empty");
        for (path, bytes) in inputs {
            println!("{}", path.display());
            feed(&bytes);
        }
    }
}

/// As often as there are seeds, every input being named by its own.
#[test]
fn inputs_like_the_kept_ones_do_no_harm() {
    for (target, feed) in TARGETS {
        let inputs: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
        for seed in 0..seeds::count(CASES) {
            let input = mutate(&inputs, seed);
            let result = std::panic::catch_unwind(|| feed(&input));
            assert!(result.is_ok(), "{target}, seed {seed}: {}", input.escape_ascii());
        }
    }
}
