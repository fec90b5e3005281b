//! What the environment has armed, read once.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use super::Point;

struct Armed {
    /// At which point, or at any, and at which of its passes.
    die_at: Option<(Option<Point>, u64)>,
    passed: AtomicU64,
    passes: Option<File>,
}

static ARMED: LazyLock<Armed> = LazyLock::new(|| Armed {
    die_at: std::env::var("RENEWD_DIE_AT").ok().map(|text| {
        let read = read(&text);
        // A test that dies nowhere proves nothing: better not to start.
        read.unwrap_or_else(|| {
            panic!("RENEWD_DIE_AT={text}: expected the name of a point or any, :, n")
        })
    }),
    passed: AtomicU64::new(0),
    passes: std::env::var_os("RENEWD_COUNT_PASSES").map(|path| {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.unwrap_or_else(|error| panic!("RENEWD_COUNT_PASSES={}: {error}", path.display()))
    }),
});

fn read(text: &str) -> Option<(Option<Point>, u64)> {
    let (name, n) = text.split_once(':')?;
    let point = match name {
        "any" => None,
        name => Some(Point::ALL.into_iter().find(|point| point.name() == name)?),
    };
    n.parse().ok().filter(|n| *n > 0).map(|n| (point, n))
}

pub(super) fn pass(point: Point) {
    if let Some(mut passes) = ARMED.passes.as_ref() {
        // One write a line, so that lines of several threads do not mix.
        let _ = passes.write_all(format!("{}\n", point.name()).as_bytes());
    }
    if let Some((deadly, n)) = ARMED.die_at
        && deadly.is_none_or(|deadly| deadly == point)
        && ARMED.passed.fetch_add(1, Ordering::Relaxed) + 1 == n
    {
        let _ = kill_process(getpid(), Signal::KILL);
        // The signal takes effect before the call returns, unless the system refused it.
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_named_by_point_and_pass() {
        assert_eq!(read("tell.after:3"), Some((Some(Point::TellAfter), 3)));
        assert_eq!(read("any:12"), Some((None, 12)));
        for wrong in ["tell.after", "tell.after:0", "tell.after:x", "nowhere:1", "any", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
