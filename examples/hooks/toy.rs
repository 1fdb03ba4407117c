// SPDX-License-Identifier: MIT
//! A toy page table that reports what it does through pagetrail.rs: toy.c in Rust, line for line.
//!
//!     rustc --edition 2021 -O examples/hooks/toy.rs -o toy
//!     ./toy correct > correct.jsonl; ./toy forgetful > forgetful.jsonl
//!     pagetrail import correct.jsonl forgetful.jsonl && pagetrail diff && pagetrail check
//!
//! "forgetful" leaves out the flush after an unmap: the tables are right and TLBs may go on using the pages.

#[path = "../../hooks/rust/pagetrail.rs"]
mod pagetrail;

use pagetrail::{Action, Level, Pt};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const PAGE: u64 = 4096;
const ENTRIES: usize = 512;
const WALKER: &str = "walk_kernel_page_table_range_lockless";

const VALID: u64 = 1;
const TABLE: u64 = 3;
/// Marks a page that was made invalid, as PTE_PRESENT_INVALID of Linux 7.3 does.
const PRESENT_INVALID: u64 = 1 << 11;
const ADDRESS: u64 = 0x0000_ffff_ffff_f000;

/// What it reports whenever it happens: without tlb_flush in it, a run without a flush would prove nothing.
const SHOWS: &str = "[\"op_begin\",\"op_end\",\"init\",\"walk_begin\",\"walk_end\",\"cb_enter\",\"cb_exit\",\"desc_write\",\
    \"lazy_mmu_enter\",\"lazy_mmu_leave\",\"barrier_queue\",\"barrier\",\"tlb_flush\",\"tlbi\"]";

/// Of an entry at the top, pud, pmd and pte level.
const SHIFT: [u32; 4] = [39, 30, 21, 12];
const BLOCK_LEVELS: [Option<(Level, &str)>; 3] =
    [None, Some((Level::Pud, "pageattr_pud_entry")), Some((Level::Pmd, "pageattr_pmd_entry"))];

fn index(depth: usize, va: u64) -> usize {
    (va >> SHIFT[depth]) as usize & (ENTRIES - 1)
}

fn below(desc: u64) -> usize {
    ((desc & ADDRESS) / PAGE - 1) as usize
}

fn end_of(depth: usize, va: u64, end: u64) -> u64 {
    ((va | ((1 << SHIFT[depth]) - 1)) + 1).min(end)
}

struct Masks {
    set: u64,
    clear: u64,
}

struct Toy<S: FnMut(&[u8])> {
    pt: Pt<S>,
    /// The first is the top.
    tables: Vec<[u64; ENTRIES]>,
    forgetful: bool,
}

impl<S: FnMut(&[u8])> Toy<S> {
    /// Before the run: tables as a loader would leave them.
    fn map(&mut self, va: u64, desc: u64, pages: u64) {
        for i in 0..pages {
            let (mut table, at) = (0, va + i * PAGE);
            for depth in 0..3 {
                if self.tables[table][index(depth, at)] == 0 {
                    self.tables.push([0; ENTRIES]);
                    self.tables[table][index(depth, at)] = self.tables.len() as u64 * PAGE | TABLE;
                }
                table = below(self.tables[table][index(depth, at)]);
            }
            self.tables[table][index(3, at)] = desc + i * PAGE;
        }
        self.pt.init_entry(Level::Pte, va, desc, pages as i64, PAGE);
    }

    fn change_pte(&mut self, table: usize, va: u64, next: u64, masks: &Masks) {
        self.pt.cb_enter(Level::Pte, "pageattr_pte_entry", va, next);
        let slot = &mut self.tables[table][index(3, va)];
        let old = *slot;
        *slot = (old & !masks.clear) | masks.set;
        let new = *slot;
        self.pt.desc_write(Level::Pte, va, old, new);
        // A walk of the hardware has to see that the page is valid now.
        if new & VALID != 0 {
            self.pt.barrier_queue();
        }
        self.pt.cb_exit(Level::Pte, "pageattr_pte_entry", va, 0, None);
    }

    fn walk(&mut self, table: usize, depth: usize, range: (u64, u64), masks: &Masks) {
        let (mut va, end) = range;
        while va < end {
            let next = end_of(depth, va, end);
            if depth == 3 {
                self.change_pte(table, va, next, masks);
            } else {
                if let Some((level, function)) = BLOCK_LEVELS[depth] {
                    self.pt.cb_enter(level, function, va, next);
                    self.pt.cb_exit(level, function, va, 0, Some(Action::Subtree));
                }
                self.walk(below(self.tables[table][index(depth, va)]), depth + 1, (va, next), masks);
            }
            va = next;
        }
    }

    fn flush(&mut self, va: u64, end: u64) {
        self.pt.tlb_flush("flush_tlb_kernel_range", Some((va, end)));
        for page in (va..end).step_by(PAGE as usize) {
            self.pt.tlbi("vaale1is", Some(page), Some(1), None, None);
        }
    }

    fn set_valid(&mut self, va: u64, pages: u64, enable: bool) {
        let end = va + pages * PAGE;
        let (set, clear) = if enable { (VALID, PRESENT_INVALID) } else { (PRESENT_INVALID, VALID) };
        let args = format!("{{\"addr\":\"{va:#x}\",\"numpages\":{pages},\"enable\":{}}}", enable as u8);
        self.pt.op_begin("set_memory_valid", Some((va, end)), Some(&args));
        self.pt.lazy_mmu_enter(1, false, None);
        self.pt.walk_begin(WALKER, va, end);
        self.walk(0, 0, (va, end), &Masks { set, clear });
        self.pt.walk_end(WALKER, 0);
        if enable {
            self.pt.barrier();
        }
        self.pt.lazy_mmu_leave(0, false, None);
        if !enable && !self.forgetful {
            self.flush(va, end);
        }
        self.pt.op_end("set_memory_valid", 0);
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let label = match arguments.as_slice() {
        [_, label] if label == "correct" || label == "forgetful" => label,
        _ => {
            eprintln!("usage: {} correct|forgetful", arguments[0]);
            return ExitCode::from(2);
        }
    };
    const VA: u64 = 0xffff_8000_c000_0000;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed: io::Result<()> = Ok(());
    let pt = Pt::new(|line: &[u8]| {
        if failed.is_ok() {
            failed = out.write_all(line);
        }
    });
    let mut toy = Toy { pt, tables: vec![[0; ENTRIES]], forgetful: label == "forgetful" };
    toy.pt.header(label, 12, 48, 4, Some(SHOWS));
    toy.map(VA, 0x00e8_0005_0004_0703, 4);
    toy.set_valid(VA, 4, false);
    toy.set_valid(VA, 4, true);
    toy.pt.end();
    drop(toy);
    if let Err(error) = failed.and_then(|()| out.flush()) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
