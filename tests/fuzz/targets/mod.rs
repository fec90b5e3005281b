//! The targets: each takes any bytes, and panics only where something is wrong with the house. The
//! stable tests and cargo-fuzz (`fuzz/`) run the same ones.

pub(crate) mod configuration;
pub(crate) mod house;
pub(crate) mod imports;
pub(crate) mod journal;
pub(crate) mod requests;
pub(crate) mod texts;

/// A target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Its name, and that of its folder in `tests/fuzz/corpus`.
    pub(crate) name: &'static str,
    /// Inputs that it understands, from which others are made.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Takes an input.
    pub(crate) run: fn(&[u8]),
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "requests", seeds: requests::seeds, run: requests::run },
    Target { name: "imports", seeds: imports::seeds, run: imports::run },
    Target { name: "journal", seeds: journal::seeds, run: journal::run },
    Target { name: "configuration", seeds: configuration::seeds, run: configuration::run },
    Target { name: "texts", seeds: texts::seeds, run: texts::run },
];
