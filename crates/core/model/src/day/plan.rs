//! From a request such as "an ordinary Monday" to a [`Day`] on the engine's clock.
//!
//! Everything that the calendar decides is decided here, once; everything that is drawn is left to
//! the engine. What the file leaves open:
//!
//! - An ordinary day is 24 hours from local midnight, also where clocks change, unless `length_ns`
//!   says otherwise; 2 hours if nothing varies in those 24.
//! - Constant demand replaces curves, recordings and clients that come with an event by Poisson
//!   streams of their rate at the day's busiest moment, what events do to demand included. Dated faults
//!   and edits still happen.
//! - On a scenario's day, declared faults and random events do not strike by themselves, and an event
//!   that the scenario makes happen comes only as it says; other dated events come as ever.
//! - A length in `when` itself (`for`, `to`) goes before the `for` or `lasts` beside it, and that before
//!   the whole day that a bare date stands for.

use super::expected::{DURING_INSTANT_NS, Expected, busiest, expected_length, mean};
use super::{
    DatedAct, DatedDemand, DatedEdit, DatedRollout, Day, DayError, DayRequest, Demand, EventDemand,
    Happening, Happens, Occurrence, Random, RateCurve, RecordedDemand, Scenario, Strike, Varies,
    What,
};
use crate::calendar::{self, Calendar, EVER_AFTER_NS, next_working_day};
use crate::system::{
    Arrive, ClientId, Clock, Dist, Event, EventId, FaultId, FaultWhen, Grown, Grows, Growth, Lasts,
    Pattern, Recorded, Recording, ServiceId, System,
};
use crate::when::{Days, Hours, When};
use jiff::civil::{Date, Time};

/// Before counting begins, ns.
pub const WARM_UP_NS: u64 = 30 * MINUTE_NS;

const MINUTE_NS: u64 = 60_000_000_000;
const HOUR_NS: u64 = 60 * MINUTE_NS;
const DAY_NS: u64 = 24 * HOUR_NS;

/// Longest run: ten years.
const LONGEST_NS: u64 = 3_653 * DAY_NS;

/// What never ends still fits into the engine's clock.
const FOREVER_NS: u64 = 1 << 62;

/// How far back a drawn length is looked for at most.
const LOOK_BACK_NS: u64 = 800 * DAY_NS;

/// Within so much of an instant every recurring event has an occurrence, ns.
const A_YEAR_NS: u64 = 366 * DAY_NS;

/// The day that `request` asks for.
///
/// # Errors
///
/// [`DayError`] if there is no such day.
pub fn plan(system: &System, request: &DayRequest) -> Result<Day, DayError> {
    let calendar = Calendar::new(&system.timezone).map_err(DayError::TimeZone)?;
    let day = date_of(system, &calendar, request);
    if !(1700..=2200).contains(&day.year()) {
        return Err(DayError::OutOfReach { day });
    }
    if let Some(ns) = request.length_ns
        && !(1..=LONGEST_NS).contains(&ns)
    {
        return Err(DayError::Length { ns });
    }
    let random = match request.what {
        What::Scenario(_) => Random::No,
        _ => request.random,
    };
    let mut planner = Planner {
        system,
        calendar: &calendar,
        as_of: system.as_of.unwrap_or(request.as_of),
        day,
        from_ns: calendar.midnight(day),
        length_ns: DAY_NS,
        random,
    };
    match &request.what {
        What::Ordinary { .. } => planner.ordinary(request.length_ns),
        What::Constant { peak, .. } => planner.constant(*peak, request.length_ns),
        What::Scenario(scenario) => planner.scenario(scenario, request.length_ns),
    }
}

/// The date that a request asks for: the day that growth leads to.
///
/// # Errors
///
/// [`DayError`] if the time zone is unknown.
pub fn date(system: &System, request: &DayRequest) -> Result<Date, DayError> {
    let calendar = Calendar::new(&system.timezone).map_err(DayError::TimeZone)?;
    Ok(date_of(system, &calendar, request))
}

