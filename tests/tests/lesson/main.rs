//! Lessons as texts: how they are read, what is said of mistakes, how they are run.

mod errors;
mod parser;
mod runner;
mod shipped;
