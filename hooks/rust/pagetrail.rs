// SPDX-License-Identifier: MIT
//! Report what code does to page tables, as Pagetrail's JSON Lines: `hooks/c/pagetrail.h` for Rust.
//!
//! `core` only and nothing allocated, so that a hypervisor or a kernel can take the file as it is (`mod pagetrail;`).
//! Each observable thing is a method, named as in Pagetrail's own engine; each event carries the file and line of its
//! caller. docs/jsonl.md describes the lines, docs/events.md what each event means.
//!
//! A line that does not fit in `LINE` becomes an event of kind gap; a run without the line that `end()` writes is
//! imported as interrupted.
#![allow(dead_code)]

use core::fmt::{self, Display, Write};
use core::panic::Location;

/// Longest line, its end included.
pub const LINE: usize = 960;
/// CPUs whose current call is remembered; an event of a higher CPU has none.
pub const CPUS: usize = 64;

/// First and last address, exclusive; None: the call has no range, the flush is of everything.
pub type Range = Option<(u64, u64)>;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub enum $name { $($variant),+ }
        impl $name {
            fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }
    };
}

names!(Level { Pgd = "pgd", P4d = "p4d", Pud = "pud", Pmd = "pmd", Pte = "pte", Contpmd = "contpmd", Contpte = "contpte" });
names!(/// What the walk goes on with after a callback.
    Action { Subtree = "subtree", Continue = "continue", Again = "again" });
names!(LockMode { Read = "read", Write = "write", Mutex = "mutex", Spin = "spin" });
names!(AccessMode { Read = "read", Write = "write", Exec = "exec" });
names!(Outcome { Ok = "ok", Fault = "fault", Conflict = "conflict" });
names!(Context { Task = "task", BhOff = "bh_off", Softirq = "softirq", Irq = "irq" });
names!(LazyApi { Pause = "pause", Resume = "resume" });

/// A value of a member.
enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Hex(u64),
    Text(&'a str),
    /// JSON as it is.
    Json(&'a str),
}
use Value::{Bool, Hex, Int, Json, Null, Text};

impl<'a> From<Option<i64>> for Value<'a> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Null, Int)
    }
}

/// The text of one line; what does not fit is an error of `fmt`.
struct Line {
    text: [u8; LINE],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Room for "}\n" is always left.
        if self.len + text.len() > LINE - 2 {
            return Err(fmt::Error);
        }
        self.text[self.len..self.len + text.len()].copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// A text between quotes.
struct Quoted<T>(T);

impl<T: Display> Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escape<'a, 'b>(&'a mut fmt::Formatter<'b>);
        impl Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for c in text.chars() {
                    match c {
                        '"' | '\\' => write!(self.0, "\\{c}")?,
                        c if (c as u32) < 0x20 => write!(self.0, "\\u{:04x}", c as u32)?,
                        c => self.0.write_char(c)?,
                    }
                }
                Ok(())
            }
        }
        f.write_char('"')?;
        write!(Escape(f), "{}", self.0)?;
        f.write_char('"')
    }
}

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Null => f.write_str("null"),
            Bool(value) => write!(f, "{value}"),
            Int(value) => write!(f, "{value}"),
            Hex(value) => write!(f, "\"0x{value:x}\""),
            Text(text) => write!(f, "{}", Quoted(text)),
            Json(text) => f.write_str(text),
        }
    }
}

/// A run that is being written; `sink` takes whole lines.
pub struct Pt<S: FnMut(&[u8])> {
    sink: S,
    seq: u64,
    calls: u64,
    cpu: usize,
    op: [Option<u64>; CPUS],
    line: Line,
}

type Members<'a> = &'a [(&'a str, Value<'a>)];

impl<S: FnMut(&[u8])> Pt<S> {
    pub fn new(sink: S) -> Self {
        let line = Line { text: [0; LINE], len: 0 };
        Pt { sink, seq: 0, calls: 0, cpu: 0, op: [None; CPUS], line }
    }

    /// The first line. `shows`: JSON text, the kinds of events that the code reports where they happen; None: all.
    pub fn header(&mut self, label: &str, page_shift: u32, va_bits: u32, levels: u32, shows: Option<&str>) {
        self.line.len = 0;
        let fits = self.write_header(label, page_shift, va_bits, levels, shows);
        assert!(fits.is_ok(), "a header has to fit in {LINE} bytes");
        self.send();
    }

