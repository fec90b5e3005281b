//! What becomes of an account that owes money, and by which ways money comes and goes (R6.8–R6.18,
//! R7.3, R7.5, R7.16).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::units::{Length, Wait, WallTime};

/// Credit: a ceiling on debt (R7.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credit {
    /// Days after the statement of a month at which what was drawn in it is due.
    pub due_days: u16,
}

impl Default for Credit {
    fn default() -> Self {
        Self { due_days: 20 }
    }
}

/// What becomes of the resources of an account that owes money (R6.9, R6.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dunning {
    /// Days after the account fell overdue on which its owner is told.
    #[serde(default)]
    pub notices: Vec<u16>,
    /// How long its resources run on; while they are stopped they cost nothing.
    pub stop: Wait,
    /// How long after the stop they are released.
    pub release_after_stop: Wait,
}

/// The presets that are there unless a catalogue says otherwise (R6.9, R6.10, D17).
#[must_use]
pub(super) fn dunning_presets() -> BTreeMap<String, Dunning> {
    let hours = |count| Wait::Exact(Length(Duration::from_hours(count)));
    let preset = |name: &str, notices: &[u16], stop, release_after_stop| {
        (name.to_owned(), Dunning { notices: notices.to_vec(), stop, release_after_stop })
    };
    BTreeMap::from([
        preset("intl", &[0, 7, 14], Wait::Days(15), Wait::Days(15)),
        preset("immediate", &[0], hours(0), Wait::Days(15)),
        preset("1d", &[0], Wait::Days(1), Wait::Days(15)),
        preset("tencent-hourly", &[0], hours(2), hours(24)),
        preset("tencent-daily", &[0], Wait::Days(1), Wait::Days(30)),
    ])
}

/// The presets of a catalogue, and those that it does not name.
pub(super) fn with_dunning_presets<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Dunning>, D::Error> {
    let mut presets = dunning_presets();
    presets.extend(BTreeMap::<String, Dunning>::deserialize(deserializer)?);
    Ok(presets)
}

impl Dunning {
    pub(super) fn faults(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        if !self.notices.is_sorted_by(|earlier, later| earlier < later) {
            fault(format!("{path}.notices"), "must be in order, each day once".into());
        }
    }
}

/// What is said to the owner of an account that owes money (R6.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overdue {
    /// The preset whose notices are sent for the account as a whole.
    pub preset: String,
    /// How old the notice of a release for debt must be, unless the preset leaves less time (D38).
    pub release_notice: Length,
}

impl Default for Overdue {
    fn default() -> Self {
        let release_notice = Length(Duration::from_hours(24));
        Self { preset: "intl".to_owned(), release_notice }
    }
}

/// What is said before money runs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// The time of day, in the zone of bills, at which an account is held against what it is
    /// about to pay (R6.18).
    pub forecast_at: WallTime,
}

impl Default for Alerts {
    fn default() -> Self {
        let afternoon = chrono::NaiveTime::from_hms_opt(14, 0, 0).unwrap_or_default();
        Self { forecast_at: WallTime(afternoon) }
    }
}

/// Money back to its owner (R7.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Withdraw {
    /// Days after a top-up within which it can go back the way that it came.
    pub original_route_days: u16,
    /// Days of 24 hours after the request within which it is expected to be paid out.
    pub payout_days: u16,
    /// The same by method, where it differs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub payout_days_by_method: BTreeMap<String, u16>,
}

impl Withdraw {
    /// Within how many days what goes by `method` is expected to be paid out.
    #[must_use]
    pub fn payout_days_by(&self, method: &str) -> u16 {
        self.payout_days_by_method.get(method).copied().unwrap_or(self.payout_days)
    }
}

impl Default for Withdraw {
    fn default() -> Self {
        Self { original_route_days: 360, payout_days: 5, payout_days_by_method: BTreeMap::new() }
    }
}

/// What can be done through a channel, and paid by what (R7.16). A channel that is not named
/// allows everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channel {
    /// Methods of topping up; all, if there is no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_up: Option<Vec<String>>,
    /// Methods of paying for a purchase; all, if there is no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Vec<String>>,
    /// Methods of paying for a renewal; all, if there is no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew: Option<Vec<String>>,
    /// Can the mode of renewal be changed through it?
    pub set_mode: bool,
}

impl Default for Channel {
    fn default() -> Self {
        Self { top_up: None, purchase: None, renew: None, set_mode: true }
    }
}

impl Channel {
    /// Is `method` on a list of it?
    #[must_use]
    pub fn allows(list: Option<&[String]>, method: &str) -> bool {
        list.is_none_or(|methods| methods.iter().any(|allowed| allowed == method))
    }
}

/// The channels that are limited unless a catalogue says otherwise: the vendor's app (R7.16).
#[must_use]
pub(super) fn known_channels() -> BTreeMap<String, Channel> {
    let methods = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let paid = ["alipay", "unionpay", "balance"];
    let app = Channel {
        top_up: methods(&["alipay", "unionpay"]),
        purchase: methods(&paid),
        renew: methods(&paid),
        set_mode: false,
    };
    BTreeMap::from([("app".to_owned(), app)])
}

/// The channels of a catalogue, and those that it does not name.
pub(super) fn with_known_channels<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Channel>, D::Error> {
    let mut channels = known_channels();
    channels.extend(BTreeMap::<String, Channel>::deserialize(deserializer)?);
    Ok(channels)
}
