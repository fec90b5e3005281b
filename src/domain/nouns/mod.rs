//! Nouns: each holds a piece of an account's state, its events, and how they change it. A noun
//! decides nothing; verbs do.

pub mod campaign;
pub mod closure;
pub mod coupon;
pub mod coverage;
pub mod house;
pub mod notice;
pub mod order;
pub mod resource;
pub mod series;
pub mod standing;
pub mod statement;
pub mod subscription;
pub mod usage;
pub mod wallet;
pub mod withdrawal;
