//! The event calendar: what happens next, and in which order.
//!
//! A 4-ary implicit heap of one 128-bit key per event, and beside it a ring per constant delay.
//! The key sorts by due time, then by the class of the event (what ends comes before what
//! starts, answers before timeouts, arrivals last), then by a sequence number: ties are first
//! come, first served, so one seed gives one history.
//!
//! Nothing is ever removed. An event is alive while the row it belongs to still carries its
//! sequence number; the owner forgets the number to cancel it. Timers of one delay come due in
//! the order they were set, so they wait in a ring, and only each ring's first live timer takes
//! part in the ordering: a timeout that is set and cancelled costs a push and a look.
//!
//! Price: O(log4 n) per random event, O(1) per constant delay. 16 bytes per pending event.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Bits of the key below the time.
const TIME_SHIFT: u32 = 68;
const CLASS_SHIFT: u32 = 65;
const SEQUENCE_SHIFT: u32 = 28;
const KIND_SHIFT: u32 = 24;
/// Longest simulated time: 2^60 ns, 36 years.
pub const TIME_MAX_NS: u64 = (1 << 60) - 1;
/// Most rows of one kind that can have events: 2^24.
pub const SLOT_MAX: u32 = (1 << 24) - 1;
const SEQUENCE_MAX: u64 = (1 << 37) - 1;

/// What an event is; the number is only a name, the order is that of [`Kind::class`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A fault or event ends (slot: its row).
    End = 0,
    /// A fault or event starts.
    Start = 1,
    /// A task's own step is over: work, wait, travel, back-off, think (slot: task).
    Step = 2,
    /// A replica's next processor-sharing job is done (slot: replica).
    Core = 3,
    /// A link has room for its next message, or a replica has started (slot: replica).
    Started = 4,
    /// A cancel message arrives (slot: its row).
    Cancel = 5,
    /// An attempt's timeout (slot: the calling task).
    Timeout = 6,
    /// A call's deadline or a user's patience (slot: the calling task).
    Deadline = 7,
    /// The end of waiting in a queue or for a permit (slot: the waiting task).
    WaitOver = 8,
    /// The callers' view of a replica changes (slot: replica).
    View = 9,
    /// A probe that is a request is due (slot: replica).
    Probe = 10,
    /// The next arrival of a stream (slot: stream).
    Arrival = 11,
    /// Somebody looks, or acts (slot: row of the control timers).
    Control = 12,
    /// A rollout starts, or looks back on a watch (slot: service, or behind those a row of the day's rollouts).
    Rollout = 13,
}

impl Kind {
    /// By number; a key holds four bits, and those above are not in use.
    const ALL: [Self; 16] = [
        Self::End,
        Self::Start,
        Self::Step,
        Self::Core,
        Self::Started,
        Self::Cancel,
        Self::Timeout,
        Self::Deadline,
        Self::WaitOver,
        Self::View,
        Self::Probe,
        Self::Arrival,
        Self::Control,
        Self::Rollout,
        Self::Control,
        Self::Control,
    ];

    /// Order among events of one instant.
    const fn class(self) -> u8 {
        match self {
            Self::End => 0,
            Self::Start => 1,
            Self::Step | Self::Core | Self::Started | Self::Cancel => 2,
            Self::Timeout | Self::Deadline | Self::WaitOver => 3,
            Self::View | Self::Probe | Self::Control | Self::Rollout => 4,
            Self::Arrival => 5,
        }
    }
}

/// An event taken from the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When, ns.
    pub at_ns: u64,
    /// Its sequence number: alive if its row still carries it.
    pub sequence: u64,
    /// What.
    pub kind: Kind,
    /// Whose row.
    pub slot: u32,
}

#[inline]
const fn unpack(key: u128) -> Due {
    Due {
        at_ns: (key >> TIME_SHIFT) as u64,
        sequence: (key >> SEQUENCE_SHIFT) as u64 & SEQUENCE_MAX,
        kind: Kind::ALL[(key >> KIND_SHIFT) as usize & 15],
        slot: key as u32 & SLOT_MAX,
    }
}

/// Which ring a constant delay waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingId(pub u32);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Ring {
    delay_ns: u64,
    /// Order among events of one instant that all its timers share.
    class: u8,
    timers: VecDeque<u128>,
}

/// The calendar. See the module's page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Calendar {
    heap: Heap,
    next_sequence: u64,
    rings: Vec<Ring>,
    /// First timer of each ring that has one, as a 4-ary heap beside the first.
    fronts: Vec<(u128, u32)>,
}

