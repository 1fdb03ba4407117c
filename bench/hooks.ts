import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * What an event costs through hooks/c/pagetrail.h, against the fprintf() that one would write by hand; both to
 * /dev/null, so that only the making of the line counts. Needs gcc. Run it with
 * `node bench/hooks.ts [events] [rounds]`.
 */
const EVENTS = Number(process.argv[2] ?? 2_000_000)
const ROUNDS = Number(process.argv[3] ?? 5)

const PROGRAM = `
#include <stdlib.h>
#include <time.h>
#include "pagetrail.h"
static struct pt pt;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
int main(int argc, char **argv)
{
	long events = argc > 1 ? atol(argv[1]) : 1, i;
	FILE *out = fopen("/dev/null", "w");
	double start;
	pt_init(&pt, pt_to_file, out);
	start = now();
	for (i = 0; i < events; i++)
		pt_desc_write(&pt, PT_PTE, 0xffff8000c0000000ULL + i * 4096, 0xe8000500040703ULL, 0xe0000500040783ULL);
	printf("%.1f ", (now() - start) / events);
	start = now();
	for (i = 0; i < events; i++)
		fprintf(out, "{\\"seq\\":%ld,\\"cpu\\":%d,\\"op\\":null,\\"kind\\":\\"%s\\",\\"level\\":\\"%s\\",\\"va\\":\\"0x%llx\\","
			"\\"old\\":\\"0x%llx\\",\\"new\\":\\"0x%llx\\",\\"src\\":\\"%s:%d\\"}\\n", i, 0, "desc_write", "pte",
			0xffff8000c0000000ULL + i * 4096, 0xe8000500040703ULL, 0xe0000500040783ULL, __FILE__, __LINE__);
	printf("%.1f\\n", (now() - start) / events);
	return 0;
}
`

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
const [source, program] = [join(folder, 'bench.c'), join(folder, 'bench')]
writeFileSync(source, PROGRAM)
const include = join(import.meta.dirname, '../hooks/c')
const made = spawnSync('gcc', ['-O2', '-I', include, source, '-o', program], { encoding: 'utf8' })
if (made.status !== 0) throw made.error ?? new Error(made.stderr)

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const rounds = Array.from({ length: ROUNDS }, () => {
  const { stdout } = spawnSync(program, [String(EVENTS)], { encoding: 'utf8' })
  return stdout.trim().split(' ').map(Number)
})
rmSync(folder, { recursive: true })
const ours = median(rounds.map(([first = Number.NaN]) => first))
const theirs = median(rounds.map(([, second = Number.NaN]) => second))
console.log(`events            ${EVENTS}, ${ROUNDS} rounds`)
console.log(`pt_desc_write()   ${ours.toFixed(0)} ns an event`)
console.log(`fprintf() by hand ${theirs.toFixed(0)} ns an event`)
console.log(`ratio             ${(ours / theirs).toFixed(2)}`)