    fn write_header(&mut self, label: &str, shift: u32, bits: u32, levels: u32, shows: Option<&str>) -> fmt::Result {
        let line = &mut self.line;
        write!(line, "{{\"pagetrail\":2,\"run\":{{\"label\":{},\"source\":\"jsonl\",", Quoted(label))?;
        write!(line, "\"geometry\":{{\"pageShift\":{shift},\"vaBits\":{bits},\"levels\":{levels}}}")?;
        if let Some(kinds) = shows {
            write!(line, ",\"shows\":{kinds}")?;
        }
        line.write_str("}")
    }

    /// The last line: how much there should be before it.
    pub fn end(&mut self) {
        self.line.len = 0;
        let (events, calls) = (self.seq, self.calls);
        let fits = write!(self.line, "{{\"end\":{{\"events\":{events},\"calls\":{calls}}}");
        assert!(fits.is_ok());
        self.send();
    }

    /// Whose events follow.
    pub fn cpu(&mut self, cpu: usize) {
        self.cpu = cpu;
    }

    fn send(&mut self) {
        let Line { text, len } = &mut self.line;
        text[*len..*len + 2].copy_from_slice(b"}\n");
        (self.sink)(&text[..*len + 2]);
    }

    fn write_event(&mut self, kind: &str, members: Members<'_>, at: Option<&Location<'_>>) -> fmt::Result {
        let op = self.op.get(self.cpu).copied().flatten();
        let line = &mut self.line;
        line.len = 0;
        write!(line, "{{\"seq\":{},\"cpu\":{},\"op\":", self.seq, self.cpu)?;
        match op {
            Some(op) => write!(line, "{op}")?,
            None => line.write_str("null")?,
        }
        write!(line, ",\"kind\":\"{kind}\"")?;
        for (key, value) in members {
            write!(line, ",\"{key}\":{value}")?;
        }
        match at {
            Some(at) => write!(line, ",\"src\":{}", Quoted(format_args!("{}:{}", at.file(), at.line()))),
            None => Ok(()),
        }
    }

    #[track_caller]
    fn event(&mut self, kind: &str, members: Members<'_>) {
        if self.write_event(kind, members, Some(Location::caller())).is_err() {
            let gap = [("lost", Int(1)), ("reason", Text("line longer than PT_LINE"))];
            let fits = self.write_event("gap", &gap, None);
            assert!(fits.is_ok());
        }
        self.seq += 1;
        self.send();
    }

    fn set_op(&mut self, op: Option<u64>) {
        if let Some(slot) = self.op.get_mut(self.cpu) {
            *slot = op;
        }
    }

    /// The start state, before the first call: entry i is at va + i · size(level), desc + i · step.
    #[track_caller]
    pub fn init_entry(&mut self, level: Level, va: u64, desc: u64, count: i64, step: u64) {
        let new = [("level", Text(level.name())), ("va", Hex(va)), ("new", Hex(desc)), ("count", Int(count)), ("pa_step", Hex(step))];
        self.event("init", &new);
    }

    /// `pages`: JSON text, `[{"pfn":"0x…","count":1}, …]`.
    #[track_caller]
    pub fn area(&mut self, va: u64, end: u64, flags: u64, nr_pages: i64, pages: &str) {
        let [va, end] = range(Some((va, end)));
        self.event("area", &[va, end, ("flags", Hex(flags)), ("nr_pages", Int(nr_pages)), ("pages", Json(pages))]);
    }

    /// A top-level call. `args`: JSON text.
    #[track_caller]
    pub fn op_begin(&mut self, function: &str, over: Range, args: Option<&str>) {
        self.set_op(Some(self.calls));
        self.calls += 1;
        let [va, end] = range(over);
        self.event("op_begin", &[("fn", Text(function)), va, end, ("args", args.map_or(Null, Json))]);
    }

    #[track_caller]
    pub fn op_end(&mut self, function: &str, ret: i64) {
        self.event("op_end", &[("fn", Text(function)), ("ret", Int(ret))]);
        self.set_op(None);
    }

    #[track_caller]
    fn span(&mut self, kind: &str, function: &str, over: Range) {
        let [va, end] = range(over);
        self.event(kind, &[("fn", Text(function)), va, end]);
    }

    /// A walker accepts a range.
    #[track_caller]
    pub fn walk_begin(&mut self, function: &str, va: u64, end: u64) {
        self.span("walk_begin", function, Some((va, end)));
    }

    #[track_caller]
    pub fn walk_end(&mut self, function: &str, ret: i64) {
        self.event("walk_end", &[("fn", Text(function)), ("ret", Int(ret))]);
    }

    /// Any other function worth showing, below a call.
    #[track_caller]
    pub fn span_begin(&mut self, function: &str, over: Range) {
        self.span("span_begin", function, over);
    }

    #[track_caller]
    pub fn span_end(&mut self, function: &str, ret: i64) {
        self.event("span_end", &[("fn", Text(function)), ("ret", Int(ret))]);
    }