fn date_of(system: &System, calendar: &Calendar, request: &DayRequest) -> Date {
    match &request.what {
        What::Ordinary { day } | What::Constant { day, .. } => {
            day.unwrap_or_else(|| default_day(system, calendar, request.as_of))
        }
        What::Scenario(scenario) => scenario.day,
    }
}

/// The first working day after `as_of`; with recordings, the first whole day that all of them have.
fn default_day(system: &System, calendar: &Calendar, as_of: Date) -> Date {
    let spans: Vec<_> = dated_recordings(system, calendar)
        .map(|(_, span)| span)
        .collect();
    let Some(first_ns) = spans.iter().map(|span| span.0).max() else {
        return next_working_day(as_of);
    };
    let last_ns = spans.iter().map(|span| span.1).min().unwrap_or(first_ns);
    let begun = calendar.local(first_ns).date();
    let whole = calendar
        .days(first_ns, last_ns)
        .into_iter()
        .find(|day| first_ns <= day.start_ns && day.end_ns <= last_ns);
    whole.map_or(begun, |day| day.date)
}

/// Clients with a recording that belongs to dates: first instant, and one past the last, moved by `at`.
fn dated_recordings<'a>(
    system: &'a System,
    calendar: &'a Calendar,
) -> impl Iterator<Item = (&'a str, (i64, i64))> + 'a {
    system.clients.iter().filter_map(move |client| {
        let Arrive::Recorded(recording) = &client.arrive else {
            return None;
        };
        if recording.clock == Clock::FromStart && recording.at.is_none() {
            return None;
        }
        let (first, last) = recording.span()?;
        let moved = shift(recording, calendar, 0);
        Some((
            client.name.as_str(),
            (first.saturating_add(moved), last.saturating_add(moved)),
        ))
    })
}

/// What to add to a recording's times to get Unix time.
fn shift(recording: &Recording, calendar: &Calendar, from_ns: i64) -> i64 {
    let first = recording.span().map_or(0, |span| span.0);
    match (recording.clock, recording.at) {
        (Clock::Unix, None) => 0,
        // By whole days where `at` is a date: the time of day stays.
        (Clock::Unix, Some(at)) => {
            let origin = calendar.midnight(calendar.local(first).date());
            calendar.instant(at).saturating_sub(origin)
        }
        (Clock::FromStart, None) => from_ns,
        (Clock::FromStart, Some(at)) => calendar.instant(at),
    }
}

/// What all kinds of days need.
struct Planner<'a> {
    system: &'a System,
    calendar: &'a Calendar,
    /// Growth is counted from here.
    as_of: Date,
    day: Date,
    /// Counting starts here, Unix time in ns.
    from_ns: i64,
    /// So long is counted.
    length_ns: u64,
    random: Random,
}

