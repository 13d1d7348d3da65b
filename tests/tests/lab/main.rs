//! The lab without a page: what is asked of it, and what it answers.

mod faults;
mod hostile;
mod lessons;
mod links;
mod page;
