//! The door and a hostile outside: every operation of the API under generated requests, and
//! clients that are slow, many, or never done.

mod bridge;
mod described;
mod floods;
