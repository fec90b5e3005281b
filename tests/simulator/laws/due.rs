//! Nobody due is left behind: after a pass nothing is due any more, but what the brake holds back
//! or what failed a moment ago; and nobody is set aside (design, section 8: due work is looked
//! after at least every five minutes; D30, D38).

use std::time::Duration;

use renewd::domain::calendar::Timestamp;

use crate::history::{History, Rest};

/// Schedulers look every minute.
const LOOK: Duration = Duration::from_mins(1);
/// What failed is tried again after an hour at the most.
const RETRY: Duration = Duration::from_mins(62);

pub(crate) fn broken(history: &History) -> Vec<String> {
    let mut broken: Vec<String> = history.rests.iter().flat_map(left_behind).collect();
    let aside = history.parked.iter().map(|(stream, why)| format!("{stream} is parked: {why}"));
    broken.extend(aside);
    for (stream, head) in &history.heads {
        if head.due_at.plus(LOOK) <= history.ended_at
            && history.house().is_none_or(|house| house.brake.is_none())
        {
            broken.push(format!("{stream} is due since {} for {}", head.due_at, head.due_job));
        }
    }
    broken
}

fn left_behind(rest: &Rest) -> Vec<String> {
    if rest.braked || rest.failed_at.plus(RETRY) > rest.at && rest.failed_at > Timestamp::MIN {
        return Vec::new();
    }
    let looked = |due_at: Timestamp| due_at.plus(LOOK) <= rest.at;
    let left = rest.due.iter().filter(|row| looked(row.due_at));
    left.map(|row| {
        let (at, stream, due_at, job) = (rest.at, row.stream, row.due_at, row.job);
        format!("at {at} {stream} is due since {due_at} for {job}")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use renewd::domain::agenda::Job;
    use renewd::domain::ids::StreamId;
    use renewd::store::DueRow;

    use super::super::breaking::is_found;
    use super::*;

    #[test]
    fn whoever_is_left_behind_is_found() {
        is_found(broken, |history| {
            let at = history.ended_at;
            let due_at = at.minus(Duration::from_secs(61));
            let due = vec![DueRow { stream: StreamId::House, due_at, job: Job::Orders }];
            history.rests.push(Rest { at, failed_at: Timestamp::MIN, due, braked: false });
            true
        });
    }

    #[test]
    fn a_due_row_that_nobody_took_is_found() {
        is_found(broken, |history| {
            let at = history.ended_at;
            let head = history.heads.values_mut().next().expect("a stream");
            head.due_at = at.minus(Duration::from_secs(61));
            true
        });
    }
}