impl Planner<'_> {
    fn ordinary(&mut self, asked: Option<u64>) -> Result<Day, DayError> {
        let mut day = self.bare()?;
        match asked {
            Some(length) => {
                self.length_ns = length;
                day = self.bare()?;
            }
            None if day.varies == Varies::No => {
                self.length_ns = 2 * HOUR_NS;
                day = self.bare()?;
            }
            None => {}
        }
        day.label = self.label(match day.varies {
            Varies::No => ", nothing varies",
            Varies::Yes => "",
        });
        Ok(day)
    }

    fn constant(&mut self, peak: f64, asked: Option<u64>) -> Result<Day, DayError> {
        if !(peak.is_finite() && 0.0 <= peak) {
            return Err(DayError::Factor { value: peak });
        }
        let whole = self.bare()?;
        let clients: Vec<_> = self
            .ids()
            .map(|id| Expected::new(self.system, id, &whole.demand[id.index()], &whole.events))
            .collect();
        let open: Vec<_> = clients.iter().flatten().collect();
        let (moment, highest) = busiest(&open, WARM_UP_NS, whole.end_ns);
        if highest <= 0.0 && !open.is_empty() && open.len() == clients.len() {
            return Err(DayError::NoPeak { day: self.day });
        }
        self.length_ns = asked.unwrap_or(DAY_NS);
        let mut day = self.with_constant_demand(&clients, moment, peak)?;
        if asked.is_none() && day.varies == Varies::No {
            self.length_ns = 2 * HOUR_NS;
            day = self.with_constant_demand(&clients, moment, peak)?;
        }
        let time = self
            .calendar
            .local(whole.start_unix_ns.saturating_add_unsigned(moment));
        let as_on = if open.is_empty() {
            String::new()
        } else {
            format!(
                " (as on {} at {})",
                name_of(self.day),
                time.strftime("%H:%M")
            )
        };
        day.label = format!("constant demand, {peak}x peak{as_on}");
        Ok(day)
    }

    /// The day, with every client's rate as it is at one moment.
    fn with_constant_demand(
        &self,
        clients: &[Option<Expected>],
        moment: u64,
        peak: f64,
    ) -> Result<Day, DayError> {
        let mut day = self.bare()?;
        for (client, demand) in clients.iter().zip(&mut day.demand) {
            match (client, &*demand) {
                (None, _) => {
                    *demand = Demand::Closed {
                        factor: peak * own_factor(demand),
                    };
                }
                (Some(client), _) => {
                    let (pattern, batch) = match *demand {
                        Demand::Stream { pattern, batch, .. } => (pattern, batch),
                        _ => (Pattern::Poisson, 1),
                    };
                    *demand = Demand::Stream {
                        rate: RateCurve::constant(
                            client.own_rate(moment),
                            client.bound_per_s,
                            day.end_ns,
                        ),
                        pattern,
                        batch,
                        factor: peak * client.factor(moment),
                    };
                }
            }
        }
        day.event_demand = EventDemand::Included;
        day.growing.clear();
        day.varies = self.varies(&day);
        Ok(day)
    }

    fn scenario(&mut self, scenario: &Scenario, asked: Option<u64>) -> Result<Day, DayError> {
        let from = scenario.from.unwrap_or_else(Time::midnight);
        self.from_ns = self.calendar.instant(self.day.to_datetime(from));
        let past_midnight = scenario.until.is_some_and(|until| until <= from);
        let on = |time: Time, tomorrow: bool| {
            let date = if tomorrow {
                self.day.tomorrow().unwrap_or(self.day)
            } else {
                self.day
            };
            self.calendar.instant(date.to_datetime(time))
        };
        let until_ns = scenario.until.map(|until| on(until, past_midnight));
        let length = until_ns.map_or(DAY_NS, |until| {
            until.saturating_sub(self.from_ns).max(0) as u64
        });
        // Both ends may be the same instant where clocks jump.
        self.length_ns = asked.unwrap_or(length).max(1);
        let mut day = self.bare()?;
        for &(client, factor) in &scenario.demand {
            if !(factor.is_finite() && 0.0 <= factor) {
                return Err(DayError::Factor { value: factor });
            }
            *factor_mut(&mut day.demand[client.index()]) *= factor;
        }
        day.faults.clear();
        day.events.retain(|occurrence| {
            let listed = |h: &Happening| h.what == Happens::Event(occurrence.event);
            !scenario.happens.iter().any(listed)
        });
        for happening in &scenario.happens {
            let after_midnight =
                past_midnight && happening.at < from && Some(happening.at) <= scenario.until;
            let at_unix = on(happening.at, after_midnight);
            let at_ns = at_unix.saturating_sub(day.start_unix_ns);
            let ordinal = calendar::ordinal(self.calendar.local(at_unix));
            match happening.what {
                Happens::Fault(fault) => day.faults.push(Strike {
                    fault,
                    ordinal,
                    at_ns,
                    lasts_ns: happening.lasts_ns,
                    by: happening.by,
                    target: happening.target.clone(),
                }),
                Happens::Event(event) => day.events.push(Occurrence {
                    event,
                    ordinal,
                    start_ns: at_ns,
                    lasts_ns: happening
                        .lasts_ns
                        .or_else(|| self.own_length(event, at_unix)),
                }),
                // What began before the run began is under way at its start.
                Happens::Edit(_) | Happens::Act(_) | Happens::Demand(_) => {
                    let early = 0_i64.saturating_sub(at_ns).max(0) as u64;
                    let lasts_ns = happening.lasts_ns.map(|lasts| lasts.saturating_sub(early));
                    if lasts_ns == Some(0) {
                        continue;
                    }
                    let at_ns = at_ns.max(0) as u64;
                    match happening.what {
                        Happens::Act(act) => day.acts.push(DatedAct {
                            act,
                            because: happening.because.clone(),
                            at_ns,
                            lasts_ns,
                        }),
                        Happens::Demand(client) => {
                            let factor = happening.by.unwrap_or(1.0);
                            if !(factor.is_finite() && 0.0 <= factor) {
                                return Err(DayError::Factor { value: factor });
                            }
                            day.demands.push(DatedDemand {
                                client,
                                factor,
                                at_ns,
                                lasts_ns,
                            });
                        }
                        Happens::Edit(edit) => day.edits.push(DatedEdit {
                            edit,
                            at_ns,
                            lasts_ns,
                        }),
                        Happens::Fault(_) | Happens::Event(_) => {}
                    }
                }
            }
        }
        day.events.sort_by_key(|o| (o.start_ns, o.event, o.ordinal));
        day.edits.sort_by_key(|e| (e.at_ns, e.edit));
        day.varies = self.varies(&day);
        let clock = |time: Time| time.strftime("%H:%M").to_string();
        let until = match scenario.until {
            Some(until) => format!(", {} to {}", clock(from), clock(until)),
            None if scenario.from.is_some() => format!(", from {}", clock(from)),
            None => String::new(),
        };
        day.label = format!("{}: {}{until}", scenario.name, name_of(self.day));
        Ok(day)
    }

    /// How long an event lasts by its own `when`: as the occurrence that is nearest to an instant.
    fn own_length(&self, event: EventId, at_unix_ns: i64) -> Option<u64> {
        let event = &self.system.events[event.index()];
        let whens = plain_dates_as_instants(&event.when, event.lasts.is_some());
        let from = at_unix_ns.saturating_sub_unsigned(A_YEAR_NS);
        let to = at_unix_ns.saturating_add_unsigned(A_YEAR_NS);
        let nearest = self
            .calendar
            .occurrences(&whens, from, to)
            .into_iter()
            .min_by_key(|occurrence| occurrence.start_ns.abs_diff(at_unix_ns))?;
        length_of(&nearest)
    }

    /// Curves, recordings, dated events and dated faults.
    fn bare(&self) -> Result<Day, DayError> {
        let start_unix_ns = self.from_ns.saturating_sub_unsigned(WARM_UP_NS);
        let end_ns = WARM_UP_NS + self.length_ns;
        let mut day = Day {
            start_unix_ns,
            warm_up_ns: WARM_UP_NS,
            end_ns,
            label: String::new(),
            varies: Varies::No,
            demand: Vec::with_capacity(self.system.clients.len()),
            events: self.events(start_unix_ns, end_ns),
            faults: self.strikes(start_unix_ns, end_ns),
            rollouts: self.rollouts(start_unix_ns, end_ns),
            edits: Vec::new(),
            acts: Vec::new(),
            demands: Vec::new(),
            random: self.random,
            event_demand: EventDemand::Multiplies,
            grown: self.grown(),
            growing: self.growing(),
        };
        for id in self.ids() {
            let mut demand = self.demand(id, start_unix_ns, end_ns)?;
            *factor_mut(&mut demand) *= self.growth_of(id);
            day.demand.push(demand);
        }
        day.varies = self.varies(&day);
        Ok(day)
    }

    /// What a client's demand is multiplied by on this day.
    fn growth_of(&self, id: ClientId) -> f64 {
        self.system
            .growth
            .iter()
            .filter(|growth| growth.what == Grows::Demand(id))
            .map(|growth| growth.factor(self.as_of, self.day))
            .product()
    }

    /// All that has grown until this day.
    fn grown(&self) -> Vec<Grown> {
        let told = self.system.growth.iter().map(|growth| match &growth.what {
            Grows::Demand(client) => Grown {
                what: format!("demand of {}", self.system.clients[client.index()].name),
                factor: growth.factor(self.as_of, self.day),
                since: self.as_of,
            },
            Grows::Number(address) => Grown {
                what: address.clone(),
                factor: growth.in_force,
                since: self.as_of,
            },
        });
        told.collect()
    }

    /// How streams grow on within a run of more than a day.
    fn growing(&self) -> Vec<f64> {
        if self.length_ns <= DAY_NS {
            return Vec::new();
        }
        let of = |id| {
            let all = self.system.growth.iter();
            all.filter(|growth| growth.what == Grows::Demand(id))
                .map(Growth::per_ns)
                .sum()
        };
        let growing: Vec<f64> = self.ids().map(of).collect();
        if growing.iter().all(|growth| *growth == 0.0) {
            return Vec::new();
        }
        growing
    }

    fn ids(&self) -> impl Iterator<Item = ClientId> + use<> {
        (0..self.system.clients.len() as u32).map(ClientId)
    }

    fn label(&self, note: &str) -> String {
        let random = match self.random {
            Random::No => "",
            Random::Yes => ", faults at their rates",
        };
        format!("{}{note}{random}", name_of(self.day))
    }

    fn demand(&self, id: ClientId, start_unix_ns: i64, end_ns: u64) -> Result<Demand, DayError> {
        let client = &self.system.clients[id.index()];
        let end_unix_ns = start_unix_ns.saturating_add_unsigned(end_ns);
        Ok(match &client.arrive {
            Arrive::Stream {
                curve,
                pattern,
                batch,
            } => Demand::Stream {
                rate: RateCurve::new(curve, self.calendar, start_unix_ns, end_unix_ns),
                pattern: *pattern,
                batch: *batch,
                factor: 1.0,
            },
            Arrive::Visits { .. } | Arrive::Rate { .. } => Demand::WithEvent { factor: 1.0 },
            Arrive::Closed { .. } => Demand::Closed { factor: 1.0 },
            Arrive::Recorded(recording) => {
                let by =
                    shift(recording, self.calendar, self.from_ns).saturating_sub(start_unix_ns);
                if let Some((_, (first, last))) = dated_recordings(self.system, self.calendar)
                    .find(|(name, _)| *name == client.name)
                    && (last <= self.from_ns || end_unix_ns <= first)
                {
                    return Err(DayError::NotRecorded {
                        client: client.name.clone(),
                        day: self.day,
                        first: self.calendar.local(first).date(),
                        last: self.calendar.local(last - 1).date(),
                    });
                }
                Demand::Recorded {
                    what: on_the_clock(&recording.what, by, end_ns),
                    factor: 1.0,
                }
            }
        })
    }

    /// Occurrences of dated events that may matter to the run: also those whose visitors come before
    /// them, and those that have ended but are still felt.
    fn events(&self, start_unix_ns: i64, end_ns: u64) -> Vec<Occurrence> {
        let end_unix_ns = start_unix_ns.saturating_add_unsigned(end_ns);
        let mut found = Vec::new();
        for (index, event) in self.system.events.iter().enumerate() {
            let id = EventId(index as u32);
            let (before, after) = self.reach(id, event);
            let whens = plain_dates_as_instants(&event.when, event.lasts.is_some());
            let from = start_unix_ns.saturating_sub_unsigned(after.max(DURING_INSTANT_NS));
            let to = end_unix_ns.saturating_add_unsigned(before);
            for occurrence in self.calendar.occurrences(&whens, from, to) {
                found.push(Occurrence {
                    event: id,
                    ordinal: occurrence.ordinal,
                    start_ns: occurrence.start_ns.saturating_sub(start_unix_ns),
                    lasts_ns: length_of(&occurrence),
                });
            }
        }
        found.sort_by_key(|o| (o.start_ns, o.event, o.ordinal));
        found
    }

    /// How long before its start and after its end an event can matter, ns.
    fn reach(&self, id: EventId, event: &Event) -> (u64, u64) {
        let (mut before, mut after) = (0, event.fall_ns);
        for client in &self.system.clients {
            match &client.arrive {
                Arrive::Visits {
                    event,
                    over_ns,
                    until_before_ns,
                    ..
                } if *event == id => match until_before_ns {
                    Some(until) => before = before.max(over_ns.saturating_add(*until)),
                    None => after = after.max(*over_ns),
                },
                Arrive::Rate {
                    event,
                    over_ns: Some(over),
                    ..
                } if *event == id => after = after.max(*over),
                _ => {}
            }
        }
        let drawn = event.lasts.as_ref().map_or(0, longest_ns);
        let jitter = event.jitter_ns;
        (
            before.saturating_add(jitter).min(LOOK_BACK_NS),
            after
                .saturating_add(drawn)
                .saturating_add(jitter)
                .min(LOOK_BACK_NS),
        )
    }

    /// Dated faults that strike during the run, or are under way when it starts.
    fn strikes(&self, start_unix_ns: i64, end_ns: u64) -> Vec<Strike> {
        let end_unix_ns = start_unix_ns.saturating_add_unsigned(end_ns);
        let mut found = Vec::new();
        for (index, fault) in self.system.faults.iter().enumerate() {
            let FaultWhen::Dated(whens) = &fault.when else {
                continue;
            };
            let look_back = match &fault.lasts {
                Lasts::Time(dist) => longest_ns(dist),
                Lasts::Until(_) => LOOK_BACK_NS,
                // Whether somebody has repaired it by now, nobody knows: it is taken to strike on its day.
                Lasts::Repaired => 0,
            };
            let whens = plain_dates_as_instants(whens, true);
            let from = start_unix_ns.saturating_sub_unsigned(look_back.max(1));
            for occurrence in self.calendar.occurrences(&whens, from, end_unix_ns) {
                let lasts_ns = length_of(&occurrence).or_else(|| match &fault.lasts {
                    Lasts::Time(_) | Lasts::Repaired => None,
                    Lasts::Until(event) => self.until(*event, occurrence.start_ns, end_unix_ns),
                });
                let strike = Strike {
                    fault: FaultId(index as u32),
                    ordinal: occurrence.ordinal,
                    at_ns: occurrence.start_ns.saturating_sub(start_unix_ns),
                    lasts_ns,
                    by: None,
                    target: None,
                };
                let over =
                    lasts_ns.is_some_and(|lasts| strike.at_ns.saturating_add_unsigned(lasts) <= 0);
                if !over || 0 <= strike.at_ns {
                    found.push(strike);
                }
            }
        }
        found.sort_by_key(|s| (s.at_ns, s.fault, s.ordinal));
        found
    }

    /// Rollouts that start during the run, its warm-up included.
    fn rollouts(&self, start_unix_ns: i64, end_ns: u64) -> Vec<DatedRollout> {
        let end_unix_ns = start_unix_ns.saturating_add_unsigned(end_ns);
        let mut found = Vec::new();
        for (index, service) in self.system.services.iter().enumerate() {
            let Some(rollout) = &service.rollout else {
                continue;
            };
            let whens = plain_dates_as_instants(&rollout.when, true);
            for occurrence in self
                .calendar
                .occurrences(&whens, start_unix_ns, end_unix_ns)
            {
                if let Ok(at_ns) = u64::try_from(occurrence.start_ns.saturating_sub(start_unix_ns))
                {
                    found.push(DatedRollout {
                        service: ServiceId(index as u32),
                        ordinal: occurrence.ordinal,
                        at_ns,
                    });
                }
            }
        }
        found.sort_by_key(|rollout| (rollout.at_ns, rollout.service, rollout.ordinal));
        found
    }

    /// From a strike to the event that ends it, where the calendar alone knows; else the engine finds it.
    fn until(&self, event: EventId, start_ns: i64, end_unix_ns: i64) -> Option<u64> {
        let event = &self.system.events[event.index()];
        if event.jitter_ns != 0 || event.every_ns.is_some() {
            return None;
        }
        let next = self
            .calendar
            .next_start(&event.when, start_ns, end_unix_ns)?;
        Some(next.abs_diff(start_ns))
    }

    /// Whether demand, events or faults vary over the counted part.
    fn varies(&self, day: &Day) -> Varies {
        let (from, to) = (day.warm_up_ns, day.end_ns);
        let counted = |start: i64, length: Option<u64>| {
            let end = length.map_or(i64::MAX, |length| start.saturating_add_unsigned(length));
            start < to as i64 && (from as i64) < end
        };
        let demand_varies = self.ids().any(|id| match &day.demand[id.index()] {
            Demand::Stream { rate, .. } => rate.varies(from, to),
            Demand::Recorded { .. } => true,
            Demand::WithEvent { .. } | Demand::Closed { .. } => false,
        });
        let matters = |occurrence: &Occurrence| {
            let event = &self.system.events[occurrence.event.index()];
            let length = expected_length(event, occurrence);
            let risen = occurrence.start_ns.saturating_add_unsigned(event.rise_ns);
            if occurrence.lasts_ns == Some(FOREVER_NS) && risen <= 0 {
                // A step before the run: the whole day is as it made it.
                return false;
            }
            let awaited = self.is_awaited(occurrence.event);
            if day.event_demand == EventDemand::Multiplies && (awaited || !event.demand.is_empty())
            {
                let (before, after) = self.reach(occurrence.event, event);
                let length = length.unwrap_or(if awaited { DURING_INSTANT_NS } else { 0 });
                let early = occurrence.start_ns.saturating_sub_unsigned(before);
                counted(
                    early,
                    Some(length.saturating_add(before).saturating_add(after)),
                )
            } else {
                event.edit.is_some() && counted(occurrence.start_ns, length)
            }
        };
        let strikes = |strike: &Strike| counted(strike.at_ns, strike.lasts_ns);
        let at_random = self.random == Random::Yes
            && (self
                .system
                .events
                .iter()
                .any(|event| event.every_ns.is_some())
                || self.system.faults.iter().any(|fault| {
                    matches!(
                        fault.when,
                        FaultWhen::Every { .. } | FaultWhen::Chance { .. }
                    )
                }));
        if demand_varies
            || !day.growing.is_empty()
            || day
                .rollouts
                .iter()
                .any(|rollout| counted(rollout.at_ns as i64, None))
            || at_random
            || day.events.iter().any(matters)
            || day.faults.iter().any(strikes)
            || day
                .edits
                .iter()
                .any(|edit| counted(edit.at_ns as i64, edit.lasts_ns))
            || (day.acts.iter()).any(|act| counted(act.at_ns as i64, act.lasts_ns))
            || (day.demands.iter()).any(|more| counted(more.at_ns as i64, more.lasts_ns))
        {
            Varies::Yes
        } else {
            Varies::No
        }
    }

    /// Whether some client comes, or is there, because of the event.
    fn is_awaited(&self, id: EventId) -> bool {
        self.system.clients.iter().any(|client| {
            client.active == Some(id)
                || match &client.arrive {
                    Arrive::Visits { event, .. } | Arrive::Rate { event, .. } => *event == id,
                    _ => false,
                }
        })
    }
}

