//! The control socket: HTTP and JSON for operators, `renewctl` and the provider's own systems.

pub mod wire;