impl Calendar {
    /// The ring for this delay of this kind of event, made if there is none yet. Kinds of two classes never
    /// share one: in one instant they are ordered by class first.
    pub fn ring(&mut self, delay_ns: u64, kind: Kind) -> RingId {
        let class = kind.class();
        let at = self
            .rings
            .iter()
            .position(|r| (r.delay_ns, r.class) == (delay_ns, class))
            .unwrap_or_else(|| {
                self.rings.push(Ring {
                    delay_ns,
                    class,
                    timers: VecDeque::new(),
                });
                self.rings.len() - 1
            });
        RingId(at as u32)
    }

    #[inline]
    fn key(&mut self, at_ns: u64, kind: Kind, slot: u32) -> (u128, u64) {
        assert!(
            at_ns <= TIME_MAX_NS && self.next_sequence < SEQUENCE_MAX,
            "event due at {at_ns} ns, sequence {}: beyond what a run can hold",
            self.next_sequence
        );
        self.next_sequence += 1;
        let sequence = self.next_sequence;
        let key = (u128::from(at_ns) << TIME_SHIFT)
            | (u128::from(kind.class()) << CLASS_SHIFT)
            | (u128::from(sequence) << SEQUENCE_SHIFT)
            | ((kind as u128) << KIND_SHIFT)
            | u128::from(slot & SLOT_MAX);
        (key, sequence)
    }

    /// Puts an event on the calendar and returns its sequence number, never 0.
    #[inline]
    pub fn schedule(&mut self, at_ns: u64, kind: Kind, slot: u32) -> u64 {
        let (key, sequence) = self.key(at_ns.min(TIME_MAX_NS), kind, slot);
        self.heap.push(key);
        sequence
    }

    /// The same for a timer of the ring's constant delay, set at `now_ns`.
    #[inline]
    pub fn schedule_in(&mut self, ring: RingId, now_ns: u64, kind: Kind, slot: u32) -> u64 {
        let row = &self.rings[ring.0 as usize];
        let (delay_ns, first) = (row.delay_ns, row.timers.is_empty());
        let (key, sequence) =
            self.key(now_ns.saturating_add(delay_ns).min(TIME_MAX_NS), kind, slot);
        self.rings[ring.0 as usize].timers.push_back(key);
        if first {
            sift_in(&mut self.fronts, (key, ring.0));
        }
        sequence
    }

    /// Takes the next event if it is due at or before `until_ns`. `alive` says whether a
    /// timer of a ring still matters; dead ones behind the one taken are skipped.
    #[inline]
    pub fn take(&mut self, until_ns: u64, alive: impl Fn(Due) -> bool) -> Option<Due> {
        let heap = self.heap.first;
        if let Some(&(front, ring)) = self.fronts.first()
            && front < heap
        {
            let due = unpack(front);
            if until_ns < due.at_ns {
                return None;
            }
            self.advance_ring(ring, alive);
            return Some(due);
        }
        if heap == u128::MAX || until_ns < (heap >> TIME_SHIFT) as u64 {
            return None;
        }
        self.heap.pop();
        Some(unpack(heap))
    }

    fn advance_ring(&mut self, ring: u32, alive: impl Fn(Due) -> bool) {
        let timers = &mut self.rings[ring as usize].timers;
        timers.pop_front();
        while let Some(&next) = timers.front() {
            if alive(unpack(next)) {
                replace_first(&mut self.fronts, (next, ring));
                return;
            }
            timers.pop_front();
        }
        sift_out(&mut self.fronts);
    }
}

/// A 4-ary heap of keys, laid out in families: the children of entry `i` are `families[i]`, so a step
/// down looks at one array of four, and none is ever half there: what is empty holds `u128::MAX`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Heap {
    /// The least key, or `u128::MAX`.
    first: u128,
    families: Vec<[u128; 4]>,
    len: usize,
}

impl Default for Heap {
    fn default() -> Self {
        Self {
            first: u128::MAX,
            families: Vec::new(),
            len: 0,
        }
    }
}

impl Heap {
    #[inline(always)]
    fn push(&mut self, key: u128) {
        let mut at = self.len;
        self.len += 1;
        if at == 0 {
            self.first = key;
            return;
        }
        // Entry `at` is child number `(at - 1) % 4` of entry `(at - 1) / 4`.
        if (at - 1) >> 2 == self.families.len() {
            self.families.push([u128::MAX; 4]);
        }
        while at > 0 {
            let family = (at - 1) >> 2;
            let parent = if family == 0 {
                self.first
            } else {
                self.families[(family - 1) >> 2][(family - 1) & 3]
            };
            if parent <= key {
                self.families[family][(at - 1) & 3] = key;
                return;
            }
            self.families[family][(at - 1) & 3] = parent;
            at = family;
        }
        self.first = key;
    }

