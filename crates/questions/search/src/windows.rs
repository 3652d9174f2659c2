//! Whether it is the windows of a promise that break it, and not the load: whole days would keep it.

use worstday_model::system::Metric;

use crate::answer::Windows;
use crate::check::{BATCH, Check, Crew};
use crate::lived::{Trial, Tried, Unlived};

impl<C: Crew> Check<'_, C> {
    /// Whether quiet days break a promise by its windows: judged whole, the same days keep it.
    pub(crate) fn short_windows(&mut self, promise: usize) -> Result<Option<Windows>, Unlived> {
        let row = &self.world.system.promises[promise];
        let short = row.must.iter().find(|must| {
            matches!(must.metric, Metric::Percentile(_)) && must.over_ns < 86_400_000_000_000
        });
        let Some(short) = short.cloned() else {
            return Ok(None);
        };
        let whole = self.world.with_whole_days();
        let affordable = self.affords(16.0);
        let date = self.busiest_date();
        let day = if affordable {
            self.world.around(date, &[], 1.0)
        } else {
            self.world.busiest(date, 1.0)
        };
        let trials: Vec<Trial> = (0..BATCH as u64)
            .map(|index| Trial::new(day.clone(), self.seed_of("windows", index)))
            .collect();
        let Some(in_windows) = self.batch(&trials, "windows")? else {
            return Ok(None);
        };
        let Some(in_days) = self.batch_of(&whole, &trials, "windows")? else {
            return Ok(None);
        };
        self.days.hunted += 2 * trials.len() as u64;
        let of = |tried: &[Tried]| tried.iter().filter(|t| t.promises[promise].broken).count();
        let sum = |of: fn(&crate::lived::Judged) -> u64| -> u64 {
            in_windows.iter().map(|t| of(&t.promises[promise])).sum()
        };
        let windows = sum(|judged| judged.windows);
        let hours: f64 = in_windows
            .iter()
            .map(|t| t.simulated_ns as f64)
            .sum::<f64>()
            - in_windows.len() as f64 * 1.8e12;
        let requests = sum(|judged| judged.sent) as f64 * short.over_ns as f64 / hours.max(1.0);
        Ok(Some(Windows {
            condition: short.text.clone(),
            requests,
            breaking: sum(|judged| judged.broken_windows) as f64 / windows.max(1) as f64,
            by_chance: 0 < of(&in_windows) && of(&in_days) == 0,
        }))
    }
}
