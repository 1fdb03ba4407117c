/**
 * The one table of keys: the footer, the `?` overlay, the palette, the tests and docs/tour.md come from it. The first
 * row whose place is the screen's, or `anywhere`, and whose keys hold the one that was pressed, wins.
 */
export type KeyPlace =
  | 'anywhere'
  | 'list'
  | 'page'
  | 'timeline'
  | 'runs'
  | 'replay'
  | 'diff'
  | 'findings'
  | 'sql'
  | 'why'

export interface Binding {
  readonly id: string
  readonly place: KeyPlace
  readonly keys: readonly string[]
  /** One or two words, for the footer; an empty one is not shown there. */
  readonly label: string
  /** A sentence, for `?` and the palette. */
  readonly help: string
}

const row = <const I extends string>(
  id: I,
  place: KeyPlace,
  keys: readonly string[],
  label: string,
  help: string,
) => ({ id, place, keys, label, help }) as const

export const BINDINGS = [
  row(
    'run.open',
    'runs',
    ['enter', 'right', 'l'],
    'open',
    'replay the run under the cursor; fold or unfold a group',
  ),
  row(
    'run.mark',
    'runs',
    ['m', 'space'],
    'mark',
    'mark the run as A, to be compared; all runs of a group',
  ),
  row('run.diff', 'runs', ['d'], 'diff', 'compare the marked run A with the one under the cursor'),
  row('run.rename', 'runs', ['n'], 'rename', 'give the run another label'),
  row(
    'run.record',
    'runs',
    ['r'],
    'record',
    'record a scenario on the engine, in several flavours',
  ),
  row('run.import', 'runs', ['i'], 'import', 'import a trace file'),
  row('run.remove', 'runs', ['D'], 'delete', 'delete the marked runs, or this one (asks first)'),
  row('run.filter', 'runs', ['/', 'f'], 'filter', 'list only runs that contain what you type'),
  row('run.all', 'runs', ['x', 'backspace'], '', 'list all runs again'),
  row('run.sort', 'runs', ['S'], 'sort', 'sort by number, label, events, source'),
  row('run.group', 'runs', ['w'], 'group', 'group by workload or scenario'),
  row('run.unmark', 'runs', ['z'], '', 'unmark all runs'),
  row('run.renameBack', 'runs', ['u'], '', 'undo the last renaming'),

  row('step.forward', 'replay', [']'], '', 'one event forward, even where it is folded away'),
  row('step.back', 'replay', ['['], '', 'one event back'),
  row('odd.next', 'replay', ['O'], '', 'next callback that does something other than the last one'),
  row('odd.prev', 'replay', ['Q'], '', 'previous callback that does something else'),
  row(
    'step.over',
    'replay',
    ['J', 'shift+down'],
    'over',
    'step over: past the call, walk or callback under the cursor',
  ),
  row('step.overBack', 'replay', ['K', 'shift+up'], '', 'step over, backwards'),
  row('desc.next', 'replay', ['.'], 'same entry', 'next event on the same descriptor'),
  row('desc.prev', 'replay', [','], '', 'previous event on the same descriptor'),
  row('walk.next', 'replay', ['}'], '', 'next walk'),
  row('walk.prev', 'replay', ['{'], '', 'previous walk'),
  row('kind.next', 'replay', [')'], '', 'next event of the kind under the cursor'),
  row('kind.prev', 'replay', ['('], '', 'previous event of the kind under the cursor'),
  row('find.next', 'replay', ['n'], '', 'next match of the search'),
  row('find.prev', 'replay', ['N'], '', 'previous match of the search'),
  row('finding.next', 'replay', ['e'], '', 'next event that proves a finding'),
  row('finding.prev', 'replay', ['E'], '', 'previous event that proves a finding'),
  row('fold.toggle', 'replay', ['enter'], 'fold', 'fold or unfold the call, walk or callback'),
  row('fold.close', 'replay', ['left', 'h'], '', 'fold it, or go to what encloses it'),
  row('fold.open', 'replay', ['right', 'l'], '', 'unfold it, or go to what is inside'),
  row('depth.1', 'replay', ['1'], '', 'show calls only'),
  row('depth.2', 'replay', ['2'], '', 'show two levels of the call tree'),
  row('depth.3', 'replay', ['3'], '', 'show three levels of the call tree'),
  row('depth.4', 'replay', ['4'], '', 'show four levels of the call tree'),
  row('depth.all', 'replay', ['0'], '', 'unfold everything'),
  row('filter', 'replay', ['/'], 'filter', 'add a filter: only matching events stay'),
  row(
    'search',
    'replay',
    ['f'],
    'find',
    'search: matching events are underlined; n and N go to them',
  ),
  row('filter.drop', 'replay', ['x', 'backspace'], '', 'drop the chosen filter, or the last'),
  row('filter.left', 'replay', ['<'], '', 'choose the filter to the left, to drop it'),
  row('filter.right', 'replay', ['>'], '', 'choose the filter to the right'),
  row('filter.clear', 'replay', ['X'], '', 'drop all filters'),
  row('filter.kind', 'replay', ['i'], '', 'keep only the kind under the cursor'),
  row('filter.notKind', 'replay', ['I'], '', 'hide the kind under the cursor'),
  row('filter.va', 'replay', ['a'], '', 'keep only events on the address under the cursor'),
  row('why', 'replay', ['w'], 'why', 'why this descriptor is what it is, as of this event'),
  row(
    'pane',
    'replay',
    ['t'],
    'panes',
    'next pane: page tables, map, barriers and TLB, event, none',
  ),
  row(
    'cpu.only',
    'replay',
    ['o'],
    'this CPU',
    'keep only the CPU under the cursor, or show all again',
  ),
  row('form', 'replay', ['v'], 'lanes', 'one column per CPU, or one tree'),
  row('clock', 'replay', ['T'], '', 'times since the start, the cursor, or the row above'),
  row('timeline', 'replay', ['z'], 'timeline', 'the run as a timeline, to walk, zoom and select'),
  row('copy.va', 'replay', ['C'], '', 'copy the address'),
  row('copy.desc', 'replay', ['D'], '', 'copy the descriptor'),
  row('play', 'replay', ['space', 'p'], 'play', 'play and pause'),
  row('faster', 'replay', ['+', '='], '', 'play faster'),
  row('slower', 'replay', ['-'], '', 'play slower'),
  row('follow', 'replay', ['F'], '', 'follow the end of a run that is being recorded'),
  row('mark', 'replay', ['m'], '', 'set or remove a mark at this event'),
  row('note', 'replay', ['A'], '', 'write a note at this event'),
  row('mark.next', 'replay', ["'"], '', 'next mark'),
  row('mark.prev', 'replay', ['"'], '', 'previous mark'),
  row('findings', 'replay', ['c'], 'check', 'check the run and show its findings'),
  row('undo', 'replay', ['u'], '', 'undo the last filter, fold or jump'),
  row('redo', 'replay', ['U'], '', 'redo it'),
  row('copy', 'replay', ['y'], '', 'copy the row'),
  row('copy.json', 'replay', ['Y'], '', 'copy the event as JSON'),

  row('diff.next', 'diff', ['n', ']'], 'next', 'next difference of the chosen kind, or next place'),
  row('diff.prev', 'diff', ['N', '['], '', 'previous difference, or previous place'),
  row(
    'diff.effect',
    'diff',
    ['e'],
    'effect',
    'next difference in effect; n then goes to the next one',
  ),
  row('diff.outcome', 'diff', ['o'], '', 'next difference in outcome; n then goes to the next one'),
  row('diff.path', 'diff', ['p'], '', 'next difference in path; n then goes to the next one'),
  row('diff.call', 'diff', [')'], '', 'next pair of calls'),
  row('diff.callBack', 'diff', ['('], '', 'previous pair of calls'),
  row(
    'diff.calls',
    'diff',
    ['c'],
    'calls',
    'every pair of calls with its verdict; again for the path',
  ),
  row('diff.group', 'diff', ['w'], '', 'group calls that differ in the same way'),
  row('diff.sort', 'diff', ['S'], '', 'sort calls by order, verdict or cost'),
  row(
    'diff.tab',
    'diff',
    ['tab', 'right', 'l'],
    'question',
    'next question: outcome, effect, path, cost, calls',
  ),
  row('diff.tabBack', 'diff', ['shift+tab', 'left', 'h'], '', 'previous question'),
  row('diff.fold', 'diff', ['=', 'z'], 'fold', 'fold or show the equal and repeated parts'),
  row(
    'diff.filter',
    'diff',
    ['/'],
    'filter',
    'compare only matching events, list only matching calls',
  ),
  row('diff.search', 'diff', ['f'], 'find', 'find words as you type; n goes to the next match'),
  row('diff.all', 'diff', ['x', 'backspace'], '', 'drop the filter or the search'),
  row(
    'diff.open',
    'diff',
    ['enter'],
    'go there',
    'replay A at this row, or go where the line leads',
  ),
  row('diff.openA', 'diff', ['a'], '', 'replay A at this row'),
  row('diff.openB', 'diff', ['b'], 'open B', 'replay B at this row'),
  row(
    'diff.pane',
    'diff',
    ['t', 'm'],
    'map',
    'the table as a map, A against B; again for the entries',
  ),
  row('diff.swap', 'diff', ['W'], '', 'swap the two runs'),

  row('time.left', 'timeline', ['left', 'h'], 'walk', 'one part to the left'),
  row('time.right', 'timeline', ['right', 'l'], '', 'one part to the right'),
  row('time.farLeft', 'timeline', ['H', 'pageup'], '', 'ten parts to the left'),
  row('time.farRight', 'timeline', ['L', 'pagedown'], '', 'ten parts to the right'),
  row('time.in', 'timeline', ['+', '=', 'down', 'j'], 'closer', 'zoom in around the cursor'),
  row('time.out', 'timeline', ['-', 'up', 'k'], 'wider', 'zoom out'),
  row('time.all', 'timeline', ['0'], '', 'the whole run'),
  row('time.select', 'timeline', ['space', 'v'], 'select', 'begin or cancel a selection'),
  row(
    'time.open',
    'timeline',
    ['enter'],
    'go there',
    'replay from there, or only the selected events',
  ),

  row('sql.edit', 'sql', ['i', 'tab', '/'], 'edit', 'edit the query'),
  row('sql.open', 'sql', ['enter'], 'go to event', 'replay at the row (its columns run and seq)'),
  row('sql.right', 'sql', ['right', 'l'], 'columns', 'columns to the right'),
  row('sql.left', 'sql', ['left', 'h'], '', 'columns to the left'),
  row('sql.run', 'sql', ['r', 'ctrl+r'], 'run again', 'run the query again'),
  row('sql.copy', 'sql', ['y'], 'copy', 'copy the row'),
  row('sql.export', 'sql', ['e'], 'export', 'write the result to a CSV file'),

  row(
    'page.filter',
    'page',
    ['/'],
    'filter',
    'keep only parts that contain words, or whose events match',
  ),
  row('page.find', 'page', ['f'], 'find', 'find words as you type; n and N go on'),
  row('page.all', 'page', ['x', 'backspace'], '', 'drop the filter or the search'),
  row(
    'page.next',
    'page',
    ['n', ']'],
    '',
    'next match of the search, or line that leads somewhere',
  ),
  row('page.prev', 'page', ['N', '['], '', 'previous match, or line that leads somewhere'),
  row('page.copy', 'page', ['y'], 'copy', 'copy the finding as Markdown, or the answer'),
  row(
    'page.open',
    'page',
    ['enter', 'right', 'l'],
    'go there',
    'go to the place that the line names',
  ),

  row('down', 'list', ['down', 'j'], 'move', 'down'),
  row('up', 'list', ['up', 'k'], '', 'up'),
  row('page.down', 'list', ['pagedown', 'ctrl+f'], '', 'a page down'),
  row('page.up', 'list', ['pageup', 'ctrl+b'], '', 'a page up'),
  row('half.down', 'list', ['ctrl+d'], '', 'half a page down'),
  row('half.up', 'list', ['ctrl+u'], '', 'half a page up'),
  row('first', 'list', ['g', 'home'], '', 'to the first'),
  row('last', 'list', ['G', 'end'], '', 'to the last'),

  row('sql', 'anywhere', ['s'], 'SQL', 'the SQL console'),
  row(
    'palette',
    'anywhere',
    [':', 'ctrl+p'],
    'go to',
    'run a command by name; 1234, 50% or 12.5ms goes there',
  ),
  row('help', 'anywhere', ['?'], 'keys', 'all keys'),
  row('mouse', 'anywhere', ['M'], '', 'mouse on or off (Shift-drag selects text while it is on)'),
  row('redraw', 'anywhere', ['ctrl+l'], '', 'redraw the screen'),
  row('suspend', 'anywhere', ['ctrl+z'], '', 'suspend; fg resumes'),
  row('go.back', 'anywhere', ['ctrl+o', 'alt+left'], '', 'back to the previous place'),
  row('go.forth', 'anywhere', ['alt+right'], '', 'forward again'),
  row(
    'back',
    'anywhere',
    ['q'],
    'back',
    'up one level of the path in the first line; at the top, quit',
  ),
  row(
    'esc',
    'anywhere',
    ['esc'],
    '',
    'stop what is running, else up one level; at the top, nothing',
  ),
  row('quit', 'anywhere', ['ctrl+c'], '', 'quit'),
] as const satisfies readonly Binding[]

