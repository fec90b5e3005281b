//! Nouns: each holds a piece of an account's state, its events, and how they change it. A noun
//! decides nothing; verbs do.

pub mod house;
pub mod notice;
pub mod order;
pub mod subscription;
pub mod wallet;
