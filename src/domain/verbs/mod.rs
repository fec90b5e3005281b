//! Verbs: each reads the whole account and chooses the facts. A verb checks everything before it
//! pushes its first event, so a rejection leaves no trace.

pub mod accrue;
pub mod advance;
pub mod ahead;
pub mod align;
pub mod apply_rules;
pub mod bill;
pub mod brake;
pub mod campaign;
pub mod cancel;
pub mod change;
pub mod channel;
pub mod closure;
pub mod coupons;
pub mod credit;
pub mod credit_limit;
pub mod deliver;
pub mod hold;
pub mod import;
pub mod open;
pub mod package;
pub mod pay;
pub mod pricing;
pub mod purchase;
pub mod record_usage;
pub mod refund;
pub mod renew;
pub mod resource;
pub mod set_renewal_mode;
pub mod settle;
pub mod so_far;
pub mod standing;
pub mod top_up;
pub mod transfer;
pub mod withdraw;