/// The constant factor of a client's demand.
pub(super) fn factor_mut(demand: &mut Demand) -> &mut f64 {
    match demand {
        Demand::Stream { factor, .. }
        | Demand::WithEvent { factor }
        | Demand::Recorded { factor, .. }
        | Demand::Closed { factor } => factor,
    }
}

/// The same, to read.
pub(super) fn own_factor(demand: &Demand) -> f64 {
    match demand {
        Demand::Stream { factor, .. }
        | Demand::WithEvent { factor }
        | Demand::Recorded { factor, .. }
        | Demand::Closed { factor } => *factor,
    }
}

/// A date without a time is the whole day, unless a length stands beside it: then it is its midnight.
fn plain_dates_as_instants(whens: &[When], has_length: bool) -> Vec<When> {
    let mut whens = whens.to_vec();
    for when in &mut whens {
        let is_one_day = !matches!(
            when.days,
            Days::Season(..) | Days::From(_) | Days::Date(_, Some(_))
        );
        if has_length && is_one_day && when.hours == Hours::WholeDay && when.lasts_ns.is_none() {
            when.hours = Hours::At(Time::midnight());
        }
    }
    whens
}

/// What the calendar says of the length.
fn length_of(occurrence: &calendar::Occurrence) -> Option<u64> {
    match occurrence.end_ns? {
        EVER_AFTER_NS => Some(FOREVER_NS),
        end => Some(end.abs_diff(occurrence.start_ns).min(FOREVER_NS)),
    }
}

