//! The timeline of versions: which rules are in force at which instant.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AutoRenewals, Lifecycle, Product, Rules};
use crate::domain::calendar::Timestamp;

/// One version on the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// From when it is in force.
    pub effective_at: Timestamp,
    /// What it says.
    pub rules: Arc<Rules>,
}

/// All versions of the rules, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    versions: Vec<Version>,
}

impl Timeline {
    /// The timeline of one version that has always been in force; for tests and previews.
    #[must_use]
    pub fn of(rules: Rules) -> Self {
        let mut timeline = Self::default();
        timeline.push(Version { number: 1, effective_at: Timestamp::MIN, rules: Arc::new(rules) });
        timeline
    }

    /// Adds the next version. One that takes effect no later than its predecessor replaces it
    /// from there on.
    pub fn push(&mut self, version: Version) {
        self.versions.push(version);
    }

    /// The number of the newest version, in force or not; 0 if there is none.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.versions.last().map_or(0, |version| version.number)
    }

    /// All versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version in force at `at`: the newest that is effective by then. Before the first one
    /// takes effect, the first one.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<&Version> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.effective_at <= at)
            .or_else(|| self.versions.first())
    }

    /// The product as `version` has it; or, once it is gone from the rules, as the last version
    /// that knew it had it: whoever still has one is reminded, and keeps the lifecycle.
    #[must_use]
    pub fn product<'a>(
        &'a self,
        version: &'a Version,
        product: &str,
    ) -> Option<(&'a Rules, &'a Product)> {
        let known = |version: &'a Version| {
            let rules = version.rules.as_ref();
            rules.products.get(product).map(|product| (rules, product))
        };
        self.versions.iter().rev().filter(|it| it.number <= version.number).find_map(known)
    }

    /// The lifecycle and the auto-renewal schedule that a product has at `at`, or had last.
    #[must_use]
    pub fn presets(&self, product: &str, at: Timestamp) -> Option<(&Lifecycle, &AutoRenewals)> {
        let (rules, product) = self.product(self.in_force(at)?, product)?;
        Some((
            rules.lifecycles.get(&product.lifecycle)?,
            rules.autorenewals.get(&product.autorenewal)?,
        ))
    }

    /// The stretches from `from` on in which one version is in force: `(version, start, end)`,
    /// half-open, in order.
    pub fn stretches(
        &self,
        from: Timestamp,
    ) -> impl Iterator<Item = (&Version, Timestamp, Timestamp)> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let start = next?;
            let version = self.in_force(start)?;
            let end = self
                .versions
                .iter()
                .filter(|later| later.number > version.number && later.effective_at > start)
                .map(|later| later.effective_at)
                .min();
            next = end;
            Some((version, start, end.unwrap_or(Timestamp::MAX)))
        })
    }
}
