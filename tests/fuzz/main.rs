//! One fuzzer for all targets: `HASHSLOT_FUZZ` names the one that is fed (`hashslot_tests::fuzz`).

#![no_main]

use std::env;
use std::sync::OnceLock;

use hashslot_tests::fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;

fn target() -> fn(&[u8]) {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let wanted = env::var("HASHSLOT_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|(name, _)| *name == wanted);
        found.unwrap_or_else(|| panic!("HASHSLOT_FUZZ names no target: {wanted:?}")).1
    })
}

fuzz_target!(|bytes: &[u8]| target()(bytes));
