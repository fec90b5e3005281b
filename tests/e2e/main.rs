//! Does the product work? Each file is a story, told to the real `renewd` over its control socket,
//! under a manual clock, and through the real `renewctl`.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod balance;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod closing_by_operator;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod copying;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod door;
#[cfg(test)]
mod downtime;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod forecast;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod import;
#[cfg(test)]
mod mail_over_smtp;
#[cfg(test)]
mod meters;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod orders_and_coupons;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod pay_as_you_go;
#[cfg(test)]
mod real_time;
#[cfg(test)]
mod sick_disk;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod story_of_a_subscription;
#[cfg(test)]
mod three_modes;
#[cfg(test)]
mod two_daemons;
#[cfg(test)]
mod usage;
