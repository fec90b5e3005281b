//! The door and a hostile outside: every operation of the API under generated requests, and
//! clients that are slow, many, or never done.

#[path = "../e2e/harness/mod.rs"]
#[allow(dead_code, reason = "the stories use all of it")]
mod harness;

mod bridge;
mod described;
mod floods;
