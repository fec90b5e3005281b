#![no_main]

renewd_fuzz::fuzz!("configuration");
