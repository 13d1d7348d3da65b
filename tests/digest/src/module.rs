//! The exports of the wasm module: a script's text goes in, a digest comes out. Nothing is
//! imported, so there is no clock, no randomness and nobody to ask.

#![allow(unsafe_code)]

use std::cell::RefCell;

thread_local! {
    /// Where the host writes the script, and reads what a panic said.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Room for a text of this many bytes, for the host to write to.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    TEXT.with_borrow_mut(|text| {
        *text = vec![0; length];
        text.as_mut_ptr()
    })
}

/// The digest of the script that was written; it traps if there is none, and [`said`] is why.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u64 {
    std::panic::set_hook(Box::new(|panic| TEXT.set(panic.to_string().into_bytes())));
    let text = TEXT.take();
    let source = std::str::from_utf8(&text).expect("a script is UTF-8 text");
    match crate::digest(source) {
        Ok(digest) => digest,
        Err(error) => panic!("{error}"),
    }
}

/// How many bytes a panic said.
#[unsafe(no_mangle)]
pub extern "C" fn said_length() -> usize {
    TEXT.with_borrow(Vec::len)
}

/// What a panic said.
#[unsafe(no_mangle)]
pub extern "C" fn said() -> *const u8 {
    TEXT.with_borrow(|text| text.as_ptr())
}