    /// Removes the least key.
    #[inline(always)]
    fn pop(&mut self) {
        if self.len <= 1 {
            self.len = 0;
            self.first = u128::MAX;
            return;
        }
        self.len -= 1;
        let at = self.len - 1;
        let key = std::mem::replace(&mut self.families[at >> 2][at & 3], u128::MAX);
        if self.len == 1 {
            self.first = key;
            return;
        }
        // Down from the top: the least of each family moves up until the key fits.
        let Some(top) = self.families.first() else {
            return;
        };
        let (least, mut child) = least_of(top);
        if key <= least {
            self.first = key;
            return;
        }
        self.first = least;
        let mut hole = 0;
        loop {
            let next = 4 * hole + 1 + child;
            let Some(family) = self.families.get(next) else {
                break;
            };
            let (least, of_next) = least_of(family);
            if key <= least {
                break;
            }
            self.families[hole][child] = least;
            (hole, child) = (next, of_next);
        }
        self.families[hole][child] = key;
    }
}

/// The least of four keys, and which it is.
#[inline(always)]
fn least_of(family: &[u128; 4]) -> (u128, usize) {
    let [a, b, c, d] = *family;
    let (ab, i) = if b < a { (b, 1) } else { (a, 0) };
    let (cd, j) = if d < c { (d, 3) } else { (c, 2) };
    if cd < ab { (cd, j) } else { (ab, i) }
}

#[inline]
fn sift_in<T: Copy + Ord>(heap: &mut Vec<T>, key: T) {
    heap.push(key);
    let mut at = heap.len() - 1;
    while at > 0 {
        let parent = (at - 1) >> 2;
        if heap[parent] <= key {
            break;
        }
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = key;
}

#[inline]
fn sift_out<T: Copy + Ord>(heap: &mut Vec<T>) {
    let Some(last) = heap.pop() else { return };
    if !heap.is_empty() {
        replace_first(heap, last);
    }
}

#[inline]
fn replace_first<T: Copy + Ord>(heap: &mut [T], key: T) {
    let len = heap.len();
    let mut at = 0;
    loop {
        let first = 4 * at + 1;
        if len <= first {
            break;
        }
        let children = &heap[first..len.min(first + 4)];
        let (mut least, mut least_at) = (children[0], 0);
        for (i, &child) in children.iter().enumerate().skip(1) {
            if child < least {
                (least, least_at) = (child, i);
            }
        }
        if key <= least {
            break;
        }
        heap[at] = least;
        at = first + least_at;
    }
    heap[at] = key;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// The standard heap is the oracle: same events, same order.
    #[test]
    fn pops_in_the_order_of_a_binary_heap() {
        let (mut calendar, mut oracle) = (Calendar::default(), BinaryHeap::new());
        let rings = [
            calendar.ring(100, Kind::Step),
            calendar.ring(7, Kind::Timeout),
        ];
        let mut word = 1_u64;
        let mut now = 0;
        for round in 0..20_000_u64 {
            word = word
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = word >> 60;
            let kind = match pick {
                6..9 => Kind::Step,
                9..11 => Kind::Timeout,
                _ if pick & 1 == 0 => Kind::Step,
                _ => Kind::Timeout,
            };
            let (at, sequence) = match pick {
                0..6 => (now + (word >> 40) % 50, None),
                6..9 => (
                    now + 100,
                    Some(calendar.schedule_in(rings[0], now, Kind::Step, 3)),
                ),
                9..11 => (
                    now + 7,
                    Some(calendar.schedule_in(rings[1], now, Kind::Timeout, 3)),
                ),
                _ => {
                    let due = calendar
                        .take(u64::MAX, |_| true)
                        .map(|d| (d.at_ns, d.sequence));
                    let expected = oracle
                        .pop()
                        .map(|Reverse((at, _, sequence))| (at, sequence));
                    assert_eq!(due, expected, "round {round}");
                    now = due.map_or(now, |d| d.0);
                    continue;
                }
            };
            let sequence = sequence.unwrap_or_else(|| calendar.schedule(at, kind, 3));
            oracle.push(Reverse((at, kind.class(), sequence)));
        }
    }

    /// A cancelled timer of a ring costs nothing later: it never surfaces behind another.
    #[test]
    fn dead_timers_of_a_ring_are_skipped() {
        let mut calendar = Calendar::default();
        let ring = calendar.ring(10, Kind::Timeout);
        let live = calendar.schedule_in(ring, 0, Kind::Timeout, 1);
        for now in 1..100 {
            calendar.schedule_in(ring, now, Kind::Timeout, 1);
        }
        let last = calendar.schedule_in(ring, 100, Kind::Timeout, 1);
        let alive = |due: Due| due.sequence == live || due.sequence == last;
        assert_eq!(calendar.take(u64::MAX, alive).unwrap().at_ns, 10);
        assert_eq!(calendar.take(u64::MAX, alive).unwrap().at_ns, 110);
        assert!(calendar.take(u64::MAX, alive).is_none());
    }
}