export type CommandId = (typeof BINDINGS)[number]['id']
export type AnyBinding = Binding & { readonly id: CommandId }

/** Screens whose cursor moves in a list. */
const LISTS: ReadonlySet<KeyPlace> = new Set(['runs', 'replay', 'diff', 'findings', 'why', 'sql'])

const PAGES: ReadonlySet<KeyPlace> = new Set(['findings', 'why'])

/** The keys that work on a screen, its own first. */
export function bindingsOf(screen: KeyPlace): readonly AnyBinding[] {
  const rows: readonly AnyBinding[] = BINDINGS
  const list = LISTS.has(screen)
  return [
    ...rows.filter((b) => b.place === screen || (b.place === 'page' && PAGES.has(screen))),
    ...rows.filter((b) => (list && b.place === 'list') || b.place === 'anywhere'),
  ]
}

/** Those that the last line of the screen shows. */
export const footerBindings = (screen: KeyPlace): readonly AnyBinding[] =>
  bindingsOf(screen).filter((b) => b.label !== '')

const byScreen = new Map<KeyPlace, ReadonlyMap<string, CommandId>>()

/** What a key does on a screen; undefined: nothing. */
export function commandFor(screen: KeyPlace, key: string): CommandId | undefined {
  let table = byScreen.get(screen)
  if (!table) {
    const built = new Map<string, CommandId>()
    for (const b of bindingsOf(screen)) {
      for (const k of b.keys) if (!built.has(k)) built.set(k, b.id)
    }
    byScreen.set(screen, built)
    table = built
  }
  return table.get(key)
}

const GLYPHS: Readonly<Record<string, string>> = {
  enter: '⏎',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  space: 'space',
  esc: 'Esc',
  tab: 'Tab',
  pagedown: 'PgDn',
  pageup: 'PgUp',
  home: 'Home',
  end: 'End',
  backspace: '⌫',
  'shift+tab': '⇧Tab',
  'shift+up': '⇧↑',
  'shift+down': '⇧↓',
}

/** The same where a terminal has ASCII only. */
const WORDS: Readonly<Record<string, string>> = {
  enter: 'Enter',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  backspace: 'BkSp',
  'shift+tab': 'S-Tab',
  'shift+up': 'S-Up',
  'shift+down': 'S-Down',
}

/** A key as people know it: `ctrl+d` is ^D. */
export function keyGlyph(key: string, ascii = false): string {
  if (key.startsWith('alt+')) return `Alt-${keyGlyph(key.slice(4), ascii)}`
  const named = (ascii ? WORDS[key] : undefined) ?? GLYPHS[key]
  return named ?? (key.startsWith('ctrl+') ? `^${key.slice(5).toUpperCase()}` : key)
}
