#![no_main]

#[path = "../common.rs"]
mod common;

common::fuzz!("configuration");