    /// A callback of the walk; va and end as it was called, clipped to the range.
    #[track_caller]
    pub fn cb_enter(&mut self, level: Level, function: &str, va: u64, end: u64) {
        let [va, end] = range(Some((va, end)));
        self.event("cb_enter", &[("level", Text(level.name())), ("fn", Text(function)), va, end]);
    }

    /// `action`: what the walk goes on with; None where the walker does not ask.
    #[track_caller]
    pub fn cb_exit(&mut self, level: Level, function: &str, va: u64, ret: i64, action: Option<Action>) {
        let action = action.map_or(Null, |action| Text(action.name()));
        let fields = [("level", Text(level.name())), ("fn", Text(function)), ("va", Hex(va)), ("ret", Int(ret)), ("action", action)];
        self.event("cb_exit", &fields);
    }

    /// A missing table, as given to pte_hole(): 0 pgd … 3 pmd, after folding.
    #[track_caller]
    pub fn hole(&mut self, depth: i64, va: u64, end: u64) {
        let [va, end] = range(Some((va, end)));
        self.event("hole", &[("level", Int(depth)), va, end]);
    }

    /// After a store to an entry, before its barrier, also when the value did not change; `va` is the base of what
    /// the entry translates.
    #[track_caller]
    pub fn desc_write(&mut self, level: Level, va: u64, old: u64, new: u64) {
        let fields = [("level", Text(level.name())), ("va", Hex(va)), ("old", Hex(old)), ("new", Hex(new))];
        self.event("desc_write", &fields);
    }

    /// A load of an entry: for races between CPUs.
    #[track_caller]
    pub fn desc_read(&mut self, level: Level, va: u64, val: u64) {
        self.event("desc_read", &[("level", Text(level.name())), ("va", Hex(va)), ("val", Hex(val))]);
    }

    /// `level` is that of the table's entries, `va` the start of its span, `pa` its physical address.
    #[track_caller]
    pub fn table_alloc(&mut self, level: Level, va: u64, pa: u64) {
        self.event("table_alloc", &[("level", Text(level.name())), ("va", Hex(va)), ("pa", Hex(pa))]);
    }

    #[track_caller]
    pub fn table_alloc_fail(&mut self, level: Level, va: u64) {
        self.event("table_alloc_fail", &[("level", Text(level.name())), ("va", Hex(va))]);
    }

    #[track_caller]
    pub fn table_free(&mut self, level: Level, va: u64, pa: u64) {
        self.event("table_free", &[("level", Text(level.name())), ("va", Hex(va)), ("pa", Hex(pa))]);
    }

    #[track_caller]
    fn lazy(&mut self, kind: &str, depth: i64, ignored: bool, api: Option<LazyApi>) {
        let depth = ("depth", Int(depth));
        match (ignored, api.map(|api| ("api", Text(api.name())))) {
            (false, None) => self.event(kind, &[depth]),
            (true, None) => self.event(kind, &[depth, ("ignored", Bool(true))]),
            (false, Some(api)) => self.event(kind, &[depth, api]),
            (true, Some(api)) => self.event(kind, &[depth, ("ignored", Bool(true)), api]),
        }
    }

    /// After lazy MMU mode was entered; `depth` after. `ignored`: in interrupt or paused, nothing happened.
    #[track_caller]
    pub fn lazy_mmu_enter(&mut self, depth: i64, ignored: bool, api: Option<LazyApi>) {
        self.lazy("lazy_mmu_enter", depth, ignored, api);
    }

    #[track_caller]
    pub fn lazy_mmu_leave(&mut self, depth: i64, ignored: bool, api: Option<LazyApi>) {
        self.lazy("lazy_mmu_leave", depth, ignored, api);
    }

    /// A store's barrier was put off to the end of the lazy section.
    #[track_caller]
    pub fn barrier_queue(&mut self) {
        self.event("barrier_queue", &[]);
    }

    /// dsb(ishst); isb(), outside of a flush.
    #[track_caller]
    pub fn barrier(&mut self) {
        self.event("barrier", &[]);
    }

    /// An isb() alone.
    #[track_caller]
    pub fn isb(&mut self) {
        self.event("isb", &[]);
    }

    /// A dsb alone: `ishst`, `ish`, `sy`, …
    #[track_caller]
    pub fn dsb(&mut self, scope: &str) {
        self.event("dsb", &[("scope", Text(scope))]);
    }

    #[track_caller]
    pub fn dmb(&mut self, scope: &str) {
        self.event("dmb", &[("scope", Text(scope))]);
    }

