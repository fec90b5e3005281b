//! What only the server can promise.
