//! Lists that come page by page.

use renewd::admin::wire::{Page, Window};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Desk;
use crate::cli::Slice;
use crate::client::Call;
use crate::failure::Failure;
use crate::output;

/// The longest page that the daemon gives.
const PAGE_MAX: usize = 300;

impl Desk {
    /// Prints a list: the rows of `call` within `slice`, each as `row` has it.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        call: &Call,
        slice: &Slice,
        columns: &[&str],
        row: impl Fn(T) -> Vec<String>,
    ) -> Result<(), Failure> {
        let wanted = if slice.all { usize::MAX } else { slice.limit as usize };
        let mut items: Vec<Box<RawValue>> = Vec::new();
        let mut next = slice.cursor.clone();
        let mut window = None;
        loop {
            let limit = PAGE_MAX.min(wanted - items.len());
            let page = call.clone().query("limit", Some(limit)).query("cursor", next.as_ref());
            let page: Page<Box<RawValue>> = self.client.send(&page).await?.read()?;
            let empty = page.items.is_empty();
            items.extend(page.items);
            next = page.next;
            window = window.or(page.window);
            if next.is_none() || empty || items.len() >= wanted {
                break;
            }
        }
        if self.output.json {
            let page = serde_json::to_string(&Page { items, next, window })
                .map_err(|error| Failure::local("the list", &error))?;
            return Ok(output::line(&page)?);
        }
        let rows = items
            .iter()
            .map(|item| serde_json::from_str(item.get()).map(&row))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Failure::Daemon(format!("a row that can't be read: {error}")))?;
        if let Some(Window { from: Some(from), is_default: true, .. }) = window {
            self.output
                .say(&format!("of the last 30 days, since {from}: --from goes further back"));
        }
        if rows.is_empty() {
            self.output.say("nothing");
            return Ok(());
        }
        self.output.table(columns, rows)?;
        if let Some(next) = next {
            self.output.say(&format!("there is more: --all, or --cursor {next}"));
        }
        Ok(())
    }
}