    /// A flush function was called; None: of everything. Its own barriers are not reported.
    #[track_caller]
    pub fn tlb_flush(&mut self, function: &str, over: Range) {
        self.span("tlb_flush", function, over);
    }

    /// One TLBI instruction; each None where it does not apply.
    #[track_caller]
    pub fn tlbi(&mut self, insn: &str, va: Option<u64>, pages: Option<i64>, scale: Option<i64>, num: Option<i64>) {
        let va = va.map_or(Null, Hex);
        let fields = [("insn", Text(insn)), ("va", va), ("pages", pages.into()), ("scale", scale.into()), ("num", num.into())];
        self.event("tlbi", &fields);
    }

    #[track_caller]
    pub fn lock(&mut self, lock: &str, mode: LockMode) {
        self.event("lock", &[("fn", Text(lock)), ("mode", Text(mode.name()))]);
    }

    #[track_caller]
    pub fn unlock(&mut self, lock: &str, mode: LockMode) {
        self.event("unlock", &[("fn", Text(lock)), ("mode", Text(mode.name()))]);
    }

    /// On entry to a split of a leaf mapping, before its table is allocated.
    #[track_caller]
    pub fn split(&mut self, level: Level, va: u64) {
        self.event("split", &[("level", Text(level.name())), ("va", Hex(va))]);
    }

    /// A WARN site was reached. `fired` false: its once-latch had gone off before.
    #[track_caller]
    pub fn warn(&mut self, function: &str, once: bool, fired: bool) {
        self.event("warn", &[("fn", Text(function)), ("once", Bool(once)), ("fired", Bool(fired))]);
    }

    /// A complaint about an entry that is not a table where one is needed.
    #[track_caller]
    pub fn bad_entry(&mut self, level: Level, desc: u64) {
        self.event("bad_entry", &[("level", Text(level.name())), ("desc", Hex(desc))]);
    }

    /// The CPU's context changed.
    #[track_caller]
    pub fn context(&mut self, context: Context) {
        self.event("context", &[("fn", Text(context.name()))]);
    }

    /// Something that may sleep was done where sleeping is forbidden.
    #[track_caller]
    pub fn sleep_in_atomic(&mut self, function: &str, context: Context) {
        self.event("sleep_in_atomic", &[("fn", Text(function)), ("context", Text(context.name()))]);
    }

    /// An access through a TLB. `stale`: answered by an entry older than the tables.
    #[track_caller]
    pub fn access(&mut self, mode: AccessMode, va: u64, outcome: Outcome, stale: bool) {
        let fields = [("mode", Text(mode.name())), ("va", Hex(va)), ("outcome", Text(outcome.name())), ("stale", Bool(stale))];
        self.event("access", &fields);
    }

    /// A TLB now holds this translation, built from `desc`.
    #[track_caller]
    pub fn tlb_fill(&mut self, level: Level, va: u64, end: u64, desc: u64) {
        let [va, end] = range(Some((va, end)));
        self.event("tlb_fill", &[("level", Text(level.name())), va, end, ("desc", Hex(desc))]);
    }

    /// A TLB dropped what it held for an address, without a TLBI.
    #[track_caller]
    pub fn tlb_evict(&mut self, va: u64) {
        self.event("tlb_evict", &[("va", Hex(va))]);
    }

    #[track_caller]
    pub fn note(&mut self, text: &str) {
        self.event("note", &[("text", Text(text))]);
    }

    /// The call ends without returning: the same callback on the same entry without end.
    #[track_caller]
    pub fn livelock(&mut self, level: Level, function: &str, va: u64, repeats: i64) {
        let fields = [("level", Text(level.name())), ("fn", Text(function)), ("va", Hex(va)), ("repeats", Int(repeats))];
        self.event("livelock", &fields);
        self.set_op(None);
    }

    /// The call ends without returning: something that is not a table would be followed.
    #[track_caller]
    pub fn wild_deref(&mut self, function: &str, pa: u64) {
        self.event("wild_deref", &[("fn", Text(function)), ("pa", Hex(pa))]);
        self.set_op(None);
    }

    /// The call ends without returning: BUG_ON.
    #[track_caller]
    pub fn bug(&mut self, function: &str) {
        self.event("bug", &[("fn", Text(function))]);
        self.set_op(None);
    }

    #[track_caller]
    pub fn too_many_events(&mut self) {
        self.event("too_many_events", &[]);
        self.set_op(None);
    }
}

fn range<'a>(over: Range) -> [(&'a str, Value<'a>); 2] {
    match over {
        Some((va, end)) => [("va", Hex(va)), ("end", Hex(end))],
        None => [("va", Null), ("end", Null)],
    }
}