/// A length that a draw exceeds less than once in a billion, but at most [`LOOK_BACK_NS`].
fn longest_ns(dist: &Dist) -> u64 {
    let longest = match dist {
        Dist::Constant(value) => *value,
        Dist::Uniform { high, .. } => *high,
        Dist::WholeUniform { high, .. } => *high as f64,
        Dist::Sample(values) => values.iter().copied().fold(0.0, f64::max),
        Dist::Exponential { mean } => 21.0 * mean,
        // The median times e to six standard deviations of the logarithm; the mean is above the median.
        Dist::LogNormal { mean, cv } => mean * libm::exp(6.0 * libm::sqrt(libm::log1p(cv * cv))),
        Dist::Pareto { .. } | Dist::Points(_) => 1e3 * mean(dist),
    };
    // `as` saturates, so infinity is the most that is looked back.
    (libm::ceil(longest) as u64).min(LOOK_BACK_NS)
}

/// A recording on the engine's clock, as far as it falls into the run.
fn on_the_clock(recorded: &Recorded, by: i64, end_ns: u64) -> RecordedDemand {
    match recorded {
        Recorded::Instants(instants) => {
            let from = instants.partition_point(|at| at.saturating_add(by) < 0);
            let to = instants.partition_point(|at| at.saturating_add(by) < end_ns as i64);
            RecordedDemand::Instants {
                first: from as u64,
                at_ns: instants[from..to.max(from)]
                    .iter()
                    .map(|at| (at + by) as u64)
                    .collect(),
            }
        }
        Recorded::Counts { per_ns, rows } => {
            let ends = |start: i64| start.saturating_add(by).saturating_add_unsigned(*per_ns);
            let from = rows.partition_point(|row| ends(row.0) <= 0);
            let to = rows.partition_point(|row| row.0.saturating_add(by) < end_ns as i64);
            RecordedDemand::Counts {
                per_ns: *per_ns,
                first: from as u64,
                rows: rows[from..to.max(from)]
                    .iter()
                    .map(|row| (row.0 + by, row.1))
                    .collect(),
            }
        }
    }
}

/// `Monday 2026-11-23`
fn name_of(day: Date) -> String {
    day.strftime("%A %Y-%m-%d").to_string()
}
