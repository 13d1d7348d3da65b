//! The lab in a real browser, as its users meet it.

#![cfg(feature = "browser")]

mod access;
mod all_lessons;
mod alone;
mod lesson;
mod live;
mod newcomer;
mod places;
mod questions;
mod starts;
mod texts;
